"""The log of what was counted: its weights held to a slow reference, and as runs leave it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import erasure, opt_out, privacy
from accounts.models import Account, LinkedAccount, Person
from accounts.networks.base import VERBS, Owner
from scoring import activity, daily
from scoring.engine import duckdb as engine
from scoring.engine.activity import COLUMNS, DAYS, counted
from scoring.engine.base import Inputs
from scoring.engine.graph import UNKNOWN
from scoring.engine.moments import rows_of
from scoring.models import Activity
from tests.scoring.conftest import AT, TODAY
from tests.scoring.engine.given import AS_OF, ids, inputs_of
from tests.scoring.engine.reference import ONE, STANDING, Event, Log, Total, saturated, strength, weight
from tests.scoring.engine.test_moments import columns_of_guards, guards, relations, standing
from tests.scoring.test_moments import account_of, posted, react, told

__all__ = ["react"]

MEMBERS = ids(1, 2, 3)
MIDNIGHT = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC)
ACCOUNTS = ids(1, 2, 3, 4, 5)

# ---------------------------------------------------------------- against the slow way

accounts = st.integers(1, 5)
# Most within the days that are told, some on either side of their first.
times = st.one_of(
    st.integers(1, 86_400 * 6), st.integers(86_400 * (DAYS - 1), 86_400 * (DAYS + 2)), st.just(86_400 * 200)
).map(lambda seconds: MIDNIGHT - timedelta(seconds=seconds))
posts = st.sampled_from([0, 11, -12])
origins = st.sampled_from(["api", "bulk", "archive"])
events = st.lists(
    st.builds(
        Event,
        st.integers(0, 2**40),
        times,
        accounts,
        accounts,
        st.sampled_from(["like", "share", "follow", "list"]),
        posts,
        origin=origins,
    ),
    max_size=30,
    unique_by=lambda event: event.key,
)
totals = st.lists(
    st.builds(
        Total, accounts, st.sampled_from([11, -12]), st.sampled_from(["like", "share"]), st.integers(0, 90), times
    ),
    max_size=5,
    unique_by=lambda row: (row.account, row.post, row.verb),
)
logs = st.builds(
    Log,
    events=events,
    relations=relations,
    totals=totals,
    erased=st.sets(accounts, max_size=1),
    owners=st.just({1: 1, 2: 1, 3: 2}),
    paused=st.dictionaries(accounts, st.sets(st.integers(0, 9).map(lambda days: AS_OF - timedelta(days=days)))),
)

Key = tuple[int, int, int, int, int, int, bool]
Line = tuple[int, int, int]


def slowly(log: Log, weighs: dict[int, int], counts: dict[tuple[int, int], int]) -> dict[Key, Line]:
    """(person, day, account, verb, post, actor, by name) -> (people, reactions, weight), one reaction at a time."""

    def day_of(at: datetime) -> int:
        return (at.date() - date(1970, 1, 1)).days

    def worth(event: Event) -> int:
        return weight(AS_OF, event.at, 30, log.paused.get(event.target, set()))

    first = day_of(MIDNIGHT) - DAYS
    known = [row for row in log.events if not {row.target, row.actor} & log.erased and row.target in log.owners]
    others = [row for row in known if row.target != row.actor and log.owners[row.target] != log.owners.get(row.actor)]
    # By one actor, on one day, to one post: what is quantised together.
    alike: dict[tuple[int, int, str, int, int], list[Event]] = defaultdict(list)
    for row in others:
        if day_of(row.at) >= first:
            alike[row.target, row.actor, row.verb, row.post, day_of(row.at)].append(row)
    people: dict[Key, int] = defaultdict(int)
    reactions: dict[Key, int] = defaultdict(int)
    weights: dict[Key, int] = defaultdict(int)
    for (target, actor, verb, post, day), mine in alike.items():
        standing_of, guard = weighs.get(actor, UNKNOWN), counts.get((target, actor), ONE)
        pair = [row for row in others if (row.target, row.actor) == (target, actor)]
        if verb in STANDING:
            same = [row for row in pair if row.verb == verb]
            counted_for = (guard * standing_of >> 16) * len(mine) // len(same)
        else:
            faded = sum(worth(row) for row in pair if row.verb not in STANDING)
            together = (strength(faded) * guard >> 16) * standing_of >> 16
            counted_for = together * sum(worth(row) for row in mine) // max(faded, 1)
        member = log.owners.get(actor, 0)
        key = (log.owners[target], day, target, VERBS[verb], post, member, True)
        people[key] = 1 if member else people[key] + 1
        reactions[key] += len(mine)
        weights[key] += counted_for
    for row in log.totals:
        if row.account in log.erased or row.account not in log.owners or day_of(row.at) < first:
            continue
        by_name = [e for e in known if (e.target, e.verb, e.post) == (row.account, row.verb, row.post)]
        surplus = row.total - len(by_name)
        if surplus > 0:
            fades = weight(AS_OF, row.at, 30, log.paused.get(row.account, set()))
            key = (log.owners[row.account], day_of(row.at), row.account, VERBS[row.verb], row.post, 0, False)
            people[key], reactions[key] = 0, surplus
            weights[key] = (saturated(surplus) * fades >> 16) * UNKNOWN >> 16
    return {key: (people[key], reactions[key], weights[key]) for key in reactions}


def lines(inputs: Inputs, weighs: list[int], less: dict[str, np.ndarray]) -> dict[Key, Line]:
    found: dict[Key, Line] = {}
    for part in counted(inputs, accounts=MEMBERS, standing=(ACCOUNTS, ids(*weighs)), guards=less):
        for row in zip(*(part[name].tolist() for name in COLUMNS), strict=True):
            person, day, account, _network, verb, post, actor, people, reactions, weighs_ = row
            key = (person, day, account, verb, post, actor, people > 0)
            assert key not in found
            found[key] = (people, reactions, weighs_)
    return found


@settings(max_examples=12)
@given(logs, guards, standing)
def test_every_weight_is_what_the_definition_says_one_reaction_at_a_time(log: Log, guarded, weighs):
    less = columns_of_guards(guarded)
    expected = slowly(log, dict(zip(ACCOUNTS.tolist(), weighs, strict=True)), guarded)
    assert lines(rows_of(inputs_of(log), MEMBERS), weighs, less) == expected


@settings(max_examples=5)
@given(events, guards, standing)
def test_the_weights_of_all_days_add_up_to_what_the_features_hold(happened, guarded, weighs):
    # None older than the days that are told, and nothing that lasts.
    young = [row for row in happened if row.verb not in STANDING and (MIDNIGHT - row.at).days < DAYS]
    inputs = inputs_of(Log(events=young, owners={1: 1, 2: 1, 3: 2}))
    less, known = columns_of_guards(guarded), (ACCOUNTS, ids(*weighs))
    table = engine.compute(inputs, standing=known, only=MEMBERS, guards=less).features
    whole = table.column("any_standing_recent")[np.isin(table.account, MEMBERS)].sum()
    together = sum(line[2] for line in lines(rows_of(inputs, MEMBERS), weighs, less).values())
    # Each line is rounded down once.
    assert whole - len(young) <= together <= whole


def test_a_fresh_reaction_of_an_average_account_weighs_one_and_ages_by_halves():
    def weight_after(days: int) -> float:
        at = MIDNIGHT - timedelta(days=days)
        inputs = inputs_of(Log(events=[Event(1, at, 1, 4, "share", 11)], owners={1: 1}))
        (line,) = lines(inputs, [ONE] * 5, columns_of_guards({})).values()
        return line[2] / ONE

    assert weight_after(1) == pytest.approx(0.985, abs=0.001)
    # What one person does saturates, so that half of the freshness is a little more than half of the weight.
    assert weight_after(30) == pytest.approx(0.6, abs=0.001)
    assert weight_after(60) == pytest.approx(1 / 3, abs=0.001)


def test_one_person_again_and_again_weighs_less_than_three():
    happened = [Event(key, MIDNIGHT - timedelta(hours=1), 1, 4, "like", key) for key in range(1, 41)]
    found = lines(inputs_of(Log(events=happened, owners={1: 1})), [ONE] * 5, columns_of_guards({}))
    assert len(found) == 40
    assert 2.8 < sum(line[2] for line in found.values()) / ONE < 3


# ---------------------------------------------------------------- as runs leave it


@pytest.fixture
def town(join: Callable[..., Person], react) -> tuple[Person, Person, Person]:
    """Alice's post is liked by Bob, by Charlie and by three people who never joined; a total knows of nine."""
    alice, bob, charlie = (
        join("Alice", twitter="a", mastodon="m"),
        join("Bob", twitter="b"),
        join("Charlie", github="c"),
    )
    mine = account_of(alice)
    react(mine, 11, range(3))
    for person, network in ((bob, "twitter"), (charlie, "github")):
        # `react` numbers strangers from a million on.
        react(mine, 11, [account_of(person, network) - 1_000_000])
    told(mine, 11, 9)
    posted(mine, 11)
    return alice, bob, charlie


