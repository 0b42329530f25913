"""The hand-made pairs of words and topics, and how well what is found agrees with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from scoring.topics import matching
from scoring.topics.vocabulary import Vocabulary

PAIRS = Path(__file__).with_name("judged_pairs.txt")


@dataclass(frozen=True, slots=True)
class Case:
    """Words, and the slugs of topics that fit them, may be found, or must not be."""

    source: str
    words: str
    fits: frozenset[str]
    may: frozenset[str]
    never: frozenset[str]


@dataclass(slots=True)
class Judged:
    """How many topics were found rightly, wrongly and not at all; and what was wrong."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    remarks: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed)

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}, recall {self.recall:.3f} of {self.right + self.wrong} found"


def cases() -> list[Case]:
    found = []
    for line in PAIRS.read_text().splitlines():
        if line and not line.startswith("#"):
            source, words, topics = (part.strip() for part in line.split(" | "))
            marked = topics.split()
            found.append(
                Case(
                    source,
                    words,
                    frozenset(topic for topic in marked if topic[0] not in "?-"),
                    frozenset(topic[1:] for topic in marked if topic[0] == "?"),
                    frozenset(topic[1:] for topic in marked if topic[0] == "-"),
                )
            )
    return found


def judge(judged: Iterable[Case], known: Vocabulary) -> Judged:
    """Of topics that fit together with a nearer one (programming beside python) the nearest that is found is enough."""
    total = Judged()
    there = set(known.slugs.values())
    number = {slug: topic for topic, slug in known.slugs.items()}
    for case in judged:
        if case.source == "text":
            found = {match.slug for match in matching.of_text(case.words, vocabulary=known)}
        else:
            found = {match.slug for match in matching.of_words(case.words, case.source, vocabulary=known)}
        good = found & (case.fits | case.may)
        bad = found - good
        missed = {
            slug
            for slug in (case.fits & there) - found
            if not any(known.related(number[slug], number[other]) for other in good)
        }
        total.right += len(good)
        total.wrong += len(bad)
        total.missed += len(missed)
        if bad or missed:
            total.remarks.append(f"{case.source} {case.words!r}: wrong {sorted(bad)}, missed {sorted(missed)}")
    return total
