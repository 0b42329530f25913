"""Only a module of this name is looked for; it loads the pages of the staff and of brands."""

from perks.brands import team as brand_team

__all__ = ["brand_team"]
