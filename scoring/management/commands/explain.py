"""`manage.py explain HANDLE`: where every point of a score comes from."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from accounts.models import Account, Person
from accounts.naming import name_of
from accounts.networks import NETWORKS
from scoring import days, explanations, formula, suspicions
from scoring.exports import NothingToExport, account_leaves, published_run, stored_leaves
from scoring.formula import explain
from scoring.formula.base import Leaves
from scoring.formula.declared import declared
from scoring.log import NoFeatures
from scoring.models import DayChange, Score


def person_with(handle: str) -> Person:
    person = Person.objects.by_handle(handle).first()
    if person is None:
        raise CommandError(f"There is nobody with the handle {handle!r}.")
    return person


# What stands behind a score of each confidence.
BEHIND = {
    "solid": "the networks themselves named many different people who reacted",
    "fair": "enough people reacted to go by, but much of it rests on counts or on what was imported",
    "provisional": "few people are known to have reacted so far",
}


class Command(BaseCommand):
    help = "Print the tree that explains a person's (or an account's) score; its leaves add up to it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("handle", help="the person's handle here; with --network the account's id or handle there")
        parser.add_argument(
            "--as-of", type=date.fromisoformat, metavar="YYYY-MM-DD", help="a day; the newest if not given"
        )
        parser.add_argument("--by", choices=["part", "network"], default="part", help="what to roll up by first")
        parser.add_argument("--moments", action="store_true", help="print what each post of a person brought instead")
        parser.add_argument("--change", action="store_true", help="print how a person's score came from the last day's")
        parser.add_argument("--network", choices=sorted(NETWORKS), help="explain one account of this network")

    def handle(
        self,
        *,
        handle: str,
        as_of: date | None,
        by: str,
        network: str | None,
        moments: bool,
        change: bool,
        **options: Any,
    ) -> None:
        if moments or change:
            if network:
                raise CommandError("--moments and --change tell of people: leave --network.")
            if moments and as_of:
                raise CommandError("--moments are those of the newest run: leave --as-of.")
            asked = person_with(handle)
            if change:
                self.change(asked, as_of)
            if moments:
                self.moments(asked)
            return
        try:
            leaves = self.of_account(network, handle, as_of) if network else self.of_person(handle, as_of)
        except (NothingToExport, NoFeatures, formula.UnknownFormula) as error:
            raise CommandError(str(error)) from error
        if not len(leaves.points):
            raise CommandError(f"{handle} had no score {f'on {as_of}' if as_of else 'in the newest run'}.")
        self.stdout.write(explain.render(explanations.tree(leaves, by=by)))
        if network and declared(published_run(as_of).formula).weight_of(NETWORKS[network].spec.code) <= 0:
            self.stdout.write(
                f"{NETWORKS[network].spec.label} stays apart from the score: nothing there brings points."
            )
        person = None if network or as_of else Person.objects.by_handle(handle).first()
        current = Score.objects.filter(person=person).first() if person else None
        if current:
            self.stdout.write(
                # As on the page: bounds of the whole scale say that no run has worked any out.
                f"{current.score:.1f}{f' ({current.low:.1f} to {current.high:.1f})' if current.high < 100 else ''}, "
                f"{current.confidence}: {BEHIND[current.confidence]}"
            )
        if current and current.apart is not None:
            self.stdout.write(
                f"YouTube, apart from the score: {current.apart:+.1f}. Its terms do not allow its figures to be added "
                f"up with other networks'; an operator who may do so switches to {current.formula}+{formula.YOUTUBE}."
            )
        for told in suspicions.told(person) if person else []:
            self.stdout.write(f"{told.account}: {told.text}")

    def change(self, person: Person, as_of: date | None) -> None:
        told = DayChange.objects.filter(person=person).order_by("-as_of").values_list("as_of", flat=True)
        to = as_of or told.first()
        day = days.day_of(person.pk, to) if to else None
        if day is None:
            raise CommandError(
                f"No run has told {person.handle}'s change{f' to {as_of}' if as_of else ''}: it takes two days."
            )
        self.stdout.write(f"{person.handle} on {day.as_of}: {day.points:+.2f}. {day.sentence}")
        for post in day.posts:
            self.stdout.write(f"{post.change:+8.2f}  {post.name}  {post.url}".rstrip())

    def moments(self, person: Person) -> None:
        posts, shared = days.moments_of(person.pk)
        if not posts and not shared:
            raise CommandError(f"No post of {person.handle} is known to have moved the score.")
        accounts = Account.objects.in_bulk({post.account for post in posts})
        for post in posts:
            account = accounts.get(post.account)
            name = name_of(account) if account else f"account {post.account}"
            self.stdout.write(
                f"{post.points:+8.2f}  {post.name} by {name}: {post.people:,} "
                f"{'person' if post.people == 1 else 'people'} by name, "
                f"{post.reactions:,} reaction{'s' * (post.reactions != 1)}  {post.url}".rstrip()
            )
        self.stdout.write(f"{shared:+8.2f}  shared: what no single post explains")

    def of_account(self, network: str, name: str, as_of: date | None) -> Leaves:
        account = (
            Account.objects.filter(Q(external_id=name) | Q(handle__iexact=name), network=network)
            .order_by("-pk")
            .first()
        )
        if account is None:
            raise CommandError(f"There is no account {name!r} of {network}.")
        return account_leaves(account.pk, as_of=as_of)

    def of_person(self, handle: str, as_of: date | None) -> Leaves:
        person = person_with(handle)
        score = Score.objects.filter(person=person).first()
        if as_of is not None and (score is None or score.as_of != as_of):
            return stored_leaves(person.pk, as_of=as_of)
        if score is None:
            raise CommandError(f"{person.handle} has no score yet; run `manage.py recompute`.")
        return explanations.current_leaves(person)