def rows_of_alice() -> set[tuple[str | None, int, int]]:
    return {
        (row.actor.handle if row.actor else None, row.people, row.reactions)
        for row in Activity.objects.filter(person__handle="Alice").select_related("actor")
    }


def test_a_run_writes_members_by_name_all_others_together_and_the_rest_of_a_total_without_people(town, settings):
    daily.run(as_of=TODAY, at=AT)
    assert rows_of_alice() == {("Bob", 1, 1), ("Charlie", 1, 1), (None, 3, 3), (None, 0, 4)}
    row = Activity.objects.get(actor__handle="Bob")
    assert (row.day, row.account, row.network, row.verb, row.post) == (
        date(2026, 10, 20),
        account_of(town[0]),
        "twitter",
        VERBS["like"],
        11,
    )
    assert 0 < row.weight < 1


def test_a_second_run_leaves_the_same_rows(town):
    fields = ("person", "day", "account", "network", "verb", "post", "actor", "people", "reactions", "weight")
    daily.run(as_of=TODAY, at=AT)
    first = sorted(Activity.objects.values_list(*fields), key=str)
    daily.run(as_of=TODAY, at=AT)
    assert sorted(Activity.objects.values_list(*fields), key=str) == first
    assert len(first) == 4


def test_what_is_imported_between_two_runs_is_there_at_once_and_other_peoples_rows_stay(town, react):
    alice, bob, _ = town
    his = account_of(bob)
    react(his, 21, range(2))
    daily.run(as_of=TODAY, at=AT)
    kept = list(Activity.objects.filter(person=bob).values_list("pk", "weight"))
    react(account_of(alice), 12, range(5), day=TODAY)
    daily.provisional(persons=[alice.pk], at=AT)
    assert Activity.objects.get(person=alice, post=12).people == 5
    assert len(kept) == 1
    assert list(Activity.objects.filter(person=bob).values_list("pk", "weight")) == kept


