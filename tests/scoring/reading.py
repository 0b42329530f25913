"""Pages as people get them: what can be read on one, and whose log-in opens it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from accounts.models import Membership, Person, User


def text_of(response: Any) -> str:
    """What can be read on a page, spaces run together."""
    pieces: list[str] = []
    parser = HTMLParser()
    parser.handle_data = pieces.append  # type: ignore[method-assign]
    parser.feed(response.content.decode())
    return re.sub(r"\s+", " ", " ".join(pieces))


def user_of(person: Person) -> User:
    """The log-in of a person whom one user speaks for."""
    return Membership.objects.get(person=person).user
