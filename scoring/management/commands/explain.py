"""`manage.py explain HANDLE`: where every point of a score comes from."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Person
from scoring import explanations
from scoring.exports import NothingToExport, stored_leaves
from scoring.formula import explain
from scoring.log import NoFeatures
from scoring.models import Score


class Command(BaseCommand):
    help = "Print the tree that explains a person's score; its leaves add up to it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("handle", help="the person's handle here")
        parser.add_argument("--as-of", type=date.fromisoformat, metavar="YYYY-MM-DD", help="a past day; today's if not given")
        parser.add_argument("--by", choices=["part", "network"], default="part", help="what to roll up by first")

    def handle(self, *, handle: str, as_of: date | None, by: str, **options: Any) -> None:
        person = Person.objects.by_handle(handle).first()
        if person is None:
            raise CommandError(f"There is nobody with the handle {handle!r}.")
        score = Score.objects.filter(person=person).first()
        if as_of is None or (score and score.as_of == as_of):
            if score is None:
                raise CommandError(f"{person.handle} has no score yet; run `manage.py recompute`.")
            leaves = explanations.current_leaves(person)
        else:
            try:
                leaves = stored_leaves(person.pk, as_of=as_of)
            except (NothingToExport, NoFeatures) as error:
                raise CommandError(str(error)) from error
            if not len(leaves.points):
                raise CommandError(f"{person.handle} had no score on {as_of}.")
        tree = explain.tree(leaves, by=by, names=explanations.names(leaves))
        self.stdout.write(explain.render(tree))
