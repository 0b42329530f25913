"""Writes the golden file of a new formula: python -m tests.scoring.formula.golden v2

The file holds people with features and what the formula gives them (tests/scoring/golden/v2.json); test_golden.py keeps
the formula to it from then on. Write it once, when the formula is released, and look at it before it is committed: the
scores of the people with names should be what you expect. A file that is there is written over with --again alone,
which is right only as long as the version has never been released; its people then stay as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from scoring import formula
from scoring.features.base import ONE
from scoring.features.catalogue import COLUMNS, NETWORKS
from tests.scoring.formula.given import reactions, table_of

GOLDEN = Path(__file__).parents[1] / "golden"
DRAWN = 44
SEED = 20_261_122
COUNTED = {"follow_surplus": 100_000, "list_surplus": 1_000, "mention_surplus": 80, "share_surplus": 20}
LOUD = {"reply_events_recent": 1_000, "reply_actors_recent": 1, "any_actors_recent": 1, "any_people_ever": 1}
CODES = {slug: network.code for slug, network in NETWORKS.items()}


def reacted(recent: float, year: float) -> dict[str, float]:
    """As many people who replied, once each."""
    return reactions(recent, year) | {"reply_events_recent": recent}


# Name -> the accounts of one person: the network (with ~ for what was uploaded of the account before), and features in
# people.
CHOSEN: Mapping[str, Sequence[tuple[str, Mapping[str, float]]]] = {
    "nobody was seen to react": [("twitter", {})],
    "one follower": [("twitter", {"follow_actors_ever": 1})],
    "a follower counted, not named": [("twitter", {"follow_surplus": 1})],
    "one reply": [("twitter", reacted(1, 1))],
    "fifty people replied in the last month": [("twitter", reacted(50, 50))],
    "one fan replied a thousand times": [("twitter", LOUD)],
    "forty-nine confirmed": [("twitter", {"any_confirmed_ever": 49, "any_people_ever": 49})],
    "fifty confirmed": [("twitter", {"any_confirmed_ever": 50, "any_people_ever": 50})],
    "celebrity by counters": [("twitter", COUNTED)],
    "celebrity with everything": [("twitter", dict.fromkeys(COLUMNS, 100_000))],
    "beyond anything on Earth": [("facebook", dict.fromkeys(COLUMNS, 10**12))],
    "one unit of a fraction": [("mastodon", {"like_events_recent": 1 / ONE, "like_actors_recent": 1 / ONE})],
    "an empty account beside a full one": [("twitter", reacted(30, 90)), ("facebook", {})],
    "two accounts of one network": [("twitter", {"follow_surplus": 300}), ("twitter", {"follow_surplus": 700})],
    "equal on three networks": [(slug, reacted(30, 90)) for slug in ("twitter", "facebook", "mastodon")],
    "an upload alone": [("twitter", {}), ("~", reacted(300, 900))],
    "an upload beside what the network says": [("twitter", reacted(30, 90)), ("~", reacted(300, 900))],
    "an upload on one network, reactions on another": [("facebook", reacted(30, 90)), ("twitter", {}), ("~", COUNTED)],
    "three +K and nothing else": [("klout", reactions(3, 3, "plus_k"))],
    "five thousand +K and nothing else": [("klout", reactions(5_000, 5_000, "plus_k"))],
    "replies, and fifty +K": [("twitter", reacted(30, 90)), ("klout", reactions(50, 50, "plus_k"))],
    "a celebrity with fifty +K": [("twitter", COUNTED), ("klout", reactions(50, 50, "plus_k"))],
    "every network a little": [(slug, {"any_actors_recent": 3, "like_events_recent": 3}) for slug in CODES],
}


def people() -> list[dict[str, Any]]:
    """People by hand, then as many drawn: features by Pareto over six orders of magnitude."""
    rng = np.random.default_rng(SEED)
    named: list[tuple[str, list[tuple[str, dict[str, int]]]]] = [
        (name, [(slug, {column: round(n * ONE) for column, n in features.items()}) for slug, features in rows])
        for name, rows in CHOSEN.items()
    ]
    for number in range(DRAWN):
        rows = []
        for slug in rng.choice(sorted(CODES), size=rng.integers(1, 5)).tolist():
            for mark in (slug, "~") if rng.random() < 0.2 else (slug,):
                columns = rng.choice(COLUMNS, size=rng.integers(1, 20), replace=False).tolist()
                rows.append((mark, {name: int(ONE * min(rng.pareto(0.5), 1e6)) for name in sorted(columns)}))
        named.append((f"drawn {number + 1}", rows))
    account = 1000
    written = []
    for place, (name, rows) in enumerate(named):
        accounts: list[dict[str, Any]] = []
        for slug, features in rows:
            account += slug != "~"
            row = {"network": accounts[-1]["network"] if slug == "~" else CODES[slug], "account": account}
            accounts.append(row | ({"supplied": 1} if slug == "~" else {}) | {"features": features})
        written.append({"person": place + 1, "name": name, "accounts": accounts})
    return written


def given(people: Sequence[Mapping[str, Any]]) -> tuple[Any, np.ndarray]:
    """The table of the people's accounts (and of what they uploaded), and whose each row is."""
    accounts = [(account, person["person"]) for person in people for account in person["accounts"]]
    table = table_of([(account["network"], account["account"], account["features"]) for account, _ in accounts])
    supplied = np.array([account.get("supplied", 0) for account, _ in accounts], dtype=np.int64)
    return replace(table, supplied=supplied), np.array([person for _, person in accounts], dtype=np.int64)


def results(version: str, people: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The people with what the formula gives them."""
    table, entity = given(people)
    scored = formula.get(version).score(table, entity)
    leaves = scored.leaves(scored.entity)
    columns = (leaves.network, leaves.account, leaves.part, leaves.feature, leaves.value, leaves.points)
    written = []
    for place, person in enumerate(people):
        mine = leaves.entity == person["person"]
        written.append(
            {
                "person": person["person"],
                "name": person["name"],
                "accounts": person["accounts"],
                **{name: float(getattr(scored, name)[place]) for name in SCORES},
                "confidence": int(scored.confidence[place]),
                "leaves": [list(row) for row in zip(*(column[mine].tolist() for column in columns), strict=True)],
            }
        )
    return written


SCORES = ("score", "reach", "amplification", "network_part")


def write(version: str, *, again: bool) -> str:
    """Write the file, and say what it holds. Raises FileExistsError, and formula.UnknownFormula."""
    formula.get(version)
    path = GOLDEN / f"{version}.json"
    if path.exists() and not again:
        raise FileExistsError(f"{path} is there: a released formula gives what it gave (--again if it is not released)")
    known = json.loads(path.read_text())["people"] if path.exists() else people()
    done = results(version, known)
    head = {"formula": version, "made": f"{datetime.now(UTC):%Y-%m-%d}, by python -m tests.scoring.formula.golden"}
    lines = ",\n".join(json.dumps(person) for person in done)
    path.write_text(f'{json.dumps(head)[:-1]}, "people": [\n{lines}\n]}}\n')
    return "\n".join(f"{person['score']:8.3f}  {person['name']}" for person in done[: len(CHOSEN)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version")
    parser.add_argument("--again", action="store_true", help="write over a file of a version never released")
    arguments = parser.parse_args()
    try:
        print(write(arguments.version, again=arguments.again))
    except (FileExistsError, formula.UnknownFormula) as error:
        raise SystemExit(str(error)) from None
