"""How many different people ever did something to each owner of accounts, and to the one post to which most did.

Nothing fades here, and nobody is weighed: somebody counts once for whatever they did, a member once for all accounts of
theirs. Who counts for less than a half by the guards (circles, bursts) does not count at all, nor do own reactions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import duckdb
import numpy as np
from numpy.typing import NDArray

from scoring.engine import duckdb as engine
from scoring.engine.base import Columns, Inputs, none
from scoring.engine.guards import without_trusted
from scoring.features.base import ONE, Int64
from scoring.features.catalogue import NETWORKS, STANDING_VERBS, VERBS

# Questions answered at once: one bit of a whole number each.
MOST = 62
# What one person can do to a post but once, so that a post's total without names is of people.
ONCE = frozenset({"share", "like"})
_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, slots=True)
class Question:
    """How many did one of `verbs` (any if empty) on `network` (its slug, all if empty); `post`: to one post."""

    verbs: tuple[str, ...] = ()
    network: str = ""
    post: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """person: int64 [n], sorted, those of whom there is anything. vouched, known: int64 [n, questions]: by what others
    than the person say, and with what an upload alone says."""

    person: Int64
    vouched: NDArray[np.int64]
    known: NDArray[np.int64]


def count(
    inputs: Inputs,
    questions: Sequence[Question],
    *,
    accounts: Int64,
    guards: Columns | None,
    threads: int | None = None,
    temp_folder: str | Path | None = None,
) -> Answers:
    """Answer `questions` for the owners of `accounts`; the log may have a lake or be cut by scoring.engine.moments.

    guards: target, actor and weight of the reactions that count less, as a run found them.
    """
    parts = [questions[start : start + MOST] for start in range(0, len(questions), MOST)]
    with engine.opened(threads=threads, temp_folder=temp_folder) as connection:
        engine.bring_sources(connection, inputs, accounts)
        for step in ("stg_interactions", "stg_relations", "stg_totals"):
            engine.run(connection, step)
        guarded = without_trusted(guards, inputs.trusted) if guards is not None else none("target", "actor", "weight")
        doubted = np.asarray(guarded["weight"]) * 2 < ONE
        less = {name: np.asarray(guarded[name])[doubted] for name in ("target", "actor")}
        engine.load(connection, "doubted", less, ("target", "actor"))
        found = [_answers(connection, part) for part in parts]
    person = np.unique(np.concatenate([answers.person for answers in found] or [np.zeros(0, np.int64)]))
    vouched, known = (np.zeros((len(person), len(questions)), dtype=np.int64) for _ in range(2))
    start = 0
    for part, answers in zip(parts, found, strict=True):
        place = np.searchsorted(person, answers.person)
        vouched[place, start : start + len(part)] = answers.vouched
        known[place, start : start + len(part)] = answers.known
        start += len(part)
    return Answers(person, vouched, known)


def _answers(connection: duckdb.DuckDBPyConnection, questions: Sequence[Question]) -> Answers:
    tables = []
    for name, post in (("distinct_people", False), ("distinct_on_posts", True)):
        asked = [place for place, question in enumerate(questions) if question.post == post]
        if not asked:
            continue
        engine.load(connection, f"{name}_asked", _bits(questions, asked), ("network", "verb", "bits", "once"))
        tables.append((asked, connection.execute(_statement(name, asked)).fetchnumpy()))
        connection.execute(f"DROP TABLE {name}_asked")
    person = np.unique(np.concatenate([found["person"] for _, found in tables] or [np.zeros(0, np.int64)]))
    vouched, known = (np.zeros((len(person), len(questions)), dtype=np.int64) for _ in range(2))
    for asked, found in tables:
        place = np.searchsorted(person, found["person"])
        for number in asked:
            vouched[place, number] = found[f"vouched_{number}"]
            known[place, number] = found[f"known_{number}"]
    return Answers(person.astype(np.int64), vouched, known)


def _bits(questions: Sequence[Question], asked: Collection[int]) -> Columns:
    """The table of what is asked: by network and verb, a bit for each question that it is about."""
    rows = []
    for network in NETWORKS:
        for verb in VERBS:
            bits = 0
            for number in asked:
                question = questions[number]
                if question.network in {"", network} and (not question.verbs or verb in question.verbs):
                    bits |= 1 << number
            # What lasts is done to nobody's post.
            if bits and not (verb in STANDING_VERBS and questions[next(iter(asked))].post):
                rows.append((NETWORKS[network].code, VERBS[verb].number, bits, int(verb in ONCE)))
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return dict(zip(("network", "verb", "bits", "once"), table.T, strict=True))


def _statement(name: str, asked: Collection[int]) -> str:
    def each(text: str) -> str:
        return ",\n    ".join(text.replace("?", str(number)) for number in asked)

    return Template((_SQL / f"{name}.sql").read_text()).substitute(
        sums=each(
            "CAST(SUM((vouched >> ?) & 1) AS BIGINT) AS vouched_?,\n"
            "    CAST(SUM((known >> ?) & 1) AS BIGINT) AS known_?"
        ),
        beyond=each(
            "CAST(SUM(((bits >> ?) & 1) * vouched) AS BIGINT) AS vouched_?,\n"
            "    CAST(SUM(((bits >> ?) & 1) * known) AS BIGINT) AS known_?"
        ),
        added=each("SUM(vouched_?) AS vouched_?,\n    SUM(known_?) AS known_?"),
        most=each("CAST(MAX(vouched_?) AS BIGINT) AS vouched_?,\n    CAST(MAX(known_?) AS BIGINT) AS known_?"),
    )
