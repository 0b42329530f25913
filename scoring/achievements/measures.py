"""What people have of what each family counts, for everybody at once: from a day's features, its log and its history.

What counts, and what does not:

- Different people are counted by name, each once, from all that is known; nothing fades. Own reactions do not count,
  nor do those of whom the guards let count less than half (closed circles, lots of new accounts): achievements are
  kept, so that what is doubted today earns none.
- What counters say beyond the named counts too. It stands as the counter says today; what has faded is never added up.
- What nobody but a person's own upload says carries them to UPLOADED and no further.
- What is not known of a past day (topics) is not awarded for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from django.db import connection

from scoring import columns, deeds
from scoring.achievements import course
from scoring.achievements.catalogue import Family
from scoring.achievements.terms import OWN, Term, parsed
from scoring.engine import distinct
from scoring.engine.base import Columns, Inputs
from scoring.engine.distinct import Question
from scoring.features.base import ONE, FeatureTable, Int64
from scoring.features.catalogue import NETWORKS
from scoring.formula.base import Float64

log = logging.getLogger(__name__)

# How many people, lists and the like somebody has by the word of an upload alone.
UPLOADED = 500
# +K that weighs less (scoring.plus_k.damping) is of a ring, a circle or somebody who has only just come.
LEAST_K = 0.1
Values = Mapping[str, Float64]


@dataclass(frozen=True, slots=True)
class Day:
    """All that is counted from, as of the start of `as_of`.

    persons: int64 [n], sorted; scores: float64 [n]. members, person: the rows of linked accounts, sorted by account and
    source, and whose each is. rows: gives the log of their accounts (scoring.engine.moments.rows_of), when it is asked
    for. guards: the reactions that count less. newest: whether nothing later is known.
    """

    as_of: date
    persons: Int64
    scores: Float64
    members: FeatureTable
    person: Int64
    rows: Callable[[], Inputs]
    guards: Columns | None
    newest: bool
    temp_folder: Path | None = None


def values(day: Day, families: Iterable[Family], *, uploaded: float = UPLOADED) -> dict[str, Float64]:
    """The value of each of `day.persons` (float64 [n]) by the family's slug; what cannot be known is left out.

    uploaded: how far an upload alone carries.
    """
    terms = countable(families)
    questions = sorted(
        {
            _question(term, family)
            for family, parts in terms.items()
            for term in parts
            if term.kind in {"people", "post"}
        },
        key=lambda question: (question.post, question.network, question.verbs),
    )
    named = _named(day, questions)
    did = _did(day) if any(term.kind == "did" for parts in terms.values() for term in parts) else {}
    whole = _whole(day, {parts[0].name for parts in terms.values() if parts[0].kind == "whole"})
    found: dict[str, Float64] = {}
    for family, parts in terms.items():
        if parts[0].kind == "whole":
            if parts[0].name in whole:
                found[family.slug] = whole[parts[0].name]
            continue
        vouched, known = np.zeros(len(day.persons)), np.zeros(len(day.persons))
        for term in parts:
            if term.kind == "did":
                one = both = did[term.name]
            elif term.kind == "column":
                one, both = _column(day, term.name, family.network)
            else:
                one, both = named[_question(term, family)]
            vouched, known = vouched + one, known + both
        found[family.slug] = np.maximum(vouched, np.minimum(known, uploaded))
    return found


def countable(families: Iterable[Family]) -> dict[Family, tuple[Term, ...]]:
    """The terms of each family. One that was defined when other things could be counted is left out, and logged."""
    found = {}
    for family in families:
        try:
            found[family] = parsed(family.measure, family.network)
        except ValueError as error:
            log.warning("the achievement %s cannot be counted: %s", family.slug, error)
    return found


def _question(term: Term, family: Family) -> Question:
    return Question(term.verbs, family.network, post=term.kind == "post")


def _named(day: Day, questions: list[Question]) -> dict[Question, tuple[Float64, Float64]]:
    """By question: of each person, as others vouch for and as far as it is known at all."""
    if not questions:
        return {}
    answers = distinct.count(
        day.rows(),
        questions,
        accounts=np.unique(day.members.account),
        guards=day.guards,
        temp_folder=day.temp_folder,
    )
    place, there = columns.places(day.persons, answers.person)
    found = {}
    for number, question in enumerate(questions):
        both = []
        for table in (answers.vouched, answers.known):
            column = np.zeros(len(day.persons))
            column[place] = table[there, number]
            both.append(column)
        found[question] = (both[0], both[1])
    return found


def _column(day: Day, name: str, network: str) -> tuple[Float64, Float64]:
    """A column of features summed over the accounts of each person: by others' word, and with uploads'."""
    members = day.members
    amount = np.asarray(members.column(name), dtype=np.float64) / ONE
    if network:
        amount = np.where(members.network == NETWORKS[network].code, amount, 0.0)
    supplied = members.supplied == 1
    own = np.where(supplied, 0.0, amount)
    beside = np.where(supplied, amount, 0.0)
    if name.endswith("_counter"):
        # A counter says the whole: an upload's adds what it says beyond the network's own, in the row before.
        before = np.zeros(len(amount))
        same = members.account[1:] == members.account[:-1]
        before[1:] = np.where(same, own[:-1], 0.0)
        beside = np.where(supplied, np.maximum(amount - before, 0.0), 0.0)
    place, there = columns.places(day.persons, day.person)
    vouched, extra = (
        np.bincount(place, weights=part[there], minlength=len(day.persons)).astype(np.float64) for part in (own, beside)
    )
    return vouched, vouched + extra


def _did(day: Day) -> Mapping[str, Float64]:
    return deeds.done(day.as_of, day.persons)


def _whole(day: Day, names: set[str]) -> dict[str, Float64]:
    """What is no sum over accounts, by its name."""
    found: dict[str, Float64] = {}
    if "score" in names:
        found["score"] = day.scores
    if "networks" in names:
        found["networks"] = _networks(day)
    if "years" in names:
        found["years"] = _years(day)
    if "answers" in names:
        found["answers"] = _answers(day)
    if "topics" in names and day.newest:
        found["topics"] = _topics(day)
    if names & {"steady", "comeback"}:
        steady, comeback = course.of_scores(day.as_of, day.persons, day.scores)
        found |= {name: value for name, value in (("steady", steady), ("comeback", comeback)) if name in names}
    return found


def _networks(day: Day) -> Float64:
    linked = day.members.network != NETWORKS[OWN].code
    pairs = np.unique(np.stack([day.person[linked], day.members.network[linked]]), axis=1)
    place, _ = columns.places(day.persons, pairs[0])
    return np.bincount(place, minlength=len(day.persons)).astype(np.float64)


def _by_person(day: Day, query: str, params: list[object]) -> Float64:
    """A column of `day.persons` from a query of person and value; 0 for who has no row."""
    rows = columns.read(connection, query, params, {"person": np.int64, "value": np.float64})
    found = np.zeros(len(day.persons))
    place, there = columns.places(day.persons, rows["person"])
    found[place] = rows["value"][there]
    return found


def _midnight(day: Day) -> datetime:
    return datetime.combine(day.as_of, datetime.min.time(), tzinfo=UTC)


def _years(day: Day) -> Float64:
    """Whole years since joining, and the part of the year that goes on."""
    return _by_person(
        day,
        """
        SELECT id, years + extract(epoch FROM midnight - created_at - years * interval '1 year')::float8 / 31622400.0
        FROM accounts_person, LATERAL (SELECT %s::timestamptz AS midnight) AS given, LATERAL (
            SELECT extract(year FROM age(midnight AT TIME ZONE 'UTC', created_at AT TIME ZONE 'UTC'))::float8 AS years
        ) AS whole WHERE created_at < midnight
        """,
        [_midnight(day)],
    )


def _answers(day: Day) -> Float64:
    """Answers that stand, to which somebody gave +K of LEAST_K or more."""
    return _by_person(
        day,
        """
        SELECT answer.person_id, count(DISTINCT answer.id)::float8
        FROM scoring_endorsement AS given JOIN scoring_answer AS answer ON answer.id = given.answer_id
        WHERE given.undone_at IS NULL AND given.weight >= %s AND given.given_at < %s AND answer.state = 'visible'
            AND given.giver_id <> answer.person_id
        GROUP BY answer.person_id
        """,
        [LEAST_K, _midnight(day)],
    )


def _topics(day: Day) -> Float64:
    return _by_person(
        day,
        """
        SELECT person_id, count(*)::float8 FROM scoring_persontopic
        WHERE expertise > 0 AND NOT hidden GROUP BY person_id
        """,
        [],
    )
