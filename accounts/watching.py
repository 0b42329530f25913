"""Lists of people that somebody keeps an eye on: who may be put on them, how many, and by whom they are changed.

Nobody learns of it who is put on a list. Who hides vanishes from lists, and is there again when visible again.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.handles import FORM
from accounts.models import Membership, Person, PersonQuerySet, User, Watched, WatchList

MOST_LISTS, MOST_PEOPLE = 50, 500
LONGEST = 60


class WatchError(Exception):
    """Something that cannot be done with a list; `text` says so to the reader."""

    text: Any = ""


class NameNeeded(WatchError):
    text = _("Give the list a name of at most 60 letters.")


class NameTaken(WatchError):
    text = _("You have a list of this name already.")


class TooManyLists(WatchError):
    text = _("You have 50 lists: delete one first.")


class ListFull(WatchError):
    text = _("There are 500 people on this list: remove one first.")


class NobodyThere(WatchError):
    text = _("There is nobody with this handle.")


class Oneself(WatchError):
    text = _("That is you: your own score is on your dashboard.")


def keeper(user: Any) -> Person | None:
    """Whose lists `user` sees: whom they speak for first, and may change things for."""
    if not isinstance(user, User):
        return None
    return Person.objects.of(user, Membership.Role.OWNER, Membership.Role.EDITOR).first()


def create(*, owner: Person, name: str, at: datetime) -> WatchList:
    """Make a list. Raises NameNeeded, NameTaken, TooManyLists."""
    name = named(name)
    with transaction.atomic():
        # Two at once are one after the other, so that both see how many there are.
        Person.objects.select_for_update().get(pk=owner.pk)
        mine = WatchList.objects.filter(owner=owner)
        if mine.filter(name=name).exists():
            raise NameTaken
        if mine.count() >= MOST_LISTS:
            raise TooManyLists
        return WatchList.objects.create(owner=owner, name=name, created_at=at)


def rename(*, watch_list: WatchList, name: str) -> None:
    """Raises NameNeeded, NameTaken."""
    name = named(name)
    try:
        with transaction.atomic():
            WatchList.objects.filter(pk=watch_list.pk).update(name=name)
    except IntegrityError:
        raise NameTaken from None


def add(*, watch_list: WatchList, handle: str, user: User, at: datetime) -> Person:
    """Put somebody whom `user` may see on a list; who is on it stays. Raises NobodyThere, Oneself, ListFull."""
    person = called(handle, Person.objects.visible_to(user, at.date())).first()
    if person is None:
        raise NobodyThere
    if person.pk == watch_list.owner_id:
        raise Oneself
    with transaction.atomic():
        WatchList.objects.select_for_update().get(pk=watch_list.pk)
        entries = Watched.objects.filter(watch_list=watch_list)
        if not entries.filter(person=person).exists():
            if entries.count() >= MOST_PEOPLE:
                raise ListFull
            Watched.objects.create(watch_list=watch_list, person=person, added_at=at)
    return person


def remove(*, watch_list: WatchList, handle: str) -> None:
    """Take somebody off a list, whether they can be seen now or not."""
    people = called(handle, Person.objects.all())
    Watched.objects.filter(watch_list=watch_list, person__in=people.values("pk")).delete()


def called(handle: str, people: PersonQuerySet) -> PersonQuerySet:
    """Whoever of `people` has the handle, with or without its @; nobody for what cannot be a handle."""
    handle = handle.strip().removeprefix("@")
    return people.by_handle(handle) if FORM.fullmatch(handle) else people.none()


def people_on(watch_list: WatchList, *, user: User, at: date) -> QuerySet[Person]:
    """Who is on a list, as far as `user` may see them now."""
    entries = Watched.objects.filter(watch_list=watch_list).values("person")
    return Person.objects.visible_to(user, at).filter(pk__in=entries)


def named(name: str) -> str:
    """A name as it is kept. Raises NameNeeded."""
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > LONGEST:
        raise NameNeeded
    return name
