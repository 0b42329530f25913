"""Moments: what a post brought is what the score loses once its rows are gone; and as a daily run leaves them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import connection
from hypothesis import given, settings

from accounts.models import LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.base import ORIGINS, VERBS
from scoring import columns, daily, formula, moments
from scoring.engine.moments import leaving_out
from scoring.models import Moment, Post, PostTotal, Score
from tests.scoring.conftest import AT, TODAY
from tests.scoring.engine.given import ids, inputs_of
from tests.scoring.engine.reference import Log
from tests.scoring.engine.test_moments import (
    APART,
    MEMBERS,
    SINCE,
    STANDING,
    columns_of_guards,
    columns_of_published,
    computed_apart,
    guards,
    logs,
    published,
    standing,
    taken_out,
)

SCORER = formula.get("v1")
LONG_AGO = date(2026, 10, 20)
# Alice has two accounts, Bob one.
OWNERS = {"account": MEMBERS, "person": ids(1, 1, 2)}


# ---------------------------------------------------------------- against the slow way


@settings(max_examples=4)
@given(logs, published, guards, standing)
def test_points_are_what_the_score_loses_once_the_rows_of_a_post_are_gone(log: Log, posts, guarded, weighs):
    log = replace(log, counters=[], owners={1: 1, 2: 1, 3: 2})
    inputs = replace(inputs_of(log), published=columns_of_published(posts))
    less = columns_of_guards(guarded)
    with leaving_out(inputs, accounts=MEMBERS, standing=(STANDING, ids(*weighs)), guards=less, since=SINCE) as look:
        named = list(zip(look.posts.account.tolist(), look.posts.post.tolist(), strict=True))
        found = moments.of_posts(look, OWNERS, SCORER)
        seen = set(look.features.account.tolist())
    worlds = [inputs, *(taken_out(inputs, account, post, fresh) for fresh in (False, True) for account, post in named)]
    # All posts of both of Alice's accounts, and of Bob's.
    for fresh in (False, True):
        worlds.append(taken_out(taken_out(inputs, 1, None, fresh), 2, None, fresh))
        worlds.append(taken_out(inputs, 3, None, fresh))
    table = computed_apart(worlds, less, weighs)
    person = np.array([1, 1, 2])[table.account % APART - 1]
    scored = SCORER.score(table, person + 10 * (table.account // APART))
    scores = dict(zip(scored.entity.tolist(), scored.score.tolist(), strict=True))

    def lost(world: int, owner: int) -> float:
        return scores.get(owner, 1.0) - scores.get(owner + 10 * world, 1.0)

    rows = {
        (owner, account, post): (points, change)
        for owner, account, post, points, change in zip(
            found.person.tolist(),
            found.account.tolist(),
            found.post.tolist(),
            found.points.tolist(),
            found.change.tolist(),
            strict=True,
        )
    }
    for place, (account, post) in enumerate(named):
        owner = 2 if account == 3 else 1
        expected = lost(1 + place, owner), lost(1 + len(named) + place, owner)
        assert rows.get((owner, account, post), (0.0, 0.0)) == pytest.approx(expected, abs=1e-6)
        reacted = any(event.target == account and event.post == post for event in log.events) or any(
            total.account == account and total.post == post and total.total for total in log.totals
        )
        # Only what nobody reacted to takes points away: the share of posts that anybody reacted to falls by it.
        assert expected[0] > -1e-9 or not reacted or any(event.actor == account for event in log.events)
    for owner, accounts in ((1, {1, 2}), (2, {3})):
        mine = [value for key, value in rows.items() if key[0] == owner]
        if accounts & seen & {account for account, _ in named}:
            together = [sum(column) for column in zip(*mine, strict=True)]
            expected = [lost(1 + 2 * len(named) + 2 * fresh + owner - 1, owner) for fresh in (0, 1)]
            assert together == pytest.approx(expected, abs=1e-6)


# ---------------------------------------------------------------- as runs leave them


@pytest.fixture
def react(db) -> Callable[..., None]:
    """react(account, post, actors, verb="like", day=...) stores a reaction of each of `actors` (numbers) to a post."""
    keys = iter(range(1, 1_000_000))

    def react(
        account: int,
        post: int,
        actors: Iterable[int],
        *,
        verb: str = "like",
        day: date = LONG_AGO,
        network: str = "twitter",
        origin: str = "api",
    ) -> None:
        actors = list(actors)
        at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        same = np.ones(len(actors), dtype=np.int64)
        columns.write(
            connection,
            "scoring_interaction",
            {
                "key": (same, np.array([next(keys) for _ in actors])),
                "occurred_at": same * int(at.timestamp() * 1_000_000),
                "target": same * account,
                "actor": np.array(actors) + 1_000_000,
                "post": same * post,
                "network": (same * NETWORKS[network].spec.code).astype(np.int16),
                "verb": (same * VERBS[verb]).astype(np.int16),
                "origin": (same * ORIGINS[origin]).astype(np.int16),
            },
            {"occurred_at": "timestamptz"},
        )

    return react


def account_of(person: Person, network: str = "twitter") -> int:
    return LinkedAccount.objects.get(person=person, account__network=network).account_id


def posted(account: int, post: int, day: date = LONG_AGO) -> None:
    at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    Post.objects.create(
        account=account, post=post, external_id=str(post), url=f"https://t.example/{post}", posted_at=at
    )


def told(account: int, post: int, total: int, day: date = LONG_AGO) -> None:
    """The network says how many liked a post, and not who."""
    at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    PostTotal.objects.update_or_create(
        account=account,
        post=post,
        verb=VERBS["like"],
        defaults={"total": total, "occurred_at": at, "network": 1, "origin": ORIGINS["api"]},
    )


def points() -> dict[tuple[int, int], float]:
    return {(row.account, row.post): row.points for row in Moment.objects.exclude(post=0)}


def test_a_run_says_what_each_post_brought_and_when_it_was_posted(join, react):
    alice, bob = join("Alice", twitter="a", mastodon="m"), join("Bob", twitter="b")
    mine, his = account_of(alice), account_of(bob)
    react(mine, 11, range(12))
    react(mine, 11, range(3), verb="share")
    react(mine, 12, range(2))
    told(mine, 12, 9)
    react(his, 21, range(2))
    posted(mine, 11)
    daily.run(as_of=TODAY, at=AT)
    rows = {(row.account, row.post): row for row in Moment.objects.all()}
    assert set(rows) == {(mine, 11), (mine, 12), (his, 21), (0, 0)} or set(rows) >= {(mine, 11), (mine, 12), (his, 21)}
    assert (rows[mine, 11].people, rows[mine, 11].reactions) == (12, 15)
    assert rows[mine, 11].posted_at == datetime(2026, 10, 20, 8, tzinfo=UTC)
    # Seven of the nine likes are nobody's by name.
    assert (rows[mine, 12].people, rows[mine, 12].reactions) == (2, 9)
    assert rows[mine, 12].posted_at is None
    assert rows[mine, 11].points > rows[mine, 12].points > 0
    # What posts bring together is what the scores have above the first point: there is nothing else here.
    for person in (alice, bob):
        together = sum(row.points for row in Moment.objects.filter(person=person))
        assert together == pytest.approx(Score.objects.get(person=person).score - 1, abs=1e-6)


def test_only_a_post_that_nobody_reacted_to_takes_points_away(join, react):
    alice = join("Alice", twitter="a")
    mine = account_of(alice)
    react(mine, 11, range(20))
    for post in (11, 12, 13):
        posted(mine, post)
    daily.run(as_of=TODAY, at=AT)
    brought = points()
    assert brought[mine, 11] > 0
    assert brought[mine, 12] < 0
    assert brought[mine, 12] == pytest.approx(brought[mine, 13], abs=1e-9)
    assert {(row.people, row.reactions) for row in Moment.objects.filter(post__in=[12, 13])} == {(0, 0)}


def test_a_second_run_of_the_day_leaves_the_same_moments(join, react):
    alice = join("Alice", twitter="a")
    mine = account_of(alice)
    react(mine, 11, range(5))
    react(mine, 12, range(4), day=TODAY - timedelta(days=1))
    told(mine, 12, 10)
    fields = ("person_id", "account", "post", "points", "change", "people", "reactions", "posted_at")
    daily.run(as_of=TODAY - timedelta(days=1), at=AT)
    told(mine, 12, 30)
    daily.run(as_of=TODAY, at=AT)
    first = sorted(Moment.objects.values_list(*fields), key=str)
    daily.run(as_of=TODAY, at=AT)
    assert sorted(Moment.objects.values_list(*fields), key=str) == first
    assert len(first) == 3
    # In between, what a post did to the day's change is what the day's run said.
    daily.provisional(persons=[alice.pk], at=AT)
    changes = {row.post: row.change for row in Moment.objects.exclude(post=0)}
    assert changes == {post: change for _, _, post, _, change, *_ in first if post}
    assert changes[12] > 0


def test_what_somebody_imports_between_two_runs_is_a_moment_at_once_and_others_stay(join, react):
    alice, bob = join("Alice", twitter="a"), join("Bob", twitter="b")
    mine, his = account_of(alice), account_of(bob)
    react(mine, 11, range(5))
    react(his, 21, range(5))
    daily.run(as_of=TODAY, at=AT)
    before = points()
    react(mine, 12, range(30, 50), day=TODAY)
    react(his, 22, range(30, 50), day=TODAY)
    daily.provisional(persons=[alice.pk], at=AT)
    after = points()
    assert after[mine, 12] > 0
    assert after[his, 21] == before[his, 21]
    assert (his, 22) not in after
    daily.provisional(persons=[alice.pk], at=AT)
    assert points() == after


def test_who_unlinked_the_account_meanwhile_has_no_moments_of_it(join, react, monkeypatch):
    alice, bob = join("Alice", twitter="a", mastodon="m"), join("Bob", twitter="b")
    mine, second, his = account_of(alice), account_of(alice, "mastodon"), account_of(bob)
    react(mine, 11, range(5))
    react(second, 12, range(5), network="mastodon")
    react(his, 21, range(5))
    write = moments.write

    def leaving(found: moments.Moments) -> int:
        LinkedAccount.objects.filter(account__in=[second, his]).delete()
        return write(found)

    monkeypatch.setattr(moments, "write", leaving)
    daily.run(as_of=TODAY, at=AT)
    assert set(points()) == {(mine, 11)}
    assert not Moment.objects.filter(person=bob).exists()


def test_a_run_that_died_over_the_moments_has_them_after_it_is_repeated(join, react, monkeypatch):
    alice = join("Alice", twitter="a")
    react(account_of(alice), 11, range(5))

    def die(found: moments.Moments) -> int:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(moments, "write", die)
        with pytest.raises(MemoryError):
            daily.run(as_of=TODAY, at=AT)
    # The score is out, and stands without them.
    assert Score.objects.get(person=alice).score > 1
    assert not Moment.objects.exists()
    daily.run(as_of=TODAY, at=AT)
    assert set(points()) == {(account_of(alice), 11)}


def test_a_past_day_leaves_todays_moments_alone(join, react):
    mine = account_of(join("Alice", twitter="a"))
    react(mine, 11, range(5))
    react(mine, 12, range(5), day=TODAY - timedelta(days=1))
    daily.run(as_of=TODAY, at=AT)
    before = points()
    daily.run(as_of=TODAY - timedelta(days=4), at=AT)
    assert points() == before
    assert (mine, 12) in before
