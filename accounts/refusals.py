"""What all refusals have in common: a sentence for whoever wanted something, and a code that programs share."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise


class Refused(Exception):
    """Why something is not done. `str(error)` says it in the active language; `details` are what a class of it names.

    A subclass is a reason: its `code` and its `text`, unless one is given.
    """

    code = "refused"
    text: str | Promise = ""

    def __init__(self, text: str | Promise = "", **details: Any) -> None:
        self.details = details
        super().__init__(text or self.text)

    def __str__(self) -> str:
        return str(self.args[0])
