"""`manage.py compare_formulas v1 v2`: who would move if the second took the first one's place, how far, and why."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Person
from scoring import comparing, formula
from scoring.comparisons import (
    FAR,
    FEATURES_EACH,
    SAME,
    Comparison,
    Incomparable,
    Mover,
    bars,
    bucket_label,
    label_of,
    network_label,
)
from scoring.formula.base import PARTS
from scoring.formula.explain import PART_LABELS

WIDTH = 40
BATCH = 5000


class Command(BaseCommand):
    help = (
        "Compare two formulas over all people: a histogram of moves, moves by band of score, by network, part and "
        "feature, and who moves most and why. It reads what was published (shadow_formula); without that, it scores "
        "both on the features that the newest run kept. Nothing is changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        known = ", ".join(formula.VERSIONS)
        parser.add_argument("old", metavar="OLD", help=f"one of {known}")
        parser.add_argument("new", metavar="NEW", help="another one of them")
        parser.add_argument("--top", type=int, default=20, metavar="N", help="people to show (default: %(default)s)")
        parser.add_argument("--csv", type=Path, metavar="FILE", help="write everybody who moves to a table")

    def handle(self, *, old: str, new: str, top: int, csv: Path | None, **options: Any) -> None:
        for version in (old, new):
            if version not in formula.VERSIONS:
                raise CommandError(f"There is no formula {version!r}; known: {', '.join(formula.VERSIONS)}.")
        if old == new:
            raise CommandError(f"Name two formulas: {old} moves nobody against itself.")
        if top < 0:
            raise CommandError("--top takes a number from 0 up.")
        if csv and not csv.parent.is_dir():
            raise CommandError(f"There is no folder {csv.parent}.")
        try:
            found = comparing.compare(old, new)
        except Incomparable as error:
            raise CommandError(f"{error}.") from None
        self.show(found.comparison, found.source)
        self.show_movers(found.movers(found.farthest(top)))
        if csv:
            moved = found.farthest(None)
            try:
                write_movers(csv, found, moved)
            except OSError as error:
                raise CommandError(f"{csv} cannot be written: {error.strerror}.") from None
            self.stdout.write(self.style.SUCCESS(f"{len(moved):,} people who move are in {csv}."))

    def line(self, text: str = "") -> None:
        self.stdout.write(text)

    def heading(self, text: str) -> None:
        self.line()
        self.line(self.style.MIGRATE_HEADING(text))

    def show(self, found: Comparison, source: str) -> None:
        people = found.people
        self.line(f"{found.new} in place of {found.old}, {people:,} people as of {found.as_of} ({source})")
        self.heading("Moves, in points")
        for bucket, share in zip(found.buckets, bars(found.buckets).tolist(), strict=True):
            bar = "█" * max(round(WIDTH * share), 1 if bucket.people else 0)
            percent = 100 * bucket.people / people
            self.line(f"  {bucket_label(bucket):<16} {bucket.people:>9,}  {percent:5.1f}%  {bar}".rstrip())
        low, middle, high = found.spread
        self.line(f"  up {found.up:,}, down {found.down:,}, same {found.same:,}; mean {found.mean:+.2f},")
        self.line(f"  median {middle:+.2f}, nine of ten between {low:+.2f} and {high:+.2f}")
        self.line(
            f"  more than {FAR:.0f} points, which would be told by mail: {found.far_up:,} up, {found.far_down:,} down"
        )
        self.heading(f"By band of the score by {found.old}")
        self.line(f"  {'score':<10} {'people':>9} {'mean move':>10} {'far up':>9} {'far down':>9}")
        for band in found.bands:
            name = f"{band.low:.0f} to {band.high:.0f}"
            self.line(f"  {name:<10} {band.people:>9,} {band.mean:>+10.2f} {band.far_up:>9,} {band.far_down:>9,}")
        self.heading("By network: points of those who have any from it")
        self.line(f"  {'network':<18} {'people':>9} {found.old:>8} {found.new:>8} {'far up':>9} {'far down':>9}")
        for row in found.networks:
            self.line(
                f"  {network_label(row.network):<18} {row.people:>9,} {row.before:>8.2f} {row.after:>8.2f} "
                f"{row.far_up:>9,} {row.far_down:>9,}"
            )
        self.heading("By part: mean points")
        for part in found.parts:
            label = PART_LABELS[part.part]
            self.line(f"  {label:<18} {part.before:>8.2f} {part.after:>8.2f} {part.after - part.before:>+8.2f}")
        if found.features:
            self.heading(f"Features that move most, mean points over the {found.explained:,} who move most")
            for feature in found.features:
                self.line(f"  {feature.points:>+8.2f}  {label_of(feature)}")

    def show_movers(self, movers: list[Mover]) -> None:
        if not movers:
            return
        handles = handles_of(movers)
        self.heading("Who moves most, and why")
        for mover in movers:
            handle = handles.get(mover.person, f"person {mover.person}")
            self.line(f"  @{handle}: {mover.before:.1f} -> {mover.after:.1f} ({mover.points:+.1f})")
            self.line(f"    {moves_in_words(mover.parts, PART_LABELS)}; {networks_in_words(mover)}")
            for feature in mover.features[:FEATURES_EACH]:
                self.line(f"    {feature.points:+6.1f}  {label_of(feature)}")


def moves_in_words(moves: Any, labels: Any) -> str:
    return ", ".join(f"{labels[name]} {points:+.1f}" for name, points in moves.items() if abs(points) >= SAME)


def networks_in_words(mover: Mover) -> str:
    labels = {slug: network_label(slug) for slug in mover.networks}
    return moves_in_words(mover.networks, labels) or "no network"


def handles_of(movers: list[Mover]) -> dict[int, str]:
    people = Person.objects.filter(pk__in=[mover.person for mover in movers])
    return dict(people.values_list("pk", "handle"))


def write_movers(path: Path, found: comparing.Compared, people: list[int]) -> None:
    """Everybody of `people` as a row; the file gets its name when it is whole."""
    slugs = [row.network for row in found.comparison.networks]
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["handle", found.old.formula, found.new.formula, "points", *PARTS, *slugs])
            for start in range(0, len(people), BATCH):
                movers = found.movers(people[start : start + BATCH])
                handles = handles_of(movers)
                for mover in movers:
                    moves = [mover.parts[name] for name in PARTS] + [mover.networks.get(slug, 0.0) for slug in slugs]
                    cells = [f"{number:.3f}" for number in (mover.before, mover.after, mover.points, *moves)]
                    writer.writerow([handles.get(mover.person, ""), *cells])
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