def test_a_past_day_leaves_the_log_alone(town):
    daily.run(as_of=TODAY, at=AT)
    before = set(Activity.objects.values_list("pk"))
    daily.run(as_of=TODAY - timedelta(days=3), at=AT)
    assert set(Activity.objects.values_list("pk")) == before
    assert before


# ---------------------------------------------------------------- letting go


def test_who_is_erased_is_named_in_nobodys_log_and_has_none(town, django_capture_on_commit_callbacks):
    alice, bob, _ = town
    daily.run(as_of=TODAY, at=AT)
    gone = bob.pk
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase_person(person=bob, at=AT)
    assert not Activity.objects.filter(actor=gone).exists()
    assert ("Charlie", 1, 1) in rows_of_alice()
    privacy.erase_person(person=alice, at=AT)
    assert not Activity.objects.exists()


def test_an_account_that_is_unlinked_takes_its_rows_along_on_both_sides(town, monkeypatch):
    alice, bob, _ = town
    second = Account.objects.create(network="mastodon", external_id="b2")
    LinkedAccount.objects.create(account=second, person=bob)
    daily.run(as_of=TODAY, at=AT)
    # What Bob did by this account is in Alice's log under his name; he goes on with another one.
    privacy.unlink(link=LinkedAccount.objects.get(account=account_of(bob)), at=AT)
    assert rows_of_alice() == {("Charlie", 1, 1), (None, 3, 3), (None, 0, 4)}
    privacy.unlink(link=LinkedAccount.objects.get(account=account_of(alice)), at=AT)
    assert rows_of_alice() == set()


def test_who_opts_an_account_out_is_no_longer_named(town):
    daily.run(as_of=TODAY, at=AT)
    opt_out.add(network="twitter", owner=Owner("b", "bob"), at=AT)
    assert {name for name, *_ in rows_of_alice()} == {"Charlie", None}
    opt_out.add(network="twitter", owner=Owner("a", "alice"), at=AT)
    assert rows_of_alice() == set()


def test_who_leaves_while_the_run_goes_on_is_looked_for_after_it(town, monkeypatch):
    _, bob, _ = town
    replace = activity.replace

    def leaving(parts, *, persons):
        written = replace(parts, persons=persons)
        LinkedAccount.objects.filter(person=bob).delete()
        return written

    monkeypatch.setattr(activity, "replace", leaving)
    daily.run(as_of=TODAY, at=AT)
    assert {name for name, *_ in rows_of_alice()} == {"Charlie", None}


def test_who_asked_to_be_erased_stays_in_the_log_until_then_but_hidden(town):
    _, bob, _ = town
    daily.run(as_of=TODAY, at=AT)
    erasure.ask(person=bob, at=AT)
    # The page names nobody who may not be seen (test_activity_page); the row itself goes with the person.
    assert Activity.objects.filter(actor=bob).count() == 1
    assert erasure.carry_out_due(at=AT + timedelta(days=365)).erased == 1
    assert not Activity.objects.filter(actor=bob.pk).exists()
