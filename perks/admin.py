"""Only a module of this name is looked for; it loads the pages of the staff and of brands."""

__all__: list[str] = []
