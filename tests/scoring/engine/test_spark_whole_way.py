"""From the log to published scores with the computation elsewhere: the same scores, or a clear word why not."""

import importlib.util
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from scoring import daily, elsewhere, formula
from scoring.engine import spark_session
from scoring.engine.folders import BadFolder
from scoring.models import AccountScore, Component, Score, ScoreHistory, ScoreRun
from tests.scoring.conftest import AT, TODAY, names, replies


def published() -> dict[str, list]:
    """What readers see, by table."""
    return {
        "people": list(
            Score.objects.order_by("person").values_list(
                "person", "score", "reach", "amplification", "network_part", "percentile"
            )
        ),
        "accounts": list(AccountScore.objects.order_by("account").values_list("account", "score", "standing")),
        "leaves": list(
            Component.objects.order_by("person", "network", "account", "part", "feature").values_list("value", "points")
        ),
        "history": list(ScoreHistory.objects.order_by("person_id", "as_of").values_list("person_id", "score")),
    }


def texts() -> list[list[tuple]]:
    by_leaf = Component.objects.order_by("person", "network", "account", "part", "feature")
    return [
        list(Score.objects.order_by("person").values_list("confidence", "formula", "as_of")),
        list(by_leaf.values_list("person", "network", "part", "feature")),
    ]


def test_what_a_job_computed_is_published_as_the_daily_run_would(spark, join, happen, tmp_path: Path):
    from scoring.engine import spark_job

    join("Alice", twitter="a", facebook="fa")
    join("Bob", twitter="b")
    join("Nobody", mastodon="n")
    happen(replies("a", names("fan", 40)) + replies("a", ["b", "a"], "2026-10-30"))
    happen(replies("b", ["a", *names("other", 12)]) + replies("fan1", ["b"]))
    happen(replies("fa", names("friend", 9), "2026-10-31"), network="facebook")
    daily.run(as_of=TODAY, at=AT)
    expected, told = published(), texts()
    assert expected["people"][0][1] > expected["people"][1][1] > expected["people"][2][1]

    folder = tmp_path / "work"
    elsewhere.prepare(address=str(folder), as_of=TODAY, at=AT)
    with pytest.raises(BadFolder, match="not empty"):
        elsewhere.prepare(address=str(folder), as_of=TODAY, at=AT)
    with pytest.raises(BadFolder, match=r"holds no done\.json"):
        elsewhere.publish(address=str(folder), at=AT)
    written = spark_job.run(str(folder), spark=spark)
    assert written["people"] == 3
    run = elsewhere.publish(address=str(folder), at=AT)
    assert (run.state, run.as_of, run.formula) == (ScoreRun.State.DONE, TODAY, formula.RELEASED)
    assert texts() == told
    for table, rows in published().items():
        assert len(rows) == len(expected[table]), table
        for row, other in zip(rows, expected[table], strict=True):
            assert row == pytest.approx(other, rel=0, abs=1e-9), table

    # What is published is what the job wrote, not what is computed here once more.
    [file] = (folder / "accounts").glob("*.parquet")
    table = pq.read_table(file)
    place = table.column_names.index("score")
    pq.write_table(table.set_column(place, "score", pc.add(table["score"], 1.0)), file)
    # And who linked an account meanwhile has a score all the same.
    dave = join("Dave", twitter="fan1")
    elsewhere.publish(address=str(folder), at=AT)
    raised = dict(AccountScore.objects.values_list("account", "score"))
    assert raised == pytest.approx({account: score + 1.0 for account, score, _ in expected["accounts"]})
    assert {person: score for person, score, *_ in published()["people"] if person != dave.pk} == pytest.approx(
        {person: score for person, score, *_ in expected["people"]}, rel=0, abs=1e-9
    )
    assert Score.objects.get(person=dave).score > 1.0


def test_the_command_refuses_what_makes_no_sense(db, tmp_path: Path):
    with pytest.raises(CommandError, match="holds no done"):
        call_command("recompute", **{"from": str(tmp_path)})
    with pytest.raises(CommandError, match="leave the other options out"):
        call_command("recompute", f"--from={tmp_path}", "--as-of=2026-11-01")
    with pytest.raises(CommandError, match="not allowed with argument"):
        call_command("recompute", f"--from={tmp_path}", f"--prepare={tmp_path}")
    (tmp_path / "done.json").write_text('{"as_of": "2026-11-01", "formula": "v99", "seconds": 1}')
    with pytest.raises(CommandError, match="no formula 'v99'"):
        call_command("recompute", f"--from={tmp_path}")


def test_an_operator_is_told_what_spark_lacks(db, settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: object() if name in spark_session.PACKAGES else found(name)
    )
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert "klout.E025" not in [message.id for message in run_checks()]
    settings.ENGINE = "spark"
    [message] = [message for message in run_checks() if message.id == "klout.E025"]
    assert "There is no Java" in message.msg
    with pytest.raises(CommandError, match="There is no Java"):
        call_command("recompute", "--as-of=2026-10-01")
    assert ScoreRun.objects.get().state == ScoreRun.State.FAILED


def test_the_daily_run_computes_on_spark_where_it_is_told_to(spark, join, happen):
    join("Alice", twitter="a")
    happen(replies("a", names("fan", 5)))
    assert spark_session.missing() is None
    said: list[str] = []
    output = daily.compute(TODAY, on="spark", say=lambda stage, text: said.append(text))
    expected = daily.compute(TODAY, on="duckdb")
    assert output.features.account.tolist() == expected.features.account.tolist()
    assert {name: values.tolist() for name, values in output.features.columns.items()} == {
        name: values.tolist() for name, values in expected.features.columns.items()
    }
    assert "int_edges: 5 rows" in said
