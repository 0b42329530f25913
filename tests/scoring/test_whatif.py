"""`manage.py whatif` as an operator uses it, right and wrong; and what the daily run stores of suggestions."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Person
from scoring import daily, log, publish
from scoring.models import Score, ScoreRun, Suggestion
from tests.scoring.conftest import AT, TODAY, names, replies


@pytest.fixture
def town(join: Callable[..., Person], happen: Callable[..., None]) -> Person:
    """Alice among twenty accounts, each with a few more people replying than the one before; nobody else joined."""
    alice = join("Alice", twitter="a", facebook="fa")
    rows = [row for number in range(20) for row in replies(f"t{number}", names("fan", 4 + 2 * number))]
    happen(replies("a", names("fan", 6)) + rows)
    daily.run(as_of=TODAY, at=AT)
    return alice


def whatif(*arguments: str) -> str:
    out = StringIO()
    call_command("whatif", *arguments, stdout=out)
    return out.getvalue()


def test_it_tells_what_would_raise_a_score_and_answers_questions(town: Person) -> None:
    stored = list(Suggestion.objects.filter(person=town).order_by("rank"))
    assert [row.rank for row in stored] == list(range(1, len(stored) + 1))
    assert stored
    first = stored[0]
    assert (first.network, first.feature) == ("twitter", "reply_actors_recent")
    told = whatif("alice")
    more = round(first.attainable - first.value)
    assert f"If {more} more people replied to you lately, as is usual at your next five points." in told
    assert f"{first.points:+.1f}" in told
    assert "@a" in told or " a:" in told
    assert "Nothing to suggest" in whatif("alice", "--network", "facebook")

    # The same as a question of one's own comes to the same points.
    asked = whatif(
        *("Alice", "--network", "twitter", "--feature", "reply_actors_recent", "--to", str(first.attainable))
    )
    score = Score.objects.get(person=town).score
    assert f"Score: {score:.2f} -> {score + first.points:.2f} ({first.points:+.2f})" in asked
    assert f"({'any_actors_recent'}) {more:+,.1f}" in asked
    fewer = whatif("alice", "--network", "twitter", "--feature", "reply_actors_recent", "--to", "0")
    assert f"Score: {score:.2f} -> " in fewer
    assert "(-" in fewer

    for wrong, message in [
        (["Nobody"], "There is nobody with the handle 'Nobody'"),
        (["alice", "--network", "mastodon"], "Alice has no account of mastodon; linked: facebook, twitter"),
        (["alice", "--to", "5"], "--feature and --to belong together"),
        (["alice", "--feature", "reply_actors_recent"], "--feature and --to belong together"),
        (["alice", "--feature", "reply_actors_recent", "--to", "nan"], "a number from 0 to 1,000,000,000,000"),
        (["alice", "--feature", "reply_actors_recent", "--to", "-1"], "a number from 0 to"),
        (["alice", "--feature", "reply_actors_recent", "--to", "1e300"], "a number from 0 to"),
        (["alice", "--feature", "reply_actors_recent", "--to", "many"], "invalid float value"),
        (["alice", "--feature", "reply_actors_recent", "--to", "5"], "say which with --network"),
        (["alice", "--feature", "reply_actor", "--to", "5"], "like it: reply_actors"),
        (["alice", "--network", "nowhere"], "invalid choice"),
    ]:
        with pytest.raises(CommandError, match=message):
            whatif(*wrong)

    # A formula whose file is gone explains nothing any more, and says so.
    log.copy_features(TODAY, "v2", "v0")
    ScoreRun.objects.update(formula="v0")
    for command in (
        ("whatif", "alice", "--network", "twitter", "--feature", "reply_actors_recent", "--to", "5"),
        ("explain", "a", "--network", "twitter"),
    ):
        with pytest.raises(CommandError, match="no formula 'v0'"):
            call_command(*command, stdout=StringIO())
    ScoreRun.objects.update(formula="v2")

    # Suggestions are of the newest run alone, and go with the score.
    Suggestion.objects.update(points=99.0)
    daily.run(as_of=TODAY, at=AT)
    assert not Suggestion.objects.filter(points=99.0).exists()
    assert Suggestion.objects.filter(person=town).exists()
    publish.forget_scores([town.pk])
    assert not Suggestion.objects.exists()
    with pytest.raises(CommandError, match="has no score yet"):
        whatif("alice")


def test_without_any_run_it_says_so(join: Callable[..., Person]) -> None:
    join("Alice", twitter="a")
    with pytest.raises(CommandError, match="There has been no run yet"):
        whatif("alice", "--feature", "reply_actors_recent", "--to", "5")
