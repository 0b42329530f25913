"""YouTube stays apart from the sum until the operator switches it on, and what it would bring is said all the same."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import LinkedAccount, Membership, Person
from scoring import daily, formula, privacy
from scoring.formula import v1
from scoring.models import Component, FormulaSwitch, Score, ScoreHistory
from tests.scoring.conftest import AT, TODAY, names, replies
from tests.scoring.formula.given import Row, alice, reactions, some_rows, table_of, unhurried

GOOGLE, OTHER = 5, 99
SWITCHED = f"{formula.RELEASED}+youtube"


def score_by(version: str, *rows: Row) -> float:
    return float(formula.get(version).score(table_of(rows), np.ones(len(rows), dtype=np.int64)).score[0])


@pytest.fixture
def people(join, happen) -> tuple[Person, Person, Person]:
    """Alice on Twitter and YouTube, Bob on Twitter alone, Carol with a channel on which nothing was seen yet."""
    people = join("Alice", twitter="a", google="ya"), join("Bob", twitter="b"), join("Carol", twitter="c", google="yc")
    happen([*replies("a", names("fan", 9)), *replies("b", names("fan", 9))])
    happen(replies("ya", names("viewer", 30)), network="google")
    return people


def apart() -> dict[str, float | None]:
    return dict(Score.objects.values_list("person__handle", "apart"))


def told(client: Client, handle: str) -> str:
    return " ".join(client.get(f"/{handle}/why").content.decode().split())


# ---------------------------------------------------------------- the formula


def test_switched_on_youtube_counts_as_networks_without_a_weight_of_their_own_do() -> None:
    known = {"follow_actors_ever": 100, **reactions(10, 20)}
    assert score_by(formula.RELEASED, alice(GOOGLE, **known)) == 1.0
    assert score_by(SWITCHED, alice(GOOGLE, **known)) == score_by(formula.RELEASED, alice(OTHER, **known)) > 10
    switched = formula.get(SWITCHED)
    assert switched.version == SWITCHED
    assert formula.counting_apart(formula.RELEASED) is switched
    assert formula.counting_apart(SWITCHED) is None
    assert formula.counting_apart("plain") is None
    assert v1.FORMULA.network_weights[GOOGLE] == 0


@unhurried
@given(rows=some_rows(min_size=1), network=st.sampled_from([1, 2, GOOGLE]))
def test_it_changes_nothing_but_youtube_and_takes_from_nobody(rows, network) -> None:
    assert score_by(SWITCHED, *rows) == score_by(formula.RELEASED, *rows)
    with_it = [*rows, alice(GOOGLE, 10**12 + 1, **reactions(5, 9))]
    assert score_by(formula.RELEASED, *with_it) == score_by(formula.RELEASED, *rows)
    assert score_by(SWITCHED, *with_it) >= score_by(formula.RELEASED, *rows)


# ---------------------------------------------------------------- what is published


@pytest.mark.django_db
def test_what_youtube_would_bring_stands_beside_the_score_for_its_owner_and_visitors(people, client: Client) -> None:
    daily.run(as_of=TODAY, at=AT)
    scores = {score.person.handle: score for score in Score.objects.select_related("person")}
    # The same reactions on Twitter, the same score: YouTube is no part of it.
    assert scores["Alice"].score == scores["Bob"].score
    assert scores["Alice"].apart == pytest.approx(apart()["Alice"])
    assert (apart()["Alice"] or 0) > 3
    assert apart()["Bob"] is None
    assert apart()["Carol"] == 0
    words = f"YouTube, apart from the score: +{scores['Alice'].apart:.1f}."
    assert words in told(client, "alice")
    assert "terms do not allow" in told(client, "alice")
    client.force_login(Membership.objects.get(person=people[0]).user)
    assert words in told(client, "alice")
    assert "apart from the score" not in told(client, "bob") + told(client, "carol")
    out = StringIO()
    call_command("explain", "alice", stdout=out)
    assert f"YouTube, apart from the score: +{scores['Alice'].apart:.1f}. Its terms" in out.getvalue()
    assert f"switches to {SWITCHED}" in out.getvalue()
    for command in (
        ("explain", "ya", "--network", "google"),
        ("whatif", "alice", "--network", "google", "--feature", "reply_actors_recent", "--to", "500"),
    ):
        out = StringIO()
        call_command(*command, stdout=out)
        assert "Google (YouTube) stays apart from the score: nothing there" in out.getvalue()
    call_command("explain", "a", "--network", "twitter", stdout=(out := StringIO()))
    assert "stays apart" not in out.getvalue()
    assert privacy.export_person(people[0])["score"][0]["apart"] == scores["Alice"].apart


@pytest.mark.django_db
def test_an_import_between_two_runs_tells_it_anew_and_unlinking_takes_it_off(people, happen) -> None:
    daily.run(as_of=TODAY, at=AT)
    before = apart()["Alice"] or 0
    happen(replies("ya", names("late", 100), "2026-10-31"), network="google")
    daily.provisional(persons=[people[0].pk], at=AT)
    assert (apart()["Alice"] or 0) > before + 1
    LinkedAccount.objects.filter(account__external_id="ya").delete()
    daily.provisional(persons=[people[0].pk], at=AT)
    assert apart()["Alice"] is None


@pytest.mark.django_db
def test_the_operator_switches_it_on_as_any_formula_and_off_again(people, client: Client) -> None:
    daily.run(as_of=TODAY, at=AT)
    score, more = Score.objects.values_list("score", "apart").get(person=people[0])
    with pytest.raises(CommandError, match=r"v2\+youtube has not run in shadow yet"):
        call_command("switch_formula", SWITCHED)
    out = StringIO()
    call_command("shadow_formula", SWITCHED, stdout=out)
    call_command("compare_formulas", formula.RELEASED, SWITCHED, stdout=out)
    assert "Google (YouTube)" in out.getvalue()
    call_command("switch_formula", SWITCHED, "--force", "we may", stdout=out)
    assert FormulaSwitch.objects.get().formula == SWITCHED
    daily.run(as_of=TODAY, at=AT, version=SWITCHED)
    now = Score.objects.get(person=people[0])
    assert (now.formula, now.apart) == (SWITCHED, None)
    assert now.score == pytest.approx(score + more)
    assert ScoreHistory.objects.get(person_id=people[0].pk).networks["google"] > 0
    assert Component.objects.filter(person=people[0], network="google").exists()
    assert "apart from the score" not in told(client, "alice")
    call_command("switch_formula", "--back", stdout=out)
    assert Score.objects.values_list("score", "apart").get(person=people[0]) == (score, pytest.approx(more))


# ---------------------------------------------------------------- a table of counters


def test_a_table_of_channels_is_not_given_ones_in_silence(tmp_path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("name,subscribers,views\nAlice,1000,50\nBob,10,1\n")
    with pytest.raises(CommandError, match=r"does not count google.*score of 1; v2\+youtube counts it \(--formula\)"):
        call_command("score_counters", str(source), str(out), "--network", "google")
    assert not out.exists()
    call_command(
        *("score_counters", str(source), str(out), "--network", "google", "--formula", SWITCHED), stderr=StringIO()
    )
    scores = [float(line.rpartition(",")[2]) for line in out.read_text().splitlines()[1:]]
    assert scores[0] > scores[1] > 1
