"""The command `backtest`: what it reads, what it refuses, and that its figures are the ones it says."""

import gzip
import json
from datetime import date
from io import StringIO
from itertools import pairwise

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scoring.backtest import baselines, edges, splitting, trial
from scoring.backtest.agreement import Ties, agreements, correlation, figures
from scoring.formula import RELEASED
from tests.scoring import graphs

DAY = 86_400_000_000
BEGIN = 1_700_000_000


def backtest(*arguments, **options) -> str:
    out = StringIO()
    call_command("backtest", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def town(tmp_path):
    """A file of a small town's reactions over 100 days."""
    return graphs.write(tmp_path / "town.txt", *graphs.draw("stationary", people=120, events=1_500, days=100))


def text(tmp_path, content: str, name: str = "edges.csv"):
    path = tmp_path / name
    path.write_text(content)
    return path


def read_pairs(found: edges.Edges) -> list[tuple[int, int, int]]:
    return list(zip(found.actor.tolist(), found.target.tolist(), (found.at // 1_000_000).tolist(), strict=True))


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    "content",
    [
        "1 2 1082040961\n3 4 1082155839\n",
        "1\t2\t1082040961\n3\t4\t1082155839",
        "1, 2, 1082040961\r\n3, 4, 1082155839\r\n",
        "# actor target, seconds since 1970\n1 2 1082040961\n\n3 4 1082155839\n",
        "% asym positive\n1 2 1\t1082040961\n3 4 1\t1082155839\n",
        "target,actor,verb,occurred_at\n2,1,mention,2004-04-15T14:56:01Z\n4,3,reply,1082155839000\n",
        "time;source;target\n1082040961;1;2\n1082155839;3;4\n",
        '1,"2",1082040961.0\n3,4,1082155839.0\n',
        "1 2 1082040961 RT\n3 4 1082155839 MT\n",
    ],
)
def test_one_file_is_read_alike_however_its_columns_are_separated_and_named(tmp_path, content):
    found = edges.read(text(tmp_path, content))
    assert read_pairs(found) == [(0, 1, 1082040961), (2, 3, 1082155839)]
    zipped = tmp_path / "edges.gz"
    zipped.write_bytes(gzip.compress(content.encode()))
    assert read_pairs(edges.read(zipped)) == read_pairs(found)


def test_columns_are_named_by_a_mapping(tmp_path):
    path = text(tmp_path, "when,whom,who\n1082040961,7,5\n1082155839,5,7\n")
    found = edges.read(path, mapping=edges.parse_mapping("time=when,target=whom,actor=3"))
    assert read_pairs(found) == [(0, 1, 1082040961), (1, 0, 1082155839)]
    with pytest.raises(edges.BadEdges, match="no column 'whose'"):
        edges.read(path, mapping={"target": "whose"})
    with pytest.raises(edges.BadEdges, match="'whom=target' is not OURS=THEIRS"):
        edges.parse_mapping("whom=target")


def test_rows_that_cannot_be_read_are_told_by_their_number_and_lose_no_other_row(tmp_path):
    rows = [f"{i % 50} {(i * 7 + 1) % 50} {BEGIN + 3_600 * i}" for i in range(1, 4_000)]
    rows[1_000] = "12"
    rows[2_999] = "5 6 soon"
    rows[3_500] = f"8 8 {BEGIN}"
    rows[3_600] = rows[3_599]
    found = edges.read(text(tmp_path, "\n".join(rows)))
    assert len(found) == 3_997
    notes = "\n".join(found.notes)
    assert "row 1,001 is left out: it has 1 columns where 3 are needed" in notes
    assert "row 3,000 is left out: occurred_at 'soon'" in notes
    assert "1 of 3,997 rows (3,501) is to oneself" in notes
    assert "1 of 3,997 rows (3,601) is said before" in notes


def test_numbers_and_names_are_told_apart_however_far_into_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(edges, "BLOCK", 1 << 12)
    plain = [f"{i % 90} {(i * 7) % 90} {BEGIN + 60 * i}" for i in range(9_000)]
    ends = [f"alice 7 {BEGIN}", f"007 alice {BEGIN}", f"7 {2**70} {BEGIN}"]
    found = edges.read(text(tmp_path, "\n".join([*plain, *ends])))
    assert found.people == 90 + 3
    actor, target = found.actor[-3:], found.target[-3:]
    assert (actor[0], actor[2]) == (target[1], target[0])
    assert actor[1] != actor[2]
    # The plain rows are the same people, whichever way a block was parsed.
    assert found.actor[:9_000].tolist() == [i % 90 for i in range(9_000)]


def test_weights_are_reactions_where_there_are_no_times(tmp_path):
    path = text(tmp_path, "1 2 3\n2 3 1\n3 1 5000\n4 1 0\n")
    found = edges.read(path, timed=False)
    assert found.repeats.tolist() == [3, 1, edges.MOST_REPEATS]
    assert any("row 4 is left out: the weight '0'" in note for note in found.notes)
    assert any("weigh more than 1,000" in note for note in found.notes)


# ---------------------------------------------------------------- splitting


def test_the_score_sees_nothing_of_what_comes_after(town):
    found = edges.read(town)
    moment = splitting.moment_at_share_of_events(found, 0.5)
    split = splitting.after(found, moment)
    # The last known moment comes just before the midnight that the engine counts up to.
    assert split.known.at.max() < splitting.moment_of(split.known.as_of)
    assert len(split.known.at) == (found.at < moment).sum() == split.reactions_before
    other = edges.read(town)
    shuffled = np.where(other.at >= moment, np.random.default_rng(2).permutation(other.target), other.target)
    changed = splitting.after(
        edges.Edges(other.actor, shuffled, other.at, other.verb, other.repeats, other.row, other.people), moment
    )
    same = [trial.scores(one.known, network="mastodon", version="v1") for one in (split, changed)]
    assert (same[0] == same[1]).all()
    assert (changed.truth != split.truth).any()


def test_the_truth_is_how_many_different_others_react_later(tmp_path):
    later = BEGIN + 90 * 86_400
    rows = ["1 2", "2 3", "3 1"]
    after = ["1 2", "1 2", "3 2", "2 2", "9 2", "1 3"]
    path = text(tmp_path, "\n".join([f"{row} {BEGIN}" for row in rows] + [f"{row} {later}" for row in after]))
    split = splitting.after(edges.read(path), (later - 60) * 1_000_000)
    assert split.known.people.tolist() == [0, 1, 2]
    assert split.truth.tolist() == [0, 3, 1]
    near = splitting.after(edges.read(path), (BEGIN + 86_400) * 1_000_000, horizon=100)
    assert near.truth.tolist() == [0, 3, 1]
    with pytest.raises(edges.BadEdges, match="nothing happened after"):
        splitting.after(edges.read(path), (BEGIN + 86_400) * 1_000_000, horizon=10)


def test_hidden_actors_are_hidden_with_all_they_did(town):
    found = edges.read(town, timed=False)
    split = splitting.hidden_actors(found, seed=4)
    seen = np.unique(split.known.actor)
    assert 0.3 < len(seen) / len(np.unique(found.actor)) < 0.7
    assert len(split.known.actor) == np.isin(found.actor, seen).sum()
    assert split.truth.max() <= found.people - len(seen)


# ---------------------------------------------------------------- figures


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=40))
def test_the_rank_correlation_is_spearmans_with_ties(rows):
    one, other = np.array(rows, dtype=np.float64).T
    ranks = [Ties(values).ranks(np.ones(len(rows))) for values in (one, other)]
    expected = stats.spearmanr(one, other).statistic if np.ptp(one) and np.ptp(other) else 0.0
    assert correlation(*ranks, np.ones(len(rows))) == pytest.approx(expected, abs=1e-12)


def test_a_resample_is_figured_as_if_people_stood_there_so_many_times():
    random = np.random.default_rng(1)
    truth, measure = random.integers(0, 30, 200).astype(float), random.integers(0, 30, 200).astype(float)
    times = random.integers(0, 4, 200)
    quick = figures(Ties(truth), [Ties(measure)], times.astype(float))
    slow = figures(Ties(np.repeat(truth, times)), [Ties(np.repeat(measure, times))], np.ones(times.sum()))
    assert quick == pytest.approx(slow)


def test_ties_across_the_border_of_the_top_count_by_the_same_fraction():
    # 100 people: 3 at the top, then 4 alike for the 2 places left.
    values = np.array([9.0] * 3 + [5.0] * 4 + [1.0] * 93)
    top = Ties(values).top(np.ones(100), 5.0)
    assert top.tolist() == [1.0] * 3 + [0.5] * 4 + [0.0] * 93
    ((_, precision),) = figures(Ties(values), [Ties(values)], np.ones(100))
    assert precision == pytest.approx((3 + 4 * 0.25) / 5)


def test_a_perfect_measure_is_told_from_a_random_one_with_its_interval():
    random = np.random.default_rng(3)
    truth = random.permutation(400).astype(float)
    found = agreements(truth, {"same": truth, "noise": random.random(400)}, reference="same", seed=1)
    assert found["same"].spearman.value == pytest.approx(1.0)
    assert found["same"].precision.value == pytest.approx(1.0)
    assert found["noise"].spearman.low < 0.0 < found["noise"].spearman.high
    assert found["noise"].behind_spearman.low > 0.8
    again = agreements(truth, {"same": truth, "noise": np.ones(400)}, reference="same", seed=1)
    assert again["noise"].spearman.value == 0.0


def test_baselines_are_what_they_are_called():
    day = splitting.SOME_DAY
    midnight = splitting.moment_of(day)
    # 0 and 1 react to 2; 2 reacts to 3, four times; 3 to itself.
    actor, target = np.array([0, 1, 2, 2, 2, 2, 3]), np.array([2, 2, 3, 3, 3, 3, 3])
    at = midnight - np.array([7, 14, 30, 30, 30, 30, 1]) * DAY
    known = splitting.Known(actor, target, at, np.full(7, 4), np.arange(4), day, timed=True)
    found = baselines.of(known)
    assert found["distinct reactors"].tolist() == [0, 0, 2, 1]
    assert found["reactions"].tolist() == [0, 0, 2, 4]
    assert found["recent reactions, 7 days"] == pytest.approx([0, 0, 0.75, 4 * 2 ** (-30 / 7)])
    assert found["recent reactions, 30 days"][3] == pytest.approx(2.0)
    # TunkRank by hand: nobody reacts to 0 and 1, who react to 2 alone; 2 reacts to 3 alone.
    assert found["TunkRank"] == pytest.approx([0, 0, 2, 1 + 0.5 * 2])
    assert found["PageRank"][3] > found["PageRank"][2] > found["PageRank"][0]


# ---------------------------------------------------------------- the command


def test_the_command_prints_the_score_beside_each_baseline(town, tmp_path):
    said = backtest(town, "--split", "0.4", "0.6", "--json", tmp_path / "out.json")
    for name in (
        f"score, {RELEASED}",
        "distinct reactors",
        "recent reactions, 7 days",
        "PageRank",
        "TunkRank",
        "Mean of 2 splits",
    ):
        assert name in said
    kept = json.loads((tmp_path / "out.json").read_text())
    assert [len(split["measures"]) for split in kept["splits"]] == [7, 7]
    spearman = kept["splits"][0]["measures"][f"score, {RELEASED}"]["spearman"]
    assert spearman["low"] < spearman["value"] < spearman["high"]
    assert f"{spearman['value']:.3f} ({spearman['low']:.3f} to {spearman['high']:.3f})" in said
    assert backtest(town, "--split", "0.4", "0.6") == said
    assert backtest(town, "--split", "0.4", "0.6", "--seed", "2") != said


def test_each_guard_is_tried_by_itself(town):
    said = backtest(town, "--guards", "each")
    scores = [
        line.split("  ")[0]
        for line in said.splitlines()
        if line.startswith(f"score, {RELEASED}") and " less " not in line
    ]
    assert scores == [f"score, {RELEASED}{words}" for words in ("", ", no guards", ", bursts alone", ", circles alone")]
    assert f"score, {RELEASED}, no guards" in backtest(town, "--guards", "off")


def test_the_order_of_rows_changes_nothing(town, tmp_path):
    lines = town.read_text().splitlines()
    shuffled = text(tmp_path, "\n".join(lines[::-1]), "turned.txt")
    assert backtest(town).split("\n", 1)[1] == backtest(shuffled).split("\n", 1)[1]


def test_a_file_without_times_is_refused_with_the_way_out(tmp_path):
    path = text(tmp_path, "".join(f"{i % 40} {i * 7 % 31} {1 + i % 3}\n" for i in range(400)), "mentions.edgelist")
    with pytest.raises(CommandError, match="--no-times"):
        backtest(path)
    said = backtest(path, "--no-times")
    assert "50% of the actors hidden" in said
    assert "recent reactions" not in said
    with pytest.raises(CommandError, match="--no-times"):
        backtest(text(tmp_path, "1 2\n2 3\n"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name one file"),
        (["nowhere.txt"], "there is no such file"),
        (["{town}", "--lake"], "Name one file"),
        (["{town}", "--at", "1999-01-01"], "nothing happened before"),
        (["{town}", "--at", "2099-01-01"], "nothing happened after"),
        (["{town}", "--at", "yesterday"], "is no day"),
        (["{town}", "--split", "1.5"], "no share between 0 and 1"),
        (["{town}", "--formula", "v0"], "There is no formula 'v0'"),
        (["{town}", "--verb", "visit"], "mastodon has no verb 'visit'"),
        (["{town}", "--no-times", "--horizon", "30"], "no --horizon"),
        (["--lake", "--map", "actor=1"], "about a file"),
        (["{town}", "--json", "/nowhere/out.json"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(town, arguments, message):
    with pytest.raises(CommandError, match=message) as refused:
        backtest(*(argument.format(town=town) for argument in arguments))
    assert "\n" not in str(refused.value)


def test_ones_own_log_is_tested_as_its_file_would_be(happen, tmp_path):
    actor, target, at = graphs.draw("stationary", people=60, events=500, days=60)
    base = 1_775_000_000 - 1_700_000_000
    rows = [(f"p{t}", f"p{a}", "mention", str(s + base)) for a, t, s in zip(actor, target, at, strict=True)]
    happen(rows, network="mastodon")
    path = text(tmp_path, "\n".join(f"p{a} p{t} {s + base}" for a, t, s in zip(actor, target, at, strict=True)))
    day = date.fromtimestamp(1_775_000_000 + 30 * 86_400).isoformat()
    backtest("--lake", "--at", day, "--json", tmp_path / "own.json")
    backtest(path, "--at", day, "--json", tmp_path / "file.json")
    own, file = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("own", "file"))
    for measure, means in own["means"].items():
        assert means == pytest.approx(file["means"][measure]), measure
    assert own["splits"][0]["reactions_after"] == file["splits"][0]["reactions_after"] > 100


@pytest.mark.parametrize("kind", graphs.KINDS)
def test_the_graphs_are_what_they_are_called(kind):
    actor, target, at = graphs.draw(kind, people=400, events=6_000)
    assert len(actor) == len(target) == len(at)
    assert all(one <= other for one, other in pairwise(at.tolist()))
    pairs = len(set(zip(actor.tolist(), target.tolist(), strict=True)))
    assert pairs > 4_000 if kind == "few repeats" else pairs < 4_500


# How far the score may be behind the best baseline, in the mean of its rank correlations.
BEHIND = 0.04


def test_of_private_messages_the_score_sees_ahead_as_far_as_the_best_baseline(data):
    found = edges.read(data / "graphs" / "collegemsg" / "CollegeMsg.txt")
    trials = []
    for share in (0.3, 0.5, 0.7):
        split = splitting.after(found, splitting.moment_at_share_of_events(found, share))
        by_score = {"score": trial.scores(split.known, network="mastodon", version="v1")}
        measures = {**by_score, **baselines.of(split.known)}
        values = figures(Ties(split.truth), [Ties(one) for one in measures.values()], np.ones(len(split.truth)))[:, 0]
        trials.append(dict(zip(measures, values.tolist(), strict=True)))
    mean = {name: np.mean([one[name] for one in trials]) for name in trials[0]}
    score, seven = mean.pop("score"), mean.pop("recent reactions, 7 days")
    assert score > max(mean.values())
    assert score > seven - BEHIND
