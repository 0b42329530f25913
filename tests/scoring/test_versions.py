"""A formula is tried in shadow, switched on, told of, and rolled back, as an operator and a member notice it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import StringIO

import numpy as np
import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from accounts.models import Account
from scoring import computing, daily, formula, log, shadows, switching, versions
from scoring.engine.base import Output
from scoring.features.base import ONE
from scoring.models import (
    Component,
    DayChange,
    FormulaSwitch,
    Score,
    ScoreHistory,
    ScoreRun,
    ShadowFormula,
    ShadowScore,
)
from scoring.versions import CannotSwitch
from tests.scoring.conftest import AT, TODAY, names, replies
from tests.scoring.formula.given import features, table_of
from tests.scoring.versions import computed_by, release

TOMORROW, NEXT = date(2026, 11, 2), AT + timedelta(days=1)
# How many people reacted of late, to each account.
REACTED = {"alice": 600, "bob": 2, "charlie": 0}


@pytest.fixture
def town(join, monkeypatch):
    """Alice with many reactions, Bob with few, Charlie with none; and a v2 that takes a tenth off every score.

    The features are written down (REACTED), since what is tested here comes after them.
    """
    release(monkeypatch, v2=0.9)
    people = [join(name, twitter=name.lower()) for name in ("Alice", "Bob", "Charlie")]

    def compute(as_of: date, **_given: object) -> Output:
        accounts = Account.objects.filter(link__isnull=False).order_by("pk").values_list("pk", "external_id")
        counts = [(pk, REACTED[handle] + later(as_of, handle)) for pk, handle in accounts]
        rows = [(1, pk, features(reply_events_recent=number, follow_surplus=number)) for pk, number in counts]
        return Output(table_of(rows), np.full(len(rows), ONE))

    computed_by(monkeypatch, compute)
    return people


@pytest.fixture
def real_town(join, happen, monkeypatch):
    """The same people, with reactions in the log."""
    release(monkeypatch, v2=0.9)
    people = [join(name, twitter=name.lower()) for name in ("Alice", "Bob", "Charlie")]
    happen([*replies("alice", names("fan", 60)), *replies("bob", names("fan", 2))])
    return people


def later(as_of: date, handle: str) -> int:
    """Three more people react to Bob on the second day."""
    return 3 if handle == "bob" and as_of > TODAY else 0


def shown() -> dict[str, tuple[str, float]]:
    return {row.person.handle: (row.formula, row.score) for row in Score.objects.select_related("person")}


def run(at: datetime = AT, as_of: date | None = None) -> ScoreRun:
    return daily.run(as_of=as_of or at.date(), at=at)


def tried(at: datetime = AT) -> None:
    """v1 is live and has run; v2 has run beside it."""
    run(at)
    switching.start_shadow(version="v2", at=at)


# ---------------------------------------------------------------- in shadow


def test_a_shadow_scores_everybody_and_nobody_sees_it(real_town, client):
    run()
    before, leaves = shown(), Component.objects.count()
    switching.start_shadow(version="v2", at=AT)
    run(NEXT)
    assert {row.formula for row in Score.objects.all()} == {row.formula for row in ScoreHistory.objects.all()} == {"v1"}
    assert Component.objects.count() == leaves
    assert {row.person.handle for row in ShadowScore.objects.all()} == {"Alice", "Bob", "Charlie"}
    alice = ShadowScore.objects.get(person__handle="Alice")
    now = Score.objects.get(person__handle="Alice").score
    assert (alice.formula, alice.as_of) == ("v2", TOMORROW)
    assert alice.score == pytest.approx(1 + 0.9 * (now - 1))
    assert alice.reach + alice.amplification + alice.network_part == pytest.approx(alice.score)
    assert 1 + sum(alice.networks.values()) == pytest.approx(alice.score)
    assert "v2" not in client.get("/alice").content.decode()
    assert before["Alice"][0] == "v1"


def test_a_shadow_begins_at_once_and_aggregates_nothing(town, monkeypatch):
    run()
    monkeypatch.setattr(daily, "compute", lambda *_args, **_given: pytest.fail("it was aggregated again"))
    began = switching.start_shadow(version="v2", at=AT)
    assert (began.kind, began.state, began.counts["persons"]) == ("shadow", "done", 3)
    assert ShadowScore.objects.count() == 3


def test_one_aggregation_serves_the_live_formula_and_every_shadow(town, monkeypatch):
    release(monkeypatch, v2=0.9, v3=0.5)
    for version in ("v2", "v3"):
        assert switching.start_shadow(version=version, at=AT) is None
    computed, real = [], daily.compute
    monkeypatch.setattr(daily, "compute", lambda *args, **given: computed.append(args) or real(*args, **given))
    run()
    assert len(computed) == 1
    assert set(ShadowScore.objects.values_list("formula", flat=True)) == {"v2", "v3"}


def test_a_shadow_that_fails_costs_nobody_the_days_score(town, monkeypatch):
    class Broken:
        version = "v9"

        def score(self, table, entity):
            raise ArithmeticError("a logarithm of nothing")

    monkeypatch.setattr(formula, "VERSIONS", {**formula.VERSIONS, "v9": Broken()})
    for version in ("v9", "v2"):
        switching.start_shadow(version=version, at=AT)
    said = []
    daily.run(as_of=TODAY, at=AT, say=lambda stage, text: said.append(text))
    assert ScoreRun.objects.get(kind="daily").state == "done"
    assert shown()["Alice"][1] > 1
    assert ScoreRun.objects.get(formula="v9").error == "ArithmeticError: a logarithm of nothing"
    assert any("the shadow of v9 failed" in text for text in said)
    assert ScoreRun.objects.get(formula="v2").state == "done"


def test_a_shadow_that_stops_leaves_nothing_behind(town):
    tried()
    assert switching.stop_shadow(version="v2")
    assert not switching.stop_shadow(version="v2")
    run(NEXT)
    assert not ShadowScore.objects.exists()
    assert not ScoreRun.objects.filter(kind="shadow", as_of=TOMORROW).exists()


def test_who_leaves_is_gone_from_the_shadow_too(town):
    tried()
    alice, bob, _ = town
    alice.links.all().delete()
    daily.provisional(persons=[alice.pk], at=AT)
    bob.delete()
    assert [row.person.handle for row in ShadowScore.objects.all()] == ["Charlie"]
    run(NEXT)
    assert [row.person.handle for row in ShadowScore.objects.all()] == ["Charlie"]
    assert "alice" not in str(list(ScoreRun.objects.values_list("counts", flat=True))).lower()


def test_a_past_day_has_no_shadow(town):
    tried()
    daily.run(as_of=date(2026, 10, 30), at=AT)
    assert ShadowScore.objects.filter(as_of=TODAY).count() == ShadowScore.objects.count() == 3


# ---------------------------------------------------------------- switching over


def test_a_switch_counts_from_the_next_run_on_for_everybody_at_once(real_town, happen):
    tried()
    before = shown()
    switching.switch(version="v2", at=AT)
    assert shown() == before
    # A first score of the afternoon is by the same formula as everybody's.
    happen([("bob", "newcomer", "reply", "2026-11-01T11:00:00Z")])
    daily.provisional(persons=[real_town[1].pk], at=AT)
    assert {version for version, _ in shown().values()} == {"v1"}
    run(NEXT)
    assert {version for version, _ in shown().values()} == {"v2"}
    daily.provisional(persons=[real_town[1].pk], at=NEXT)
    assert {version for version, _ in shown().values()} == {"v2"}
    assert shown()["Alice"][1] < before["Alice"][1]


def test_who_moves_far_is_told_once_with_both_scores(town, django_capture_on_commit_callbacks):
    tried()
    switching.switch(version="v2", at=AT)
    with django_capture_on_commit_callbacks(execute=True):
        run(NEXT)
    [message] = of_formula()
    new = shown()["Alice"][1]
    old = 1 + (new - 1) / 0.9
    assert message.to == ["alice@example.com"]
    assert f"your score would be {old:.1f} today; by the new one it is {new:.1f}" in message.body
    assert "Nothing was lost" in message.body
    assert "/alice" in message.body
    assert FormulaSwitch.objects.get().told_at == NEXT
    with django_capture_on_commit_callbacks(execute=True):
        run(NEXT + timedelta(days=1))
        run(NEXT + timedelta(days=1))
    assert len(of_formula()) == 1
    # Bob's score moved by what people did; Alice knows already why hers did.
    assert [other.to for other in mail.outbox if "Your score moved" in other.subject] == [["bob@example.com"]]


def of_formula() -> list[mail.EmailMessage]:
    return [message for message in mail.outbox if message.subject == "The way scores are counted has changed"]


def test_the_formulas_share_is_told_apart_from_what_else_happened(town, django_capture_on_commit_callbacks):
    tried()
    before = shown()
    switching.switch(version="v2", at=AT)
    # Bob's score rises by far on the same day; the formula took something off it.
    with django_capture_on_commit_callbacks(execute=True):
        last = run(NEXT)
    moves = versions.moves(
        previous="v1", version="v2", scored=(scored := scored_again(last))[0], table=scored[1], person=scored[2]
    )
    assert moves.by_person()[town[1].pk] == pytest.approx(0.9 * (moves.old[1] - 1) - (moves.old[1] - 1))
    assert shown()["Bob"][1] - before["Bob"][1] > 0 > moves.by_person()[town[1].pk]


def scored_again(last: ScoreRun):
    table, _ = computing.stored_features(last.as_of, last.formula)
    members, person = daily.members_table(table, daily.owned_accounts())
    return formula.get(last.formula).score(members, person), members, person


def test_the_change_of_a_day_names_what_the_formula_did_to_it(real_town):
    tried()
    switching.switch(version="v2", at=AT)
    for hours in (0, 1):
        # Run again on the same day, the change is still since a day of the old formula.
        last = run(NEXT + timedelta(hours=hours))
        scored, *_ = scored_again(last)
        alice = DayChange.objects.get(person=real_town[0], as_of=TOMORROW)
        old = 1 + (float(scored.score[scored.entity == real_town[0].pk][0]) - 1) / 0.9
        assert alice.formula_change == pytest.approx(-0.1 * (old - 1))
        parts = (alice.moments, alice.decay, alice.rest, alice.formula_change)
        assert sum(parts) == pytest.approx(alice.points, abs=1e-6)
    # Rolled back, that day and the one before are by one formula: none of the change is the formula's.
    switching.roll_back(at=NEXT + timedelta(hours=2))
    alice = DayChange.objects.get(person=real_town[0], as_of=TOMORROW)
    assert alice.formula_change == 0
    assert alice.moments + alice.decay + alice.rest == pytest.approx(alice.points, abs=1e-6)


def test_a_mail_that_could_not_be_sent_in_time_is_sent_by_the_next_run(
    town, monkeypatch, django_capture_on_commit_callbacks
):
    tried()
    switching.switch(version="v2", at=AT)
    with monkeypatch.context() as patch:
        patch.setattr(versions, "tell", lambda **_given: 0)
        run(NEXT)
    with django_capture_on_commit_callbacks(execute=True):
        run(NEXT + timedelta(days=1))
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]


def test_only_a_formula_whose_shadow_has_seen_the_log_may_count(town, happen):
    run()
    with pytest.raises(CannotSwitch, match="v2 has not run in shadow yet"):
        switching.switch(version="v2", at=AT)
    switching.start_shadow(version="v2", at=AT)
    # Days later the log is as it was: the shadow has seen all of it.
    later = AT + timedelta(days=3)
    versions.record(version="v2", at=later)
    FormulaSwitch.objects.all().delete()
    ShadowFormula.objects.all().delete()
    happen([("bob", "newcomer", "reply", "2026-11-02T11:00:00Z")], at=NEXT)
    with pytest.raises(CannotSwitch, match="as of 2026-11-01, and the log has changed since"):
        switching.switch(version="v2", at=later)
    assert versions.live_formula(later) == "v1"
    switching.switch(version="v2", at=later, forced=True)
    assert versions.live_formula(later) == "v2"


def test_an_unchanged_log_needs_no_new_shadow(town):
    tried()
    switching.switch(version="v2", at=AT + timedelta(days=3))
    assert versions.live_formula(AT + timedelta(days=3)) == "v2"
    assert versions.live_formula(AT) == "v1"


def test_the_baseline_never_counts(town):
    run()
    with pytest.raises(CannotSwitch, match="never counts"):
        switching.switch(version="plain", at=AT, forced=True)
    assert versions.live_formula(AT) == "v1"
    assert switching.start_shadow(version="plain", at=AT).state == "done"


def test_the_old_formula_goes_on_in_the_shadow_of_the_new_one(town):
    tried()
    switching.switch(version="v2", at=AT)
    run(NEXT)
    assert shadows.versions_beside("v2") == ["v1"]
    assert {row.formula for row in ShadowScore.objects.all()} == {"v1"}


# ---------------------------------------------------------------- rolling back


def test_rolling_back_publishes_the_old_formulas_scores_at_once(
    town, monkeypatch, client, django_capture_on_commit_callbacks
):
    tried()
    before = shown()
    switching.switch(version="v2", at=AT)
    run(NEXT)
    worse = shown()
    monkeypatch.setattr(daily, "compute", lambda *_args, **_given: pytest.fail("it was aggregated again"))
    with django_capture_on_commit_callbacks(execute=True):
        switch, back = switching.roll_back(at=NEXT + timedelta(hours=2))
    assert (switch.previous, switch.formula, versions.live_formula(NEXT + timedelta(hours=3))) == ("v2", "v1", "v1")
    assert (back.as_of, back.formula, back.state) == (TOMORROW, "v1", "done")
    after = shown()
    assert {version for version, _ in after.values()} == {"v1"}
    assert after["Alice"][1] == pytest.approx(1 + (worse["Alice"][1] - 1) / 0.9)
    assert after["Alice"][1] == pytest.approx(before["Alice"][1], abs=2)
    assert ScoreHistory.objects.get(person_id=town[0].pk, as_of=TOMORROW).formula == "v1"
    # She had been told of the fall; she is told of this too.
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]
    assert "higher" in mail.outbox[0].body
    # What explains the score is the old formula's again, today and from the lake.
    leaves = sum(leaf.points for leaf in Component.objects.filter(person=town[0]))
    assert leaves == pytest.approx(after["Alice"][1])
    table, _ = computing.stored_features(TOMORROW, "v1")
    assert len(table)


def test_the_run_after_a_roll_back_goes_by_the_old_formula(town):
    tried()
    switching.switch(version="v2", at=AT)
    run(NEXT)
    switching.roll_back(at=NEXT + timedelta(hours=2))
    run(NEXT + timedelta(days=1))
    assert {version for version, _ in shown().values()} == {"v1"}


def test_rolling_back_before_the_first_run_changes_no_score(town):
    tried()
    before = shown()
    switching.switch(version="v2", at=AT)
    _, back = switching.roll_back(at=AT + timedelta(hours=1))
    assert back is None
    assert shown() == before
    run(NEXT)
    assert {version for version, _ in shown().values()} == {"v1"}
    assert mail.outbox == []


def test_rolling_back_goes_from_one_formula_to_the_one_before_and_no_further(town, monkeypatch):
    release(monkeypatch, v2=0.9, v3=0.5)
    run()
    with pytest.raises(CannotSwitch, match="v1 is the first formula here"):
        switching.roll_back(at=AT)
    for hours, version in ((1, "v2"), (2, "v3")):
        switching.switch(version=version, at=AT + timedelta(hours=hours), forced=True)
    assert switching.roll_back(at=AT + timedelta(hours=3))[0].formula == "v2"
    assert switching.roll_back(at=AT + timedelta(hours=4))[0].formula == "v1"
    with pytest.raises(CannotSwitch, match="v1 is the first formula here"):
        switching.roll_back(at=AT + timedelta(hours=5))


def test_a_roll_back_cut_short_is_ended_by_the_next_run(town, monkeypatch):
    tried()
    switching.switch(version="v2", at=AT)
    run(NEXT)

    def full(*_args: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("scoring.publish.write_components", full)
        with pytest.raises(OSError, match="the disk is full"):
            switching.roll_back(at=NEXT + timedelta(hours=2))
    assert {version for version, _ in shown().values()} == {"v2"}
    assert ScoreRun.objects.filter(formula="v1").latest("pk").state == "failed"
    run(NEXT + timedelta(days=1))
    assert {version for version, _ in shown().values()} == {"v1"}


def test_without_the_days_features_the_operator_is_told_what_to_do(town, monkeypatch):
    tried()
    switching.switch(version="v2", at=AT)
    run(NEXT)

    def gone(*_args: object) -> None:
        raise log.NoFeatures("no run as of 2026-11-02 by v2 has left its features in the lake")

    monkeypatch.setattr(log, "copy_features", gone)
    with pytest.raises(CannotSwitch, match=r"switch_formula v1 --force REASON.*recompute"):
        switching.roll_back(at=NEXT + timedelta(hours=2))
    assert versions.live_formula(NEXT + timedelta(hours=3)) == "v2"


# ---------------------------------------------------------------- on charts


def test_the_chart_marks_the_day_and_says_it_in_words(town, client):
    tried()
    switching.switch(version="v2", at=AT)
    run(NEXT)
    page = client.get("/alice").content.decode()
    assert page.count('<line class="turn"') == 1
    assert ">Formula v2</text>" in page
    assert page.count("Since 2 November 2026 it is counted by the formula v2, before that by v1.") == 2
    assert client.get("/alice/chart").content.decode().count("Formula v2 from here on") == 1
    assert "style=" not in page


def test_a_chart_of_one_formula_has_no_mark(town, client):
    run()
    run(NEXT)
    page = client.get("/alice").content.decode()
    assert 'class="chart"' in page
    assert 'class="turn"' not in page
    assert "counted by the formula" not in page


# ---------------------------------------------------------------- by command


def command(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_the_commands_take_a_formula_from_shadow_to_switch_and_back(real_town, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT)
    command("recompute")
    assert "v2 runs in the shadow of v1 from now on. See: manage.py compare_formulas v1 v2" in command(
        "shadow_formula", "v2"
    )
    assert "v2 counts from the next daily run on, in place of v1" in command("switch_formula", "v2", "--note", "fairer")
    assert FormulaSwitch.objects.get().note == "fairer"
    assert "3 people scored as of 2026-11-01 by v2" in command("recompute")
    monkeypatch.setattr("django.utils.timezone.now", lambda: AT + timedelta(hours=1))
    assert "v1 counts again, in place of v2: 3 people have their scores of 2026-11-01 by it." in command(
        "switch_formula", "--back"
    )
    assert {version for version, _ in shown().values()} == {"v1"}
    assert "v2 runs in shadow no more" in command("shadow_formula", "v2", "--stop")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["shadow_formula", "v0"], "no formula 'v0'; known: v1"),
        (["shadow_formula", "v1"], "v1 is the live formula"),
        (["shadow_formula", "v2", "--stop"], "v2 does not run in shadow"),
        (["switch_formula"], "Name the formula to switch to"),
        (["switch_formula", "v2", "--back"], "and not both"),
        (["switch_formula", "v0"], "no formula 'v0'"),
        (["switch_formula", "v1"], "v1 is the live formula already"),
        (["switch_formula", "v2"], "has not run in shadow yet"),
        (["switch_formula", "v2", "--force", " "], "--force takes a reason"),
        (["switch_formula", "--back"], "nothing to roll back"),
        (["switch_formula", "plain", "--force", "for fun"], "never counts"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(town, words, said):
    with pytest.raises(CommandError, match=said) as raised:
        command(*words)
    assert "\n" not in str(raised.value)
    assert not FormulaSwitch.objects.exists()
