"""Who is in a team, as its members see each other, and as anybody does where a member wants to be named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Exists, IntegerField, OuterRef, Value, When
from django.utils.translation import gettext as _

from accounts.models import Membership, Person, User

Role = Membership.Role
# Of the names that a public page gives.
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Member:
    """membership; name: what the team calls them; person: their own page where other members may see it.

    email: for owners of the team, and where there is no name to show; "" otherwise.
    """

    membership: Membership
    name: str
    person: Person | None
    email: str
    is_me: bool

    @property
    def active(self) -> bool:
        return self.membership.user.is_active


def names_of(users: Iterable[int], today: date) -> dict[int, Person]:
    """User id -> the person whose name other members may see; whoever hides their page has none. One query."""
    own = (
        Membership.objects.filter(
            user__in=set(users),
            person__kind=Person.Kind.PERSON,
            person__in=Person.objects.staying().old_enough(today),
            person__visibility__in=[Person.Visibility.PUBLIC, Person.Visibility.MEMBERS],
            role=Role.OWNER,
        )
        .select_related("person")
        .order_by("-created_at", "-pk")
    )
    return {membership.user_id: membership.person for membership in own}


def members_of(organisation: Person, reader: User, *, owner: bool, today: date) -> list[Member]:
    """Owners first, then by when they came. Two queries, however many there are."""
    order = Case(When(role=Role.OWNER, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = Membership.objects.filter(person=organisation).select_related("user").order_by(order, "created_at", "pk")
    memberships = list(found)
    people = names_of((one.user_id for one in memberships), today)
    members = []
    for one in memberships:
        person, mine = people.get(one.user_id), one.user_id == reader.pk
        name = person.display_name if person else one.user.email
        email = one.user.email if (owner or mine) and person else ""
        members.append(Member(one, name, person, email, mine))
    return members


@dataclass(frozen=True, slots=True)
class Names:
    """What the log calls people: members, who was one once, our staff, and who is not known any more."""

    people: dict[int, Person]
    emails: dict[int, str]
    members: frozenset[int]
    staff: frozenset[int]

    def of(self, user: int | None) -> str:
        if user is None:
            return _("somebody who was erased")
        if user in self.people:
            return self.people[user].display_name
        if user in self.staff and user not in self.members:
            return _("our staff")
        if user in self.members:
            return self.emails[user]
        return _("a former member") if user in self.emails else _("somebody who was erased")


def names(organisation: Person, users: Iterable[int | None], today: date) -> Names:
    """For those of `users` who are known still. Two queries, however many there are."""
    wanted = {user for user in users if user is not None}
    here = Membership.objects.filter(person=organisation, user=OuterRef("pk"))
    known = User.objects.filter(pk__in=wanted).annotate(is_here=Exists(here))
    rows = list(known.values_list("pk", "email", "is_staff", "is_here"))
    return Names(
        people=names_of(wanted, today),
        emails={user: email for user, email, _staff, _here in rows},
        members=frozenset(user for user, _email, _staff, here in rows if here),
        staff=frozenset(user for user, _email, staff, _here in rows if staff),
    )


def named_in_public(organisation: Person, viewer: Any, today: date) -> list[Person]:
    """The members who want the organisation's page to name them, as far as `viewer` may see them; one query."""
    chosen = Membership.objects.filter(person=organisation, is_shown=True, user__is_active=True).values("user")
    people = Person.objects.visible_to(viewer, today).filter(
        kind=Person.Kind.PERSON, membership__user__in=chosen, membership__role=Role.OWNER
    )
    return list(people.distinct().order_by("handle")[:MOST_NAMED])
