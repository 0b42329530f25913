"""What the log keeps of each kind of record, and what it already knew."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Account, LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.base import ORIGINS, Counter, Interaction, Post, PostTotal
from scoring import log, models
from scoring.collect.keys import post_number
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Summary
from tests.scoring.conftest import AT

pytestmark = pytest.mark.django_db
POSTED = datetime(2026, 10, 1, 8, tzinfo=UTC)
Record = Interaction | Counter | Post | PostTotal


def store(records: Iterable[Record], *, origin: str = "archive", at: datetime = AT) -> tuple[Summary, list[str]]:
    summary, reasons = Summary("twitter"), []
    with Staging(spec=NETWORKS["twitter"].spec, origin=origin, at=at) as staging:
        for record in records:
            if reason := staging.record("1", record):
                reasons.append(reason)
        merge(staging, summary)
    return summary, reasons


def test_a_reaction_with_a_key_is_stored_once():
    events = [Interaction("like", str(actor), POSTED, post="p", key=f"k{actor}") for actor in range(5)]
    assert store(events)[0].new == 5
    summary, _ = store([*events, *events, Interaction("like", "9", POSTED, key="k9")])
    assert (summary.new, summary.known, summary.accounts_new) == (1, 10, 1)
    row = models.Interaction.objects.order_by("actor").first()
    assert row is not None
    assert (row.network, row.verb, row.origin, row.post) == (1, 1, 2, post_number("twitter", "p"))


@pytest.mark.parametrize("origin", ["api", "archive"])
def test_what_lies_in_the_lake_is_known(origin):
    events = [Interaction("like", "2", POSTED + timedelta(days=day), key=f"k{day}") for day in range(5)]
    store(events, origin=origin)
    log.compact(AT.date())
    summary, _ = store([*events, Interaction("like", "2", POSTED, key="new")], origin=origin)
    assert (summary.new, summary.known) == (1, 5)
    assert models.Interaction.objects.count() == 1


def test_rows_that_move_to_the_lake_while_they_are_imported_are_known(monkeypatch):
    events = [Interaction("like", "2", POSTED, key=f"k{number}") for number in range(5)]
    store(events)
    import scoring.collect.merging as merging

    resolve = merging.resolve_accounts

    def moved_meanwhile(*arguments: object) -> None:
        resolve(*arguments)
        log.compact(AT.date())

    monkeypatch.setattr(merging, "resolve_accounts", moved_meanwhile)
    summary, _ = store([*events, Interaction("like", "3", POSTED, key="new")])
    assert (summary.new, summary.known) == (1, 5)
    assert models.Interaction.objects.count() == 1


def test_a_follower_without_a_date_is_a_relation_seen_from_the_earliest_sight_on():
    store([Interaction("follow", "2", None), Interaction("follow", "3", None, observed_at=POSTED)])
    assert set(models.Relation.objects.values_list("observed_at", flat=True)) == {AT, POSTED}
    summary, _ = store([Interaction("follow", "2", None, observed_at=POSTED), Interaction("follow", "3", None)])
    assert (summary.new, summary.known) == (0, 2)
    assert set(models.Relation.objects.values_list("observed_at", flat=True)) == {POSTED}
    assert not models.Interaction.objects.exists()


@pytest.mark.parametrize("origin", ["api", "bulk"])
def test_what_was_uploaded_and_is_said_by_others_too_is_no_longer_the_uploaders_word_alone(origin: str):
    told = [Interaction("like", "2", POSTED, post="p", key="k1"), Interaction("follow", "2", None)]
    alone = [Interaction("like", "3", POSTED, post="p", key="k2"), Interaction("follow", "3", None)]
    store([*told, *alone])
    summary, _ = store(told, origin=origin)
    assert (summary.new, summary.known) == (0, 2)
    store([*told, *alone])
    second, third = (Account.objects.get(external_id=actor).pk for actor in ("2", "3"))
    for model in (models.Interaction, models.Relation):
        origins = dict(model.objects.values_list("actor", "origin"))
        assert origins == {second: ORIGINS[origin], third: ORIGINS["archive"]}


def test_a_total_only_grows():
    store([PostTotal("p", "like", 10, POSTED), PostTotal("p", "share", 3, POSTED)])
    summary, _ = store([PostTotal("p", "like", 7, POSTED), PostTotal("p", "share", 5, POSTED)])
    assert (summary.new, summary.known) == (1, 1)
    assert dict(models.PostTotal.objects.values_list("verb", "total")) == {1: 10, 2: 5}
    assert store([PostTotal("p", "like", 11, POSTED), PostTotal("p", "like", 12, POSTED)])[0].new == 1
    assert models.PostTotal.objects.get(verb=1).total == 12


def test_the_last_reading_of_a_day_stands():
    morning, evening = AT.replace(hour=8), AT.replace(hour=20)
    store(
        [Counter("followers", 10, evening), Counter("followers", 9, morning), Counter("followers", 5, POSTED)],
        at=evening,
    )
    readings = models.CounterReading.objects.order_by("day").values_list("day", "value")
    assert list(readings.all()) == [(POSTED.date(), 5), (AT.date(), 10)]
    store([Counter("followers", 8, morning)], at=evening)
    assert list(readings.all()) == [(POSTED.date(), 5), (AT.date(), 10)]
    store([Counter("followers", 11)], at=AT.replace(hour=21))
    assert list(readings.all()) == [(POSTED.date(), 5), (AT.date(), 11)]


def test_posts_are_kept_of_linked_accounts_alone_and_only_safe_addresses():
    posts = [
        Post("1", POSTED, "https://x.com/a/status/1"),
        Post("2", POSTED, "javascript:alert(1)"),
        Post("3", POSTED, "https://x.com/\n"),
    ]
    store(posts)
    assert not models.Post.objects.exists()
    person = Person.objects.create(handle="Alice")
    LinkedAccount.objects.create(account=Account.objects.get(external_id="1"), person=person)
    assert store(posts)[0].new == 3
    assert list(models.Post.objects.order_by("external_id").values_list("url", flat=True)) == [posts[0].url, "", ""]
    assert store(posts)[0].known == 3


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (Interaction("checkin", "2", POSTED), "no verb 'checkin'"),
        (Interaction("like", "2", None), "occurred_at is empty"),
        (Interaction("like", "", POSTED), "actor is empty"),
        (Interaction("like", "2\x00", POSTED), "actor holds the character 0x0"),
        (Interaction("like", "2", POSTED, post="\ud800"), "post is not UTF-8"),
        (Interaction("like", "2", AT + timedelta(days=2)), "is in the future"),
        (Interaction("follow", "2", None, observed_at=AT + timedelta(days=2)), "observed_at .* is in the future"),
        (Counter("karma", 1), "no counter 'karma'"),
        (Counter("followers", -1), "followers is -1"),
        (Counter("followers", 2**63), "not a number from 0"),
        (Counter("followers", 1, datetime(1980, 1, 1, tzinfo=UTC)), "before 1990"),
        (PostTotal("", "like", 1, POSTED), "post is empty"),
        (PostTotal("p", "tip", 1, POSTED), "no verb 'tip'"),
        (PostTotal("p", "like", -1, POSTED), "the total is -1"),
        (PostTotal("p", "like", 2**31, POSTED), "the total is 2147483648"),
        (PostTotal("p" * 501, "like", 1, POSTED), "longer than 500"),
        (Post("", POSTED), "post is empty"),
        (Post("a\tb", POSTED), "post holds the character 0x9"),
        (Post("p", datetime(1, 1, 1, tzinfo=UTC)), "before 1990"),
    ],
)
def test_a_record_that_cannot_be_is_refused_and_the_others_stay(record, reason):
    summary, reasons = store([record, Interaction("like", "2", POSTED)])
    assert summary.new == 1
    assert len(reasons) == 1
    assert re.search(reason, reasons[0])


def test_what_people_supply_names_an_account_but_renames_none():
    Account.objects.create(network="twitter", external_id="2", handle="bob")
    events = [
        Interaction("like", "2", POSTED, actor_handle="mallory"),
        Interaction("like", "3", POSTED, actor_handle="carol"),
    ]
    store(events)
    assert dict(Account.objects.values_list("external_id", "handle")) == {"1": "", "2": "bob", "3": "carol"}
    store(events, origin="api")
    assert Account.objects.get(external_id="2").handle == "mallory"


def carried() -> tuple[list[str], list[str]]:
    """What the one post carries."""
    post = models.Post.objects.get()
    return post.tags, post.links


@pytest.fixture
def joined(db) -> None:
    """The owner of account 1 joined: of others no posts are kept."""
    account = Account.objects.create(network="twitter", external_id="1")
    LinkedAccount.objects.create(account=account, person=Person.objects.create(handle="Alice", birth_year=1980))


SHOP = "https://acme.example/headset?size=1"


def test_hashtags_and_links_are_kept_with_the_post(joined):
    store([Post("p", POSTED, "https://x.com/a/status/1", ("Headset", "größe"), (SHOP, "https://acme.example/b"))])
    assert carried() == (["headset", "größe"], [SHOP, "https://acme.example/b"])


def test_a_post_that_is_known_gets_what_is_read_of_it_now(joined):
    store([Post("p", POSTED)], origin="api")
    assert carried() == ([], [])
    summary, _ = store([Post("p", POSTED, "", ("headset",), (SHOP,))], origin="api")
    assert (summary.new, summary.known) == (0, 1)
    assert carried() == (["headset"], [SHOP])
    # Its author has changed it meanwhile.
    store([Post("p", POSTED, "", ("gifted",))], origin="api")
    assert carried() == (["gifted"], [])


def test_who_says_nothing_of_them_takes_nothing_away(joined):
    store([Post("p", POSTED, "", ("headset",), (SHOP,))], origin="api")
    for origin in ("api", "archive", "bulk"):
        store([Post("p", POSTED)], origin=origin)
    assert carried() == (["headset"], [SHOP])


def test_what_somebody_uploads_changes_nothing_that_the_network_said(joined):
    store([Post("p", POSTED, "", ("headset",))], origin="api")
    store([Post("p", POSTED, "", ("forged",), (SHOP,))], origin="archive")
    assert carried() == (["headset"], [])


def test_what_somebody_uploads_fills_what_nobody_has_said(joined):
    store([Post("p", POSTED)], origin="api")
    store([Post("p", POSTED, "", ("headset",), (SHOP,))], origin="archive")
    assert carried() == (["headset"], [SHOP])


def test_more_than_a_post_may_carry_is_left_out_whoever_says_it(joined):
    odd = ("a\x1fb", "c\td", "e\\f", "", "#", "x" * 101, "one", *(f"t{number}" for number in range(200)))
    links = ("javascript:alert(1)", f"https://acme.example/{'x' * 600}", "https://a.example/\\x", SHOP)
    _, reasons = store([Post("p", POSTED, "", odd, (*links, *(f"https://a.example/{n}" for n in range(99))))])
    tags, kept = carried()
    assert reasons == []
    assert (len(tags), len(kept), kept[0]) == (30, 20, SHOP)
    assert tags[-1].startswith("t")
    assert all("\x1f" not in tag and "\t" not in tag and len(tag) <= 100 for tag in tags)
