"""Who changed what of an organisation, and when: one line for each change that a person makes, in whichever app.

What networks tell and what the daily run does are nobody's changes and leave no line. A person's own page has no log:
`note` does nothing there, so that flows call it without asking whose page it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import AccountClaim, LinkedAccount, Membership, Person, TeamChange, User

# What is longer is told as changed, without its words: lines are never taken back.
LONGEST = 300

# What the log's page calls each action, by groups that its filter offers.
GROUPS: dict[str, tuple[Promise | str, dict[str, Promise | str]]] = {
    "members": (
        _("Members"),
        {
            "created": _("made the team"),
            "invite": _("invited somebody"),
            "withdraw": _("took an invitation back"),
            "join": _("joined the team"),
            "role": _("changed a role"),
            "remove": _("removed a member"),
            "leave": _("left"),
            "named": _("chose whether the public page names them"),
        },
    ),
    "page": (
        _("The page"),
        {
            "profile": _("changed the profile"),
            "handle": _("changed the handle"),
            "picture": _("changed the picture"),
            "visibility": _("changed who sees what"),
            "pinned": _("changed what stands first"),
            "moment": _("hid or showed a post"),
            "lists": _("changed a list of people"),
            "explanation": _("disputed or explained something"),
        },
    ),
    "accounts": (
        _("Linked accounts"),
        {
            "connect": _("agreed to the reading of an account"),
            "link": _("linked an account"),
            "claim": _("claimed an account, or answered a claim"),
            "unlink": _("removed an account"),
            "pages": _("linked a page"),
            "upload": _("uploaded an export"),
            "rest": _("began a rest"),
            "rest over": _("ended a rest"),
        },
    ),
    "community": (
        _("Topics, +K and questions"),
        {
            "topics": _("chose topics"),
            "dispute": _("disputed a topic"),
            "plus-k": _("gave +K"),
            "undo plus-k": _("took a +K back"),
            "ask": _("asked a question"),
            "edit question": _("changed a question"),
            "withdraw question": _("took a question back"),
            "answer": _("answered a question"),
            "edit answer": _("changed an answer"),
            "withdraw answer": _("took an answer back"),
            "object": _("objected to a removal"),
            "report": _("reported something"),
        },
    ),
    "data": (
        _("Data and keys"),
        {
            "export": _("asked for a copy of everything"),
            "erase": _("asked for the page to be erased"),
            "keep": _("kept the page after all"),
            "consent": _("changed what was agreed to"),
            "api key": _("made a key of the API"),
            "api key ended": _("ended a key of the API"),
            "webhook": _("changed a webhook"),
            "perk": _("claimed a perk, or did something about one"),
        },
    ),
}
WORDS: dict[str, Promise | str] = {action: words for _name, group in GROUPS.values() for action, words in group.items()}

# What is called otherwise than its field.
FIELDS: dict[str, Promise | str] = {
    "name": _("name"),
    "handle": _("handle"),
    "bio": _("about"),
    "country": _("country"),
    "region": _("region"),
    "time_zone": _("time zone"),
    "visibility": _("who sees the profile"),
    "role": _("role"),
    "kind": _("kind"),
    "chosen": _("chosen"),
    "hidden": _("hidden"),
    "is_shown": _("name on the public page"),
}
PROFILE = ("name", "handle", "bio", "country", "region", "time_zone")


def note(
    *,
    person: Person,
    user: User | None,
    action: str,
    about: str = "",
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    at: datetime,
) -> None:
    """Write down that `user` has changed something of `person`; nothing where that is no organisation.

    action: one of WORDS. about: what it is about, in at most 200 characters, without names or addresses of people:
    lines stay for good ("member 12" is a member, whose name the page looks up). changes: {field: (before, after)}.
    Call it in the transaction of the change, where there is one. user: None where a program did it, which leaves no
    line: it would read as one of somebody who was erased.
    """
    if person.kind != Person.Kind.ORGANISATION or user is None:
        return
    told = {
        name: [short(before), short(after)]
        for name, (before, after) in (changes or {}).items()
        if short(before) != short(after) or before != after
    }
    TeamChange.objects.create(
        person=person, user=user, action=action[:40], about=clean(about)[:200], changes=told, at=at
    )


def note_profile(*, before: Person, after: Person, picture: bool, user: User, at: datetime) -> None:
    """Lines for a form of the profile that was saved: what was changed of its words, its handle and its picture."""
    fields = {name: (getattr(before, name), getattr(after, name)) for name in PROFILE}
    new = {name: pair for name, pair in fields.items() if pair[0] != pair[1]}
    handle = new.pop("handle", None)
    with transaction.atomic():
        if handle:
            note(person=after, user=user, action="handle", changes={"handle": handle}, at=at)
        if new:
            note(person=after, user=user, action="profile", changes=new, at=at)
        if picture:
            note(person=after, user=user, action="picture", at=at)


def note_visibility(*, before: Person, after: Person, user: User, at: datetime) -> None:
    """A line for whom the profile and its parts are shown to, where that changed."""
    public = Person.Visibility.PUBLIC
    old, new = dict(before.shown), dict(after.shown)
    parts = {part: (old.get(part, public), new.get(part, public)) for part in sorted({*old, *new})}
    all_of_them = {"visibility": (before.visibility, after.visibility)} | parts
    changes = {name: pair for name, pair in all_of_them.items() if pair[0] != pair[1]}
    if changes:
        note(person=after, user=user, action="visibility", changes=changes, at=at)


def note_member(
    *, membership: Membership, action: str, user: User, at: datetime, role: tuple[Any, Any] | None = None
) -> None:
    """A line about a member; role: before and after."""
    about = f"member {membership.user_id}"
    note(
        person=membership.person, user=user, action=action, about=about, changes={"role": role} if role else None, at=at
    )


def note_account(*, made: LinkedAccount | AccountClaim, user: User, at: datetime) -> None:
    """A line for an account that was linked or claimed; its name is looked up, and goes with it."""
    action = "claim" if isinstance(made, AccountClaim) else "pages" if made.kind == LinkedAccount.Kind.PAGE else "link"
    note(person=made.person, user=user, action=action, about=account(made), at=at)


def account(of: LinkedAccount | AccountClaim) -> str:
    """How a line names an account: by its number and network, "account 12 mastodon"."""
    return f"account {of.account_id} {of.account.network}"


def words_of(action: str) -> str:
    """What the page calls an action."""
    return str(WORDS.get(action, action))


def field_in_words(name: str) -> str:
    return capfirst(str(FIELDS.get(name, name.replace("_", " "))))


def short(value: Any) -> str:
    text = clean("" if value is None else str(value))
    return text if len(text) <= LONGEST else "…"


def clean(text: str) -> str:
    """The database takes no NUL."""
    return text.replace("\x00", "")
