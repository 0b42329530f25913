"""`manage.py explain HANDLE`: where every point of a score comes from."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from accounts.models import Account, Person
from accounts.networks import NETWORKS
from scoring import explanations
from scoring.exports import NothingToExport, account_leaves, stored_leaves
from scoring.formula import explain
from scoring.formula.base import Leaves
from scoring.log import NoFeatures
from scoring.models import Score


class Command(BaseCommand):
    help = "Print the tree that explains a person's (or an account's) score; its leaves add up to it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("handle", help="the person's handle here; with --network the account's id or handle there")
        parser.add_argument(
            "--as-of", type=date.fromisoformat, metavar="YYYY-MM-DD", help="a day; the newest if not given"
        )
        parser.add_argument("--by", choices=["part", "network"], default="part", help="what to roll up by first")
        parser.add_argument("--network", choices=sorted(NETWORKS), help="explain one account of this network")

    def handle(self, *, handle: str, as_of: date | None, by: str, network: str | None, **options: Any) -> None:
        try:
            leaves = self.of_account(network, handle, as_of) if network else self.of_person(handle, as_of)
        except (NothingToExport, NoFeatures) as error:
            raise CommandError(str(error)) from error
        if not len(leaves.points):
            raise CommandError(f"{handle} had no score {f'on {as_of}' if as_of else 'in the newest run'}.")
        self.stdout.write(explain.render(explanations.tree(leaves, by=by)))

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
        person = Person.objects.by_handle(handle).first()
        if person is None:
            raise CommandError(f"There is nobody with the handle {handle!r}.")
        score = Score.objects.filter(person=person).first()
        if as_of is not None and (score is None or score.as_of != as_of):
            return stored_leaves(person.pk, as_of=as_of)
        if score is None:
            raise CommandError(f"{person.handle} has no score yet; run `manage.py recompute`.")
        return explanations.current_leaves(person)
