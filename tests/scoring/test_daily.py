"""The daily run as an operator and a member notice it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts import pauses
from accounts.models import Account, LinkedAccount, Pause
from scoring import daily, publish
from scoring.models import AccountScore, Award, Component, Score, ScoreHistory, ScoreRun, UnlinkEffect
from tests.conftest import ROOT
from tests.scoring.conftest import AT, TODAY, names, replies

PARTS = ("reach", "amplification", "network_part")


def test_more_people_reacting_makes_a_higher_score(join, happen):
    alice, bob, charlie = join("Alice", twitter="a"), join("Bob", twitter="b"), join("Charlie", twitter="c")
    happen([*replies("a", names("fan", 40)), *replies("b", names("fan", 4))])
    daily.run(as_of=TODAY, at=AT)
    scores = {score.person_id: score.score for score in Score.objects.all()}
    assert scores[alice.pk] > scores[bob.pk] > scores[charlie.pk] == 1.0


def test_parts_leaves_and_networks_add_up_to_the_score(join, happen):
    join("Alice", twitter="a", facebook="fa")
    happen(replies("a", names("fan", 12)))
    happen(replies("fa", names("friend", 7)), network="facebook")
    daily.run(as_of=TODAY, at=AT)
    score = Score.objects.get()
    history = ScoreHistory.objects.get()
    assert sum(getattr(score, part) for part in PARTS) == pytest.approx(score.score, abs=1e-6)
    assert sum(leaf.points for leaf in Component.objects.all()) == pytest.approx(score.score, abs=1e-6)
    assert set(history.networks) == {"twitter", "facebook"}
    assert 1 + sum(history.networks.values()) == pytest.approx(score.score, abs=1e-6)
    for part, column in (("reach", "reach"), ("amplification", "amplification"), ("network", "network_part")):
        points = sum(leaf.points for leaf in Component.objects.filter(part=part))
        assert points == pytest.approx(getattr(score, column), abs=1e-6)


def test_every_account_seen_gets_a_score_actors_too(join, happen):
    join("Alice", twitter="a")
    happen(replies("a", ["fan1", "fan2"]) + replies("stranger", ["fan1"]))
    daily.run(as_of=TODAY, at=AT)
    assert AccountScore.objects.count() == 4
    assert AccountScore.objects.filter(score=1.0).count() == 2
    # Percentiles are among members and those whom anybody reacted to.
    assert ScoreRun.objects.get().counts["population"] == 2


def test_only_what_happened_before_the_day_counts(join, happen):
    join("Alice", twitter="a")
    happen([("a", "fan1", "reply", "2026-10-31T23:59:59Z"), ("a", "fan2", "reply", "2026-11-01T00:00:00Z")])
    daily.run(as_of=TODAY, at=AT)
    before = Score.objects.get().score
    daily.run(as_of=date(2026, 11, 2), at=AT.replace(day=2))
    assert before > 1
    assert Score.objects.get().score > before


def test_the_same_log_gives_the_same_rows(join, happen):
    join("Alice", twitter="a")
    join("Bob", twitter="b")
    happen(replies("a", names("fan", 30)) + replies("b", ["a", "fan1"]))

    def rows() -> list:
        fields = ("person_id", "score", *PARTS, "percentile", "confidence", "networks")
        return list(ScoreHistory.objects.order_by("person_id").values_list(*fields))

    daily.run(as_of=TODAY, at=AT)
    first, first_leaves = rows(), sorted(Component.objects.values_list("feature", "points"))
    daily.run(as_of=TODAY, at=AT)
    assert rows() == first
    assert sorted(Component.objects.values_list("feature", "points")) == first_leaves
    assert ScoreHistory.objects.count() == 2


def test_a_finished_day_run_again_counts_what_came_late(join, happen):
    join("Alice", twitter="a")
    happen(replies("a", names("fan", 3)))
    daily.run(as_of=TODAY, at=AT)
    before = ScoreHistory.objects.get().score
    happen(replies("a", names("late", 3), day="2026-10-20"))
    daily.run(as_of=TODAY, at=AT)
    assert ScoreHistory.objects.get().score > before


def test_a_past_day_leaves_the_current_score_alone(join, happen):
    join("Alice", twitter="a")
    happen(replies("a", names("fan", 3), day="2026-08-01") + replies("a", names("new", 9)))
    daily.run(as_of=TODAY, at=AT)
    current = Score.objects.get()
    daily.run(as_of=date(2026, 9, 1), at=AT)
    past = ScoreHistory.objects.get(as_of=date(2026, 9, 1))
    after = Score.objects.get()
    assert (after.score, after.as_of) == (current.score, TODAY)
    assert 1 < past.score < current.score


def test_history_of_any_month_finds_its_partition(join, happen):
    join("Alice", twitter="a")
    happen(replies("a", ["fan"], day="2014-10-14"))
    for day in (date(2014, 10, 31), date(2014, 12, 31), date(2026, 11, 1)):
        daily.run(as_of=day, at=AT)
    assert ScoreHistory.objects.count() == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scoring_scorehistory_2014_12")
        assert cursor.fetchone() == (1,)


def test_ones_own_reactions_bring_nothing(join, happen):
    join("Alice", twitter="a", facebook="fa")
    join("Bob", twitter="b")
    happen(replies("a", ["a"] * 20 + ["fan"]) + replies("b", ["fan"]))
    daily.run(as_of=TODAY, at=AT)
    alice, bob = Score.objects.order_by("person__handle")
    assert alice.score == pytest.approx(bob.score)


def test_achievements_are_awarded_once_and_stay(join, happen):
    alice = join("Alice", twitter="a")
    happen(replies("a", names("fan", 12)))
    daily.run(as_of=TODAY, at=AT)
    daily.run(as_of=date(2026, 11, 2), at=AT.replace(day=2))
    awards = Award.objects.filter(person=alice, family="people")
    assert {(award.level, award.earned_on) for award in awards} == {(1, TODAY), (2, TODAY)}


def test_two_runs_at_once_are_impossible(join, happen, transactional_db, monkeypatch):
    join("Alice", twitter="a")
    parameters = connection.get_connection_params() | {"autocommit": True}
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    with psycopg.connect(**{k: v for k, v in parameters.items() if k != "prepare_threshold"}) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [daily.LOCK])
        with pytest.raises(daily.AlreadyRunning):
            daily.run(as_of=TODAY, at=AT)
        assert not ScoreRun.objects.exists()
        # The negative control: it is the lock that stops the second, and nothing else.
        with monkeypatch.context() as patch:
            patch.setattr(daily, "only_one", nullcontext)
            patch.setattr(daily, "PATIENCE", 1)
            daily.run(as_of=date(2026, 10, 31), at=AT)
        assert ScoreRun.objects.count() == 1
    daily.run(as_of=TODAY, at=AT)
    assert ScoreRun.objects.get(as_of=TODAY).state == ScoreRun.State.DONE


class Broken(Exception):
    pass


def crash(*args: object, **kwargs: object) -> None:
    raise Broken("the disk is full")


def test_a_crashed_run_is_seen_and_taken_up_on_an_unchanged_log(join, happen, monkeypatch):
    join("Alice", twitter="a")
    happen(replies("a", names("fan", 3)))
    with monkeypatch.context() as patch:
        patch.setattr(publish, "write_components", crash)
        with pytest.raises(Broken):
            daily.run(as_of=TODAY, at=AT)
    failed = ScoreRun.objects.get()
    assert (failed.state, failed.stage) == (ScoreRun.State.FAILED, "compute")
    assert "the disk is full" in failed.error
    assert not Score.objects.exists()
    assert not ScoreHistory.objects.exists()
    # Computing again would be seen: it must not happen.
    monkeypatch.setattr(daily, "compute", crash)
    taken_up = daily.run(as_of=TODAY, at=AT)
    assert (taken_up.pk, taken_up.state) == (failed.pk, ScoreRun.State.DONE)
    assert Score.objects.get().score > 1


def test_a_crashed_run_is_computed_anew_when_the_log_changed(join, happen, monkeypatch):
    join("Alice", twitter="a")
    happen(replies("a", names("fan", 3)))
    with monkeypatch.context() as patch:
        patch.setattr(publish, "write_scores", crash)
        with pytest.raises(Broken):
            daily.run(as_of=TODAY, at=AT)
    happen(replies("a", names("late", 30)))
    run = daily.run(as_of=TODAY, at=AT)
    assert run.pk != ScoreRun.objects.earliest("pk").pk
    assert AccountScore.objects.count() == 34


def test_a_crashed_run_is_computed_anew_when_somebody_linked_an_account(join, happen, monkeypatch):
    alice = join("Alice", twitter="a")
    happen(replies("a", ["second", *names("fan", 3)]))
    with monkeypatch.context() as patch:
        patch.setattr(publish, "write_scores", crash)
        with pytest.raises(Broken):
            daily.run(as_of=TODAY, at=AT)
    LinkedAccount.objects.create(account=Account.objects.get(external_id="second"), person=alice)
    daily.run(as_of=TODAY, at=AT)
    # What was a fan's reaction is now her own.
    people = Component.objects.get(feature="any_actors_long", part="reach")
    assert people.value < 3


def test_an_account_erased_in_the_middle_of_a_run_does_not_stop_it(join, happen, monkeypatch):
    join("Alice", twitter="a")
    bob = join("Bob", twitter="b")
    happen(replies("a", names("fan", 3)))
    real = daily.members_table

    def erased_before(*arguments: object) -> object:
        Account.objects.filter(external_id="b").delete()
        return real(*arguments)

    monkeypatch.setattr(daily, "members_table", erased_before)
    run = daily.run(as_of=TODAY, at=AT)
    assert run.state == ScoreRun.State.DONE
    # Nothing is left that a score of Bob's could be of.
    assert [score.person.handle for score in Score.objects.all()] == ["Alice"]
    assert not UnlinkEffect.objects.filter(person=bob).exists()


KILLED = """
import os, signal, django
django.setup()
from datetime import UTC, date, datetime
from django.conf import settings
settings.LAKE = os.environ["TEST_LAKE"]
from django.db import connection
connection.settings_dict["NAME"] = os.environ["TEST_DATABASE"]
from scoring import daily, publish
publish.write_components = lambda: os.kill(os.getpid(), signal.SIGKILL)
daily.run(as_of=date(2026, 11, 1), at=datetime(2026, 11, 1, 12, tzinfo=UTC))
"""


def test_a_killed_run_leaves_no_half_and_no_lock(join, happen, transactional_db, lake):
    join("Alice", twitter="a")
    happen(replies("a", names("fan", 3)))
    environment = os.environ | {"TEST_LAKE": str(lake), "TEST_DATABASE": connection.settings_dict["NAME"]}
    ended = subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == -9, ended.stderr
    assert not Score.objects.exists()
    assert ScoreRun.objects.get().state == ScoreRun.State.RUNNING
    run = daily.run(as_of=TODAY, at=AT)
    assert run.state == ScoreRun.State.DONE
    assert Score.objects.get().score > 1


def test_an_upload_after_the_day_ended_is_scored_at_once_and_stays_overnight(join, happen):
    alice = join("Alice", twitter="a")
    happen(replies("a", names("fan", 3)))
    daily.run(as_of=TODAY, at=AT)
    before = Score.objects.get().score
    happen([("a", f"new{i}", "reply", "2026-11-01T11:00:00Z") for i in range(20)])
    daily.provisional(persons=[alice.pk], at=AT)
    provisional = Score.objects.get().score
    assert provisional > before
    # Her earlier score is not somebody else's to be compared with.
    assert Score.objects.get().run.counts["population"] == 1
    assert Score.objects.get().percentile == 50.0
    assert ScoreHistory.objects.get().score == before
    daily.run(as_of=TODAY, at=AT.replace(hour=20))
    assert Score.objects.get().score == pytest.approx(provisional)
    assert Component.objects.filter(person=alice).exists()


def test_the_command_says_its_stages_and_refuses_the_future(join, happen):
    join("Alice", twitter="a")
    happen(replies("a", names("fan", 3)))
    out = StringIO()
    call_command("recompute", "--as-of", "2026-11-01", stdout=out)
    text = out.getvalue()
    assert all(stage in text for stage in ("compact", "compute", "publish", "award"))
    assert "1 people scored as of 2026-11-01 by v2" in text
    with pytest.raises(CommandError, match="has not begun"):
        call_command("recompute", as_of=date(2199, 1, 1), stdout=out)
    with pytest.raises(CommandError, match="no formula 'v0'"):
        call_command("recompute", formula="v0", stdout=out)


def test_what_removing_an_account_would_take_is_what_it_then_takes(join, happen):
    alice = join("Alice", twitter="a", facebook="fa", mastodon="a@town.example")
    bob = join("Bob", twitter="b")
    happen([*replies("a", names("fan", 12)), *replies("b", names("fan", 3))])
    happen(replies("fa", names("friend", 7)), network="facebook")
    daily.run(as_of=TODAY, at=AT)
    effects = {(row.person_id, row.account): row.points for row in UnlinkEffect.objects.all()}
    accounts = {account.network: account.pk for account in Account.objects.filter(link__person=alice)}
    assert len(effects) == 4
    # Nobody reacted on Mastodon; Bob has nothing else, so all but the first point goes.
    assert effects[alice.pk, accounts["mastodon"]] == 0
    [of_bob] = [points for (person, _), points in effects.items() if person == bob.pk]
    assert of_bob == pytest.approx(Score.objects.get(person=bob).score - 1)
    # Scored as of now, by which everything is a day older; then without Facebook, as of now as well.
    daily.provisional(persons=[alice.pk], at=AT)
    before = Score.objects.get(person=alice).score
    effect = UnlinkEffect.objects.get(person=alice, account=accounts["facebook"]).points
    LinkedAccount.objects.filter(account=accounts["facebook"]).delete()
    daily.provisional(persons=[alice.pk], at=AT)
    after = Score.objects.get(person=alice).score
    assert before - after == pytest.approx(effect, abs=1e-9)
    assert before - after > 1


def test_the_last_account_removed_takes_the_score_with_it(join, happen):
    alice, bob = join("Alice", twitter="a"), join("Bob", twitter="b")
    happen([*replies("a", names("fan", 12)), *replies("b", names("fan", 3))])
    daily.run(as_of=TODAY, at=AT)
    LinkedAccount.objects.filter(person=alice).delete()
    assert daily.provisional(persons=[alice.pk], at=AT) is None
    assert [score.person for score in Score.objects.all()] == [bob]
    assert not Component.objects.filter(person=alice).exists()
    assert not UnlinkEffect.objects.filter(person=alice).exists()
    assert ScoreHistory.objects.filter(person_id=alice.pk).exists()


@pytest.mark.parametrize("newest", [True, False], ids=["daily and provisional", "a past day"])
def test_who_leaves_in_the_very_moment_of_publishing_is_not_shown_after_it(join, happen, monkeypatch, newest):
    alice, bob, carol = (join(name, twitter=name.lower()) for name in ("Alice", "Bob", "Carol"))
    happen([row for name in ("alice", "bob", "carol") for row in replies(name, names("fan", 5))])
    ends = publish.finish

    def leave(*arguments: object) -> None:
        # What another transaction commits once this one has looked who is linked.
        LinkedAccount.objects.filter(person=alice).delete()
        if newest:
            LinkedAccount.objects.filter(person=carol).delete()
        else:
            carol.delete()
        ends(*arguments)

    if not newest:
        daily.run(as_of=TODAY, at=AT)
    monkeypatch.setattr(publish, "finish", leave)
    day = TODAY if newest else TODAY - timedelta(days=1)
    daily.run(as_of=day, at=AT)
    assert [score.person for score in Score.objects.all()] == [bob]
    assert set(Component.objects.values_list("person", flat=True)) == {bob.pk}
    if not newest:
        assert set(ScoreHistory.objects.filter(as_of=day).values_list("person_id", flat=True)) == {alice.pk, bob.pk}
    monkeypatch.setattr(publish, "finish", ends)
    again = LinkedAccount.objects.create(account=Account.objects.get(external_id="alice"), person=alice)
    monkeypatch.setattr(publish, "finish", lambda *arguments: (again.delete(), ends(*arguments)))
    daily.provisional(persons=[alice.pk], at=AT)
    assert [score.person for score in Score.objects.all()] == [bob]


def test_a_broken_link_does_not_let_the_score_fade_for_fourteen_days(join, happen):
    alice, bob = join("Alice", twitter="a"), join("Bob", twitter="b")
    fans = names("fan", 30)
    happen([*replies("a", fans, "2026-09-30"), *replies("b", fans, "2026-09-30")])

    def scores(day: date) -> dict[int, float]:
        daily.run(as_of=day, at=AT)
        return {row.person_id: row.score for row in ScoreHistory.objects.filter(as_of=day)}

    broken = datetime(2026, 10, 2, 9, tzinfo=UTC)
    pauses.begin(link=alice.links.get(), reason=Pause.Reason.BROKEN, at=broken)
    first, last, later = scores(date(2026, 10, 3)), scores(date(2026, 10, 16)), scores(date(2026, 10, 26))
    assert last[bob.pk] < first[bob.pk]
    # What fell in the day before the link broke stays; from the fifteenth day on it fades like any other.
    assert last[alice.pk] == pytest.approx(first[alice.pk], abs=1e-9)
    assert later[alice.pk] < last[alice.pk]
    assert later[alice.pk] > later[bob.pk]


def test_a_rest_of_ones_own_choice_is_for_all_accounts(join, happen):
    alice = join("Alice", twitter="a", facebook="fa")
    happen(replies("a", names("fan", 20), "2026-09-30"))
    happen(replies("fa", names("friend", 20), "2026-09-30"), network="facebook")
    daily.run(as_of=date(2026, 10, 1), at=AT)
    started = datetime(2026, 10, 1, 12, tzinfo=UTC)
    Pause.objects.create(person=alice, reason=Pause.Reason.REST, started_at=started)
    daily.run(as_of=date(2026, 10, 30), at=AT)
    first, last = ScoreHistory.objects.order_by("as_of")
    assert last.score == pytest.approx(first.score, abs=1e-9)


def test_a_crashed_run_is_computed_anew_when_a_pause_began(join, happen):
    alice = join("Alice", twitter="a")
    happen(replies("a", names("fan", 3)))
    before = daily.fingerprint_of(TODAY)
    pauses.begin(link=alice.links.get(), reason=Pause.Reason.BROKEN, at=AT - timedelta(days=3))
    assert daily.fingerprint_of(TODAY) != before
