"""What each released formula is and what it changed, in plain words; its arithmetic is told in its own file.

A formula is frozen when it is released, and so is what is said here of it; a test asks for a note on each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scoring.formula import BASELINE, VERSIONS, is_switched


@dataclass(frozen=True, slots=True)
class Release:
    """A formula by its version: when it was released, what it is in a sentence, and what it changed."""

    version: str
    released_on: date | None
    summary: Promise | str
    changes: Sequence[Promise | str] = ()

    @property
    def golden(self) -> str:
        """The file in the sources that holds what it gives, to the last digit; "" for one without a file of its own."""
        return "" if is_switched(self.version) else f"tests/scoring/golden/{self.version}.json"

    @property
    def source(self) -> str:
        return f"scoring/formula/{self.version.partition('+')[0]}.py"


RELEASES: dict[str, Release] = {
    "v1": Release(
        "v1",
        date(2026, 11, 22),
        _("The first one: three parts that add up, from what others do on all networks."),
        (
            _("Different people count, each one's repetitions less and less, and everybody by their own standing."),
            _("What is happening these days counts before the month, and the month before the year."),
            _("Followers and lists count as far as the people who react bear them out."),
            _("Where posts go without any reaction, what the others moved counts a little less."),
            _("What somebody uploads, and no network vouches for, ends at 20 points by itself."),
            _("The scale: half of the people it was set on stand at 40 or more, the top 5% at 63 or more."),
            _("YouTube is read and shown apart: its terms do not let it be added up with others."),
        ),
    ),
    "v2": Release(
        "v2",
        date(2026, 11, 22),
        _("The first one, with what members say of each other by +K held within a bound."),
        (
            _("+K alone ends at 10 points, whoever gives it and however many do."),
            _("Who stands at 40 by what happens elsewhere gains half a point by +K, and never more than 0.6."),
            _("+K is no proof that anybody was moved: it makes no score surer."),
            _("Whoever was given no +K has the score that the first one gives, to the last digit."),
        ),
    ),
    BASELINE: Release(
        BASELINE,
        None,
        _("The logarithm of every count and nothing else, as counters used to do: to compare with, never live."),
        (
            _("Nobody's repetitions saturate, nobody's standing weighs, nothing is held down."),
            _("What bought followers, rings and robots gain here is what other formulas are measured against."),
        ),
    ),
}


# What formulas since v1 call the things they add up, in words; another name is shown as it is.
GROUPS: dict[str, Promise | str] = {
    "audience": _("Followers and connections"),
    "listed": _("Lists"),
    "recommended": _("Recommendations and endorsements"),
    "engaged": _("Different people who reacted"),
    "moved": _("People moved, by how far they carry it"),
    "still moved": _("People moved these days"),
    "posts": _("Posts that moved anybody"),
    "listened to now": _("Standing of the people who reacted of late"),
    "listened to": _("Standing of the people who reacted over the years"),
    "standing of the audience": _("Standing of followers and connections"),
    "known offline": _("The rank of one's article in the whole Wikipedia"),
}


def releases() -> list[Release]:
    """Every formula that this release has, the newest first, the baseline last."""
    found = []
    for version in [*VERSIONS][::-1]:
        if version in RELEASES:
            found.append(RELEASES[version])
        elif is_switched(version):
            before = version.partition("+")[0]
            found.append(Release(version, None, _("As %(version)s, with YouTube counted too.") % {"version": before}))
        else:
            found.append(Release(version, None, ""))
    return sorted(found, key=lambda release: release.version == BASELINE)
