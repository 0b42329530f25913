"""`manage.py whatif HANDLE`: what would raise a score, and what any other value of one feature would do to it."""

from __future__ import annotations

from argparse import ArgumentParser
from difflib import get_close_matches
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Account, Person
from accounts.naming import name_of
from accounts.networks import NETWORKS
from scoring import computing, formula, suggestions
from scoring.features import catalogue
from scoring.features.catalogue import Feature
from scoring.formula.declared import declared
from scoring.formula.explain import amount
from scoring.log import NoFeatures
from scoring.models import Score, ScoreRun, Suggestion

# More than anything can be counted to.
MOST = 10**12


class Command(BaseCommand):
    help = (
        "Print what would raise a person's score most: other people's reactions, as many as are usual a little higher."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("handle", help="the person's handle here")
        parser.add_argument("--network", choices=sorted(NETWORKS), help="of this network alone")
        parser.add_argument("--feature", metavar="NAME", help="a question of your own: a feature, by its name ...")
        parser.add_argument(
            "--to", type=float, metavar="VALUE", help="... and the value that it would have, in its unit"
        )

    def handle(
        self, *, handle: str, network: str | None, feature: str | None, to: float | None, **options: Any
    ) -> None:
        person = Person.objects.by_handle(handle).first()
        if person is None:
            raise CommandError(f"There is nobody with the handle {handle!r}.")
        if (feature is None) != (to is None):
            raise CommandError("--feature and --to belong together: a feature, and the value that it would have.")
        linked = set(person.links.connected().values_list("account__network", flat=True))
        if network is not None and network not in linked:
            raise CommandError(f"{person.handle} has no account of {network}; linked: {', '.join(sorted(linked))}.")
        if feature is None or to is None:
            self.suggest(person, network)
        elif not 0 <= to <= MOST:
            raise CommandError(f"--to takes a number from 0 to {MOST:,}.")
        else:
            self.ask(person, feature_of(feature, {network} if network else linked), to)

    def suggest(self, person: Person, network: str | None) -> None:
        score = Score.objects.filter(person=person).first()
        if score is None:
            raise CommandError(f"{person.handle} has no score yet; run `manage.py recompute`.")
        self.stdout.write(f"{person.handle}: {score.score:.2f} as of {score.as_of} by {score.formula}")
        found = Suggestion.objects.filter(person=person).order_by("rank")
        if network:
            found = found.filter(network=network)
        if not found:
            self.stdout.write(
                "Nothing to suggest: too few people stand a little higher to say what is usual there, or as many react"
                " as is usual."
            )
        names = names_of([suggestion.account for suggestion in found])
        for row in found:
            more = round(row.attainable - row.value)
            text = suggestions.sentence(network=row.network, feature=row.feature, more=more)
            unit = catalogue.BY_KEY[row.network, row.feature].unit
            self.stdout.write(f"{row.points:>+6.1f}  {text}.")
            self.stdout.write(
                f"        {NETWORKS[row.network].spec.label} {names.get(row.account, row.account)}:"
                f" {amount(row.value)} -> {amount(row.attainable)} {unit} ({row.feature})"
            )

    def ask(self, person: Person, feature: Feature, to: float) -> None:
        run = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY).order_by("-as_of", "-pk")
        newest = run.first()
        if newest is None:
            raise CommandError("There has been no run yet; run `manage.py recompute`.")
        accounts = np.array(sorted(person.links.values_list("account", flat=True)), dtype=np.int64)
        try:
            scorer = formula.get(newest.formula)
            table, _ = computing.stored_features(newest.as_of, newest.formula, accounts)
        except (NoFeatures, formula.UnknownFormula) as error:
            raise CommandError(str(error)) from error
        mine, _ = computing.members_table(
            table, {"account": accounts, "person": np.zeros(len(accounts), dtype=np.int64)}
        )
        answer = suggestions.ask(scorer, mine=mine, feature=feature, to=to)
        name = names_of([answer.account]).get(answer.account, answer.account)
        self.stdout.write(f"{person.handle}: {answer.before:.2f} as of {newest.as_of} by {newest.formula}")
        self.stdout.write(
            f"{feature.label}, {NETWORKS[feature.network].spec.label} {name}:"
            f" {amount(answer.value)} -> {amount(answer.to)} {feature.unit}"
        )
        if answer.to > to:
            self.stdout.write("It falls no further: the rest of it is other accounts' on that network.")
        for column, more in answer.moved.items():
            label = catalogue.BY_KEY[feature.network, column].label
            self.stdout.write(f"  with it: {label} ({column}) {more:+,.1f}")
        if declared(newest.formula).weight_of(catalogue.NETWORKS[feature.network].code) <= 0:
            self.stdout.write(
                f"{NETWORKS[feature.network].spec.label} stays apart from the score: nothing there moves it."
            )
        change = answer.after - answer.before
        self.stdout.write(self.style.SUCCESS(f"Score: {answer.before:.2f} -> {answer.after:.2f} ({change:+.2f})"))


def names_of(accounts: list[int]) -> dict[int, str]:
    """account -> what to call it."""
    return {number: name_of(account) for number, account in Account.objects.in_bulk(accounts).items()}


def feature_of(name: str, networks: set[str]) -> Feature:
    """The feature called `name` on the only one of `networks` that has it. Raises CommandError."""
    known = {key for key in catalogue.BY_KEY if key[0] in networks}
    found = sorted(network for network, column in known if column == name)
    if not found:
        near = get_close_matches(name, {column for _, column in known}, n=4, cutoff=0.5)
        hint = f"; like it: {', '.join(near)}" if near else ""
        where = ", ".join(sorted(networks)) or "any linked account"
        raise CommandError(f"There is no feature {name!r} of {where}{hint}.")
    if len(found) > 1:
        raise CommandError(f"{name} is a feature of {', '.join(found)}: say which with --network.")
    return catalogue.BY_KEY[found[0], name]
