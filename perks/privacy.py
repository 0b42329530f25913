"""What perks keep about people: how it is handed out, and how it is erased (accounts.privacy)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts import privacy
from accounts.models import Person


def register() -> None:
    """Tell accounts.privacy what this app keeps; called once, when the app is ready."""
    privacy.register("perks", export_person, erase_person, models=[], count=count_person)


def export_person(person: Person) -> dict[str, Any]:
    return {}


def erase_person(person: Person, at: datetime) -> Mapping[str, int]:
    return {}


def count_person(person: Person) -> Mapping[str, int]:
    return {}
