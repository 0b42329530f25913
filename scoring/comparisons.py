"""Two formulas beside each other over the same people: who moves, how far, and which parts, networks and features do.

Below the runs: it takes scores, from a run's memory or as published, and gives figures. Nothing here is by people's
names; what names somebody (Mover) is read when it is asked for, so that who is erased is gone from it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from scoring import columns
from scoring.features import catalogue
from scoring.formula import explain
from scoring.formula.base import PARTS, START, Float64, Int64, Leaves, Scored
from scoring.models import ScoreHistory, ScoreRun, ShadowScore

# Bounds of the histogram, in points.
EDGES = (-20.0, -10.0, -5.0, -3.0, -1.0, 1.0, 3.0, 5.0, 10.0, 20.0)
# Bands of the old score.
BANDS = (1.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)
# Whoever moves by more is told of it; less than SAME cannot be seen in a score with one decimal.
FAR = 3.0
SAME = 0.05
# Features are told for so many who move most, and so many features of each.
EXPLAINED = 1000
FEATURES_EACH = 5
FEATURES_ALL = 12


class Incomparable(Exception):
    """There are no scores by both formulas of one day."""


@dataclass(frozen=True, slots=True)
class Side:
    """Scores of m people by one formula, sorted by person: score and parts (in the order of PARTS) float64 [m]; points
    by network as rows (person, network's code, points), sorted by both.
    """

    formula: str
    person: Int64
    score: Float64
    parts: tuple[Float64, Float64, Float64]
    of_network: tuple[Int64, Int64, Float64]

    @classmethod
    def of(cls, version: str, scored: Scored) -> Side:
        networks = scored.networks()
        return cls(
            version,
            scored.entity,
            scored.score,
            (scored.reach, scored.amplification, scored.network_part),
            (networks.entity, networks.network, networks.points),
        )

    def among(self, people: Int64) -> Side:
        """The same of `people` alone (sorted)."""
        keep = np.isin(self.person, people, assume_unique=True)
        person, network, points = self.of_network
        rows = np.isin(person, people)
        reach, amplification, network_part = (part[keep] for part in self.parts)
        return Side(
            self.formula,
            self.person[keep],
            self.score[keep],
            (reach, amplification, network_part),
            (person[rows], network[rows], points[rows]),
        )


class Bucket(NamedTuple):
    """People who move by `low` to `high` points; None where it has no bound."""

    low: float | None
    high: float | None
    people: int


class Band(NamedTuple):
    """People whose old score is from `low` to `high`: their mean move, and how many move far up and down."""

    low: float
    high: float
    people: int
    mean: float
    far_up: int
    far_down: int


class OfNetwork(NamedTuple):
    """People who have points from a network by either formula: the mean of those points by the old and the new one,
    and how many of these people move far up and down."""

    network: str
    people: int
    before: float
    after: float
    far_up: int
    far_down: int


class OfPart(NamedTuple):
    part: str
    before: float
    after: float


class OfFeature(NamedTuple):
    """What a feature's points do on average among those who move most."""

    network: str
    feature: str
    points: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the new formula does to `people` people, in points; `features` is over the `explained` who move most."""

    old: str
    new: str
    as_of: str
    people: int
    up: int
    down: int
    far_up: int
    far_down: int
    mean: float
    # The 5th, 50th and 95th percentile of moves.
    spread: tuple[float, float, float]
    buckets: tuple[Bucket, ...]
    bands: tuple[Band, ...]
    networks: tuple[OfNetwork, ...]
    parts: tuple[OfPart, ...]
    explained: int
    features: tuple[OfFeature, ...]

    @property
    def same(self) -> int:
        return self.people - self.up - self.down

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Comparison:
        """The comparison that `to_json` gave, after the database has had it."""
        rows = {"buckets": Bucket, "bands": Band, "networks": OfNetwork, "parts": OfPart, "features": OfFeature}
        whole = {name: tuple(kind(*row) for row in stored[name]) for name, kind in rows.items()}
        return cls(**{**stored, **whole, "spread": tuple(stored["spread"])})


@dataclass(frozen=True, slots=True)
class Mover:
    """One person's move, and what moves in it, each largest first, in points; features only of those who move most."""

    person: int
    before: float
    after: float
    parts: Mapping[str, float]
    networks: Mapping[str, float]
    features: tuple[OfFeature, ...] = ()

    @property
    def points(self) -> float:
        return self.after - self.before


def paired(old: Side, new: Side) -> tuple[Side, Side]:
    """Both, of the people that both have. Raises Incomparable where there are none."""
    if np.array_equal(old.person, new.person):
        both = old, new
    else:
        people = np.intersect1d(old.person, new.person, assume_unique=True)
        both = old.among(people), new.among(people)
    if not len(both[0].person):
        raise Incomparable(f"nobody has a score by both {old.formula} and {new.formula}")
    return both


def compare(
    old: Side, new: Side, *, as_of: date, features: Mapping[int, Sequence[OfFeature]] | None = None
) -> Comparison:
    """What the new formula does to the people of both sides (see `paired`). features: see `feature_moves`."""
    move = new.score - old.score
    counts = np.bincount(np.searchsorted(EDGES, move, side="right"), minlength=len(EDGES) + 1)
    low, high = (None, *EDGES), (*EDGES, None)
    spread = np.percentile(move, [5, 50, 95])
    return Comparison(
        old=old.formula,
        new=new.formula,
        as_of=as_of.isoformat(),
        people=len(move),
        up=int((move >= SAME).sum()),
        down=int((move <= -SAME).sum()),
        far_up=int((move > FAR).sum()),
        far_down=int((move < -FAR).sum()),
        mean=float(move.mean()),
        spread=(float(spread[0]), float(spread[1]), float(spread[2])),
        buckets=tuple(Bucket(low[i], high[i], count) for i, count in enumerate(counts.tolist())),
        bands=tuple(bands(old.score, move)),
        networks=tuple(networks(old, new, move)),
        parts=tuple(
            OfPart(part, float(before.mean()), float(after.mean()))
            for part, before, after in zip(PARTS, old.parts, new.parts, strict=True)
        ),
        explained=len(features or {}),
        features=averaged(features or {}),
    )


def bands(before: Float64, move: Float64) -> list[Band]:
    place = np.clip(np.searchsorted(BANDS, before, side="right") - 1, 0, len(BANDS) - 2)
    found = []
    for number in range(len(BANDS) - 1):
        moved = move[place == number]
        if len(moved):
            far_up, far_down = int((moved > FAR).sum()), int((moved < -FAR).sum())
            found.append(
                Band(BANDS[number], BANDS[number + 1], len(moved), float(moved.mean()), far_up, far_down),
            )
    return found


def networks(old: Side, new: Side, move: Float64) -> list[OfNetwork]:
    """By network, the one that most people have points from first."""
    by_code: dict[int, list[Float64]] = {}
    for side, (person, network, points) in enumerate((old.of_network, new.of_network)):
        for code in np.unique(network).tolist():
            rows = network == code
            pair = by_code.setdefault(code, [np.zeros(len(move)), np.zeros(len(move))])
            np.add.at(pair[side], np.searchsorted(old.person, person[rows]), points[rows])
    found = []
    for code, (before, after) in by_code.items():
        having = (before > 0) | (after > 0)
        moved = move[having]
        if not len(moved):
            continue
        found.append(
            OfNetwork(
                catalogue.SLUGS.get(code, str(code)),
                len(moved),
                float(before[having].mean()),
                float(after[having].mean()),
                int((moved > FAR).sum()),
                int((moved < -FAR).sum()),
            )
        )
    return sorted(found, key=lambda row: (-row.people, row.network))


def farthest(old: Side, new: Side, number: int) -> Int64:
    """The people who move most, the farthest first; who does not move is none of them."""
    move = np.abs(new.score - old.score)
    order = np.lexsort((old.person, -move))[:number]
    return np.asarray(old.person[order][move[order] >= SAME])


def feature_moves(old: Leaves, new: Leaves) -> dict[int, tuple[OfFeature, ...]]:
    """Person -> what each feature's points do, by network, over all accounts and parts; the largest move first."""
    moved: dict[int, dict[tuple[int, str], float]] = {}
    for leaves, sign in ((old, -1.0), (new, 1.0)):
        rows = zip(
            leaves.entity.tolist(),
            leaves.network.tolist(),
            leaves.feature.tolist(),
            leaves.points.tolist(),
            strict=True,
        )
        for person, network, feature, points in rows:
            if feature != START:
                mine = moved.setdefault(person, {})
                mine[network, feature] = mine.get((network, feature), 0.0) + sign * points
    return {
        person: tuple(
            OfFeature(catalogue.SLUGS.get(network, str(network)), feature, points)
            for (network, feature), points in sorted(mine.items(), key=lambda item: (-abs(item[1]), item[0]))
            if abs(points) >= SAME
        )
        for person, mine in moved.items()
    }


def averaged(features: Mapping[int, Sequence[OfFeature]]) -> tuple[OfFeature, ...]:
    """The features whose points move most on average over all people of `features`."""
    total: dict[tuple[str, str], float] = {}
    for rows in features.values():
        for row in rows:
            total[row.network, row.feature] = total.get((row.network, row.feature), 0.0) + row.points
    means = [OfFeature(network, feature, points / len(features)) for (network, feature), points in total.items()]
    return tuple(sorted(means, key=lambda row: (-abs(row.points), row))[:FEATURES_ALL])


def movers(
    old: Side, new: Side, people: Sequence[int], features: Mapping[int, Sequence[OfFeature]] | None = None
) -> list[Mover]:
    """What moved of each of `people`, in their order."""
    wanted = np.unique(np.array(people, dtype=np.int64))
    old, new = old.among(wanted), new.among(wanted)
    reasons = features or {}
    shares: dict[int, dict[str, float]] = {}
    for (whose, network, points), sign in ((old.of_network, -1.0), (new.of_network, 1.0)):
        for person, code, value in zip(whose.tolist(), network.tolist(), points.tolist(), strict=True):
            mine = shares.setdefault(person, {})
            slug = catalogue.SLUGS.get(code, str(code))
            mine[slug] = mine.get(slug, 0.0) + sign * value
    found = []
    for person in people:
        place = int(np.searchsorted(old.person, person))
        parts = {
            part: float(after[place] - before[place])
            for part, before, after in zip(PARTS, old.parts, new.parts, strict=True)
        }
        mover = Mover(
            person,
            float(old.score[place]),
            float(new.score[place]),
            largest_first(parts),
            largest_first(shares.get(person, {})),
            tuple(reasons.get(person, ())),
        )
        found.append(mover)
    return found


def largest_first(moves: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(moves.items(), key=lambda item: (-abs(item[1]), item[0])))


# ---------------------------------------------------------------- as published

PUBLISHED = """
    SELECT person_id, score, reach, amplification, network_part FROM {} WHERE {} ORDER BY person_id
"""
BY_NETWORK = """
    SELECT person_id, share.key, share.value::float8 FROM {}, jsonb_each_text(networks) AS share WHERE {}
    ORDER BY person_id
"""
FLOATS = ("score", "reach", "amplification", "network_part")


def newest_run() -> ScoreRun | None:
    """The daily run that was published for the newest day."""
    done = ScoreRun.objects.filter(state=ScoreRun.State.DONE, kind=ScoreRun.Kind.DAILY)
    return done.order_by("-as_of", "-pk").first()


def published(version: str, as_of: date, people: Sequence[int] | None = None) -> Side | None:
    """The scores of `as_of` by a formula, of all or of some people, from the history or from its shadow; None where
    neither has them."""
    if ScoreHistory.objects.filter(as_of=as_of, formula=version).exists():
        table = "scoring_scorehistory"
    elif ShadowScore.objects.filter(as_of=as_of, formula=version).exists():
        table = "scoring_shadowscore"
    else:
        return None
    where, given = "as_of = %s AND formula = %s", [as_of, version]
    if people is not None:
        where, given = f"{where} AND person_id = ANY(%s)", [*given, list(people)]
    rows = columns.read(
        connection, PUBLISHED.format(table, where), given, {"person_id": np.int64, **dict.fromkeys(FLOATS, np.float64)}
    )
    shares = columns.read(
        connection, BY_NETWORK.format(table, where), given, {"person": np.int64, "network": "text", "points": "float8"}
    )
    codes = {slug: network.code for slug, network in catalogue.NETWORKS.items()}
    slugs, places = np.unique(shares["network"], return_inverse=True)
    code: Int64 = np.array([codes.get(slug, 0) for slug in slugs.tolist()], dtype=np.int64)[places]
    return Side(
        version,
        rows["person_id"],
        rows["score"],
        (rows["reach"], rows["amplification"], rows["network_part"]),
        (shares["person"], code, shares["points"]),
    )


def published_features(version: str, as_of: date) -> dict[int, tuple[OfFeature, ...]]:
    """Person -> what moved, as the shadow run of `version` wrote it of those who move most."""
    kept = ShadowScore.objects.filter(formula=version, as_of=as_of).exclude(features=[])
    return {
        person: tuple(OfFeature(*row) for row in features)
        for person, features in kept.values_list("person_id", "features")
    }


def published_movers(old: str, new: str, as_of: date, number: int) -> list[Mover]:
    """Those who move most, of the people that the shadow run of `new` beside `old` explained."""
    features = published_features(new, as_of)
    sides = [published(version, as_of, list(features)) for version in (old, new)]
    if sides[0] is None or sides[1] is None:
        return []
    try:
        first, second = paired(sides[0], sides[1])
    except Incomparable:
        return []
    return movers(first, second, farthest(first, second, number).tolist(), features)


def turned(features: Mapping[int, Sequence[OfFeature]]) -> dict[int, tuple[OfFeature, ...]]:
    """The same the other way round: what moves if the old formula takes the new one's place."""
    return {
        person: tuple(OfFeature(row.network, row.feature, -row.points) for row in rows)
        for person, rows in features.items()
    }


def label_of(feature: OfFeature) -> str:
    """Followers beyond those known one by one (Twitter/X)."""
    names, network = explain.Names(), catalogue.NETWORKS.get(feature.network)
    label, _unit = names.feature(network.code if network else 0, feature.feature)
    return f"{label} ({network_label(feature.network)})"


def network_label(slug: str) -> str:
    network = catalogue.NETWORKS.get(slug)
    return network.label if network else slug


def bucket_label(bucket: Bucket) -> str:
    """down 3 to 5, within 1, up 20 or more."""
    low, high = bucket.low, bucket.high
    if low is None:
        return f"down {-(high or 0):.0f} or more"
    if high is None:
        return f"up {low:.0f} or more"
    if low < 0 < high:
        return f"within {high:.0f}"
    return f"up {low:.0f} to {high:.0f}" if low > 0 else f"down {-high:.0f} to {-low:.0f}"


def bars(buckets: Sequence[Bucket]) -> NDArray[np.float64]:
    """The share of the fullest bucket that each one has."""
    people = np.array([bucket.people for bucket in buckets], dtype=np.float64)
    return np.asarray(people / max(people.max(initial=0.0), 1.0))
