"""What a network lets us keep for some days only is gone after them, from tables and lake alike, and nothing else."""

import dataclasses
import datetime as dt
import io
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from accounts import retention
from accounts.models import Account, Cursor, LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.base import ORIGINS, VERBS
from scoring import log
from scoring.models import CounterReading, Interaction, Post, PostTotal, Relation
from tests.accounts.conftest import link

AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
CODE = NETWORKS["google"].spec.code
DAY = dt.timedelta(days=1)
API, ARCHIVE = ORIGINS["api"], ORIGINS["archive"]


@pytest.fixture(autouse=True)
def lake(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.LAKE = str(tmp_path / "lake")
    google = NETWORKS["google"]
    monkeypatch.setattr(type(google), "spec", dataclasses.replace(google.spec, retain_days=30))
    return tmp_path / "lake"


@pytest.fixture
def channel(alice: Person) -> LinkedAccount:
    linked = link(alice, network="google", external_id="UC1", handle="alice")
    LinkedAccount.objects.update(linked_at=AT - 400 * DAY)
    return linked


def reaction(number: int, target: int, days: int, *, network: int = CODE, origin: int = API) -> Interaction:
    return Interaction(
        key=f"{number:032x}",
        occurred_at=AT - days * DAY,
        target=target,
        actor=900,
        network=network,
        verb=VERBS["reply"],
        origin=origin,
    )


def left() -> set[int]:
    """The numbers of the reactions that a reader sees, in the tables and in the lake."""
    snapshot = log.snapshot(AT.date() + 2 * DAY)
    found = set(snapshot.newest["key_low"].tolist())
    for path in snapshot.lake:
        found |= set(pq.read_table(path, columns=["key_low"]).column("key_low").to_pylist())
    return found


@pytest.mark.parametrize("compacted", [False, True])
def test_what_an_api_told_long_ago_goes_and_all_else_stays(channel: LinkedAccount, compacted: bool) -> None:
    mine = channel.account_id
    rows = [
        reaction(1, mine, 29),
        reaction(2, mine, 27),
        reaction(3, mine, 200),
        reaction(4, mine, 200, origin=ARCHIVE),
        reaction(5, mine, 200, network=1),
    ]
    Interaction.objects.bulk_create(rows)
    if compacted:
        log.compact(AT.date())
        assert not Interaction.objects.exists()
    removed = retention.purge_due(at=AT)
    assert removed["google"] == {"interactions": 2}
    assert left() == {2, 4, 5}
    assert retention.purge_due(at=AT)["google"] == {}


def test_the_files_of_before_are_gone_after_the_grace_of_readers(channel: LinkedAccount, lake: Path) -> None:
    Interaction.objects.bulk_create([reaction(3, channel.account_id, 200), reaction(2, channel.account_id, 27)])
    log.compact(AT.date())
    retention.purge_due(at=AT)
    keys = {
        key
        for path in lake.rglob("*.parquet")
        for key in pq.read_table(path, columns=["key_low"]).column("key_low").to_pylist()
    }
    assert keys == {2, 3}, "readers may still be under way"
    # Seven hours pass, and nothing new has come in.
    for path in (lake / "manifest").iterdir():
        os.utime(path, (path.stat().st_mtime - 7 * 3600,) * 2)
    log.compact(AT.date())
    assert [pq.read_table(path).num_rows for path in lake.rglob("*.parquet")] == [1]


@pytest.mark.parametrize("compacted", [False, True])
def test_what_was_collected_since_the_account_was_linked_lately_stays(channel: LinkedAccount, compacted: bool) -> None:
    LinkedAccount.objects.update(linked_at=AT - 10 * DAY)
    rows = [reaction(3, channel.account_id, 200), reaction(6, 777, 200)]
    Interaction.objects.bulk_create(rows)
    if compacted:
        log.compact(AT.date())
    retention.purge_due(at=AT)
    assert left() == {3}, "what is of nobody's account any more is not kept by that"
    retention.purge_due(at=AT + 20 * DAY)
    assert left() == set()


def test_gauges_relations_and_posts_go_unless_they_were_read_again(channel: LinkedAccount) -> None:
    mine = channel.account_id
    common = {"network": CODE, "origin": API}
    for days in (5, 40, 120):
        when = AT - days * DAY
        CounterReading.objects.create(
            account=mine, name="views", day=when.date(), value=days, observed_at=when, **common
        )
        Relation.objects.create(target=mine, actor=900 + days, verb=VERBS["follow"], observed_at=when, **common)
        PostTotal.objects.create(account=mine, post=days, verb=VERBS["like"], total=3, occurred_at=when, **common)
        Post.objects.create(account=mine, post=days, external_id=str(days), posted_at=when)
    cursor = Cursor.objects.create(link=channel, stream="videos", pulled_at=AT - DAY)
    retention.purge_due(at=AT)
    assert [row.value for row in CounterReading.objects.all()] == [5]
    assert [row.actor for row in Relation.objects.all()] == [905]
    assert sorted(PostTotal.objects.values_list("post", flat=True)) == [5, 40], "they are told again by each reading"
    assert sorted(Post.objects.values_list("post", flat=True)) == [5, 40]
    Cursor.objects.filter(pk=cursor.pk).update(pulled_at=AT - 29 * DAY)
    retention.purge_due(at=AT)
    assert sorted(PostTotal.objects.values_list("post", flat=True)) == [5]
    assert sorted(Post.objects.values_list("post", flat=True)) == [5]


def test_posts_that_came_by_an_export_alone_stay(channel: LinkedAccount) -> None:
    Post.objects.create(account=channel.account_id, post=1, external_id="1", posted_at=AT - 200 * DAY)
    retention.purge_due(at=AT)
    assert Post.objects.exists()


def test_networks_that_set_no_term_are_left_alone(alice: Person) -> None:
    linked = link(alice, network="mastodon")
    LinkedAccount.objects.update(linked_at=AT - 400 * DAY)
    Interaction.objects.bulk_create([reaction(1, linked.account_id, 300, network=NETWORKS["mastodon"].spec.code)])
    assert "mastodon" not in retention.purge_due(at=AT)
    assert left() == {1}


def test_the_command_says_what_went(channel: LinkedAccount) -> None:
    out = io.StringIO()
    call_command("purge_retained", stdout=out)
    assert "google: nothing was kept too long" in out.getvalue()
    assert Account.objects.exists()
