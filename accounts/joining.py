"""Joining: a user gets a person to speak for. Handles are given out here and nowhere else.

A free handle found here is a hint for the form; what holds when two ask at once is the constraint on Person, and
`is_handle_conflict` tells it from other errors.
"""

from django.core.cache import cache
from django.db import IntegrityError, transaction

from accounts.handles import skeleton
from accounts.models import Membership, Person, User

HANDLE_CONSTRAINTS = frozenset(
    {"person_handle_once", "person_handle_not_confusable", "person_handle_was_anothers"},
)
EMAIL_CONSTRAINTS = frozenset({"user_email_once", "accounts_user_email_key"})
# A sign-up with an address that already has an account must look like any other: its handle seems taken from then on.
HELD_SECONDS = 24 * 3600


def _held(handle: str) -> str:
    return f"handle-held:{skeleton(handle)}"


def hold_handle(handle: str) -> None:
    """Treat `handle` as taken for a day, without a person."""
    cache.set(_held(handle), True, HELD_SECONDS)


def is_handle_free(handle: str, *, but: Person | None = None) -> bool:
    """Whether `handle` looks like nobody's, now or once (leaving out the person `but`, whose own it may be)."""
    others = Person.objects.taking_up(handle)
    if but is not None:
        if skeleton(but.handle) == skeleton(handle):
            return True
        others = others.exclude(pk=but.pk)
    return not others.exists() and not cache.get(_held(handle))


def violated_constraint(error: IntegrityError) -> str:
    """The name of the constraint that `error` is about, "" where PostgreSQL names none."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


def is_handle_conflict(error: IntegrityError) -> bool:
    """Whether `error` says that somebody else was given this handle, or one that looks like it, first."""
    return violated_constraint(error) in HANDLE_CONSTRAINTS


def is_email_conflict(error: IntegrityError) -> bool:
    """Whether `error` says that another account with this e-mail address was made first."""
    return violated_constraint(error) in EMAIL_CONSTRAINTS


def join(*, user: User, handle: str, birth_year: int | None, confirmed: bool) -> Person:
    """Save `user` and a new person that it owns, in one transaction. Raises IntegrityError (see `is_handle_conflict`).

    Until the e-mail address is `confirmed` the person is hidden: a stranger's address brings nobody a page, and no page
    tells whether an address had an account already.
    """
    visibility = Person.Visibility.PUBLIC if confirmed else Person.Visibility.HIDDEN
    with transaction.atomic():
        user.save()
        person = Person.objects.create(handle=handle, birth_year=birth_year, visibility=visibility)
        Membership.objects.create(user=user, person=person, role=Membership.Role.OWNER)
    return person


def show_after_first_confirmation(user: User) -> None:
    """Make the people of a user who just confirmed the address of their sign-up public; later ones change nothing."""
    if user.last_login is None:
        Person.objects.filter(membership__user=user, visibility=Person.Visibility.HIDDEN).update(
            visibility=Person.Visibility.PUBLIC
        )
