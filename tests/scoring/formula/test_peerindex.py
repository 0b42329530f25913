"""Does v1 rank people as people do? PeerIndex's public pairs; skipped where the data is absent."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import rankdata

from scoring.formula.counters import score_values

COUNTERS = {
    "follower_count": "followers",
    "following_count": "following",
    "listed_count": "listed",
    "mentions_received": "mentions_received",
    "retweets_received": "retweets_received",
    "mentions_sent": "mentions_sent",
    "retweets_sent": "retweets_sent",
    "posts": "posts",
}
ALSO = ("network_feature_1", "network_feature_2", "network_feature_3")


class Pairs:
    """Pairs of people, and which of the two was judged more influential; a person is their eleven values."""

    def __init__(self, path):
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        names = [*COUNTERS, *ALSO]
        both = np.array([[float(row[f"{side}_{name}"]) for name in names] for side in "AB" for row in rows])
        self.people, person = np.unique(both, axis=0, return_inverse=True)
        self.first, self.second = person.reshape(2, -1)
        self.chosen = np.array([row["Choice"] == "1" for row in rows])
        self.counters = {COUNTERS[name]: self.people[:, place] for place, name in enumerate(COUNTERS)}

    def auc(self, score, pairs=slice(None)):
        """How often the difference of scores puts a pair that chose the first above one that chose the second."""
        difference, chosen = (score[self.first] - score[self.second])[pairs], self.chosen[pairs]
        ones, ranks = chosen.sum(), rankdata(difference)
        return (ranks[chosen].sum() - ones * (ones + 1) / 2) / (ones * (len(chosen) - ones))

    def log_linear(self, pairs):
        """Logarithms of the four counters, their weights fitted on `pairs`."""
        names = ("followers", "listed", "mentions_received", "retweets_received")
        logs = np.stack([np.log1p(self.counters[name]) for name in names], axis=1)
        difference = (logs[self.first] - logs[self.second])[pairs] * np.where(self.chosen[pairs], 1, -1)[:, None]
        fitted = minimize(lambda weights: np.logaddexp(0, -difference @ weights).mean(), np.full(4, 0.1))
        return logs @ fitted.x


@pytest.fixture
def pairs(data):
    return Pairs(data / "peerindex" / "public_train.csv")


def test_it_ranks_people_as_judges_do(pairs):
    score = score_values(pairs.counters, rows=len(pairs.people), network="twitter", version="v1")
    assert len(pairs.people) == 467
    assert pairs.auc(score) == pytest.approx(0.837, abs=0.001)
    assert pairs.auc(score) > max(pairs.auc(pairs.counters[name]) for name in ("followers", "listed")) + 0.005
    # On people that the log-linear score was not fitted on, v1 is level with it.
    random = np.random.default_rng(1)
    gains = []
    for _ in range(12):
        held_out = random.random(len(pairs.people)) < 0.4
        fit = ~held_out[pairs.first] & ~held_out[pairs.second]
        test = held_out[pairs.first] & held_out[pairs.second]
        gains.append(pairs.auc(score, test) - pairs.auc(pairs.log_linear(fit), test))
    assert np.mean(gains) > -0.005
