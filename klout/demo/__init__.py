"""`up --demo`: fills an empty system with Larkhaven, a town that does not exist, by the import that real data takes.

What is made up here is there to look at, and never the source of a benchmark or of a claim. A file under KLOUT_VAR
marks the system; every page then says that everybody in it is made up.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from accounts import pauses
from accounts.models import Account, LinkedAccount, Membership, Pause, Person, User, Watched, WatchList
from accounts.networks import NETWORKS
from accounts.networks.base import Owner
from klout.demo import community, perks
from klout.demo.happenings import DAYS, Presence, Town, write_town
from klout.demo.offers import BRANDS
from klout.demo.people import INHABITANTS, TOPICS, Inhabitant
from klout.up import CannotStart
from scoring import daily, topics
from scoring.collect.archives import import_archive
from scoring.collect.bulk import import_rows
from scoring.collect.links import link_owner

Say = Callable[[str], None]
EMAIL = INHABITANTS[0].email
PASSWORD = "made-up-town"  # noqa: S105 (known to everybody who reads this: it opens a town of nobody)
# What the one who can log in keeps an eye on.
LIST = "The harbour"
# Days before the newest one that are scored too, so that pages have a past to show.
PAST = range(30, 0, -1)


class CannotFill(CannotStart):
    """The system is no place for a made-up town; the message says why."""


@dataclass(frozen=True, slots=True)
class Login:
    """Opens the demo: speaks for a person and is on the team of an organisation."""

    email: str
    password: str


def quiet(line: str) -> None:
    """Say nothing."""


def fill(*, at: datetime, say: Say = quiet) -> Login:
    """Fill an empty system with the town as of `at`, score its past month, and return how to log in.

    A system that holds the town already stays as it is; one that was cut short while filling is filled to the end.
    Raises CannotFill in production mode, and where anybody is in the system who is not of the town.
    """
    login = Login(EMAIL, PASSWORD)
    said = f"Log in as {login.email} with the password {login.password}"
    if settings.PRODUCTION:
        raise CannotFill("A made-up town has no place beside real people: the demo is for development mode alone.")
    mark = Path(settings.VAR) / "demo"
    begun = _read_mark(mark)
    if begun is None and (User.objects.exists() or Person.objects.exists() or Account.objects.exists()):
        raise CannotFill("The demo fills an empty system only, and this one holds people. Use another KLOUT_VAR.")
    if begun is not None and begun.done:
        say("Larkhaven is here already.")
        say(said)
        return login
    # Marked before anything is made up, so that no page shows a made-up person without saying so.
    at = begun.at if begun else at
    _write_mark(mark, at, done=False)
    people = _settle(at)
    say(f"{len(people)} people and organisations")
    with tempfile.TemporaryDirectory() as folder:
        town = write_town(Path(folder), at)
        _link(town.presences, people, at)
        _hand_in(town, people, at, say)
    talk = community.talk(people, at)
    say(f"{talk.plus_k} +K given, {talk.questions} questions asked, {talk.answers} answers")
    newest = at.date()
    for number, past in enumerate((*PAST, 0), start=1):
        daily.run(as_of=newest - timedelta(days=past), at=at)
        if number % 10 == 0 or past == 0:
            say(f"{number} of {len(PAST) + 1} days scored")
    offers = perks.set_out(people, User.objects.get(email=EMAIL), at)
    say(f"{offers} perks of {len(BRANDS)} brands")
    _write_mark(mark, at, done=True)
    say(said)
    return login


@dataclass(frozen=True, slots=True)
class Mark:
    """What the file that marks the system says: as of when it is filled, and whether to the end."""

    at: datetime
    done: bool


def _read_mark(mark: Path) -> Mark | None:
    try:
        found = json.loads(mark.read_text())
        return Mark(datetime.fromisoformat(found["at"]), bool(found["done"]))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        raise CannotFill(f"{mark} is not what the demo wrote there; remove it, or use another KLOUT_VAR.") from None


def _write_mark(mark: Path, at: datetime, *, done: bool) -> None:
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(json.dumps({"town": "Larkhaven", "at": at.isoformat(), "days": DAYS, "done": done}))


def _settle(at: datetime) -> dict[str, Person]:
    """A user and a public person for every inhabitant, with their topics; only the first can log in."""
    people = {}
    with transaction.atomic():
        for inhabitant in INHABITANTS:
            person = people[inhabitant.handle] = _person(inhabitant)
            if slugs := TOPICS.get(inhabitant.handle):
                topics.choose(person=person, chosen=slugs.split(), hidden=(), at=at)
        community.settle_in(at)
        user = User.objects.get(email=EMAIL)
        user.set_password(PASSWORD)
        user.save()
        EmailAddress.objects.get_or_create(user=user, email=EMAIL, defaults={"verified": True, "primary": True})
        team = {"role": Membership.Role.EDITOR}
        Membership.objects.get_or_create(user=user, person=people["larkhaven-ferry"], defaults=team)
        first = people[INHABITANTS[0].handle]
        watched, _ = WatchList.objects.get_or_create(owner=first, name=LIST, defaults={"created_at": at})
        for other in list(people.values())[2:8]:
            Watched.objects.get_or_create(watch_list=watched, person=other, defaults={"added_at": at})
    return people


def _person(inhabitant: Inhabitant) -> Person:
    kind = Person.Kind.ORGANISATION if inhabitant.organisation else Person.Kind.PERSON
    facts = {
        "kind": kind,
        "name": inhabitant.name,
        "bio": inhabitant.bio,
        "country": inhabitant.country,
        "birth_year": None if inhabitant.organisation else 1984,
        "time_zone": "Europe/Dublin" if inhabitant.country == "IE" else "UTC",
    }
    person, _ = Person.objects.get_or_create(handle=inhabitant.handle, defaults=facts)
    user = User.objects.filter(email=inhabitant.email).first() or User.objects.create_user(inhabitant.email)
    Membership.objects.get_or_create(user=user, person=person)
    return person


def _link(presences: list[Presence], people: dict[str, Person], at: datetime) -> None:
    for presence in presences:
        owner = Owner(presence.account, presence.handle, presence.person.name)
        link_owner(
            person=people[presence.person.handle],
            spec=NETWORKS[presence.network].spec,
            owner=owner,
            at=at,
            proof=LinkedAccount.Proof.NETWORK,
        )
    # One link is broken, for its owner to see what that looks like.
    for link in LinkedAccount.objects.filter(person__handle=INHABITANTS[0].handle, account__network="instagram"):
        LinkedAccount.objects.filter(pk=link.pk).update(state=LinkedAccount.State.BROKEN)
        pauses.begin(link=link, reason=Pause.Reason.BROKEN, at=at - timedelta(days=5))


def _hand_in(town: Town, people: dict[str, Person], at: datetime, say: Say) -> None:
    """Import what was written, as an operator and the people themselves would."""
    for network, path in town.interactions.items():
        summary = import_rows(path=path, network=network, at=at)
        say(f"{NETWORKS[network].spec.label}: {summary.new:,} interactions")
    for network, path in town.followers.items():
        verb = "connect" if network in ("facebook", "linkedin") else "follow"
        # Handed in when the four months began: a table of followers has no dates of its own.
        summary = import_rows(path=path, network=network, at=at - timedelta(days=DAYS), verb=verb)
        say(f"{NETWORKS[network].spec.label}: {summary.new:,} followers")
    summary = import_rows(path=town.lists, network="twitter", at=at - timedelta(days=DAYS), verb="list")
    say(f"{NETWORKS['twitter'].spec.label}: {summary.new:,} places on lists")
    for inhabitant, network, path in town.exports:
        import_archive(path=path, network=network, person=people[inhabitant.handle], at=at)
    say(f"{len(town.exports)} data exports")
