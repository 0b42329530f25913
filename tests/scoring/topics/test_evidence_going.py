"""Words on accounts go with whom they are of, with who put them there, and when a network says so; also while topics
are being written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts import opt_out, privacy, retention
from accounts.models import Account, Person
from accounts.networks import NETWORKS
from accounts.networks.base import ORIGINS, Owner
from scoring.models import AttachedWords, PersonTopic, Topic, TopicDispute, TopicEvidence
from scoring.topics import disputes, evidence
from tests.scoring.topics.days import AS_OF, AT, NOBODY

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(join) -> Person:
    """Who keeps a list that Alice is on."""
    return join("Bob", mastodon="2")


def account_of(person: Person) -> int:
    return person.links.get().account_id


def put(
    person: Person,
    words: str,
    *actors: int,
    network: str = "mastodon",
    origin: str = "api",
    seen_at: datetime = AT - timedelta(days=5),
) -> None:
    AttachedWords.objects.bulk_create(
        AttachedWords(
            account=account_of(person),
            source="list",
            words=words,
            actor=actor,
            network=NETWORKS[network].spec.code,
            origin=ORIGINS[origin],
            observed_at=seen_at,
        )
        for actor in actors
    )


def words() -> list[str]:
    return sorted(AttachedWords.objects.values_list("words", flat=True))


def write() -> int:
    return evidence.write(as_of=AS_OF, at=AT, rows=NOBODY)


def topics(person: Person) -> set[str]:
    return set(PersonTopic.objects.filter(person=person).values_list("topic__slug", flat=True))


def between_gathering_and_writing(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any]) -> None:
    """`happens` once all that speaks for topics was read, and before any of it is written."""
    writing = evidence.put

    def put_after(*args: Any, **given: Any) -> int:
        happens()
        return writing(*args, **given)

    monkeypatch.setattr(evidence, "put", put_after)


# ---------------------------------------------------------------- whose they are, and who put them there
def test_words_go_with_an_account_that_is_erased_alone(alice, keeper) -> None:
    put(alice, "jazz", 901, 902)
    put(keeper, "yoga", 901)
    privacy.erase_accounts(accounts=[account_of(alice)], at=AT)
    assert words() == ["yoga"]
    assert Person.objects.filter(pk=alice.pk).exists()


def test_words_go_with_the_account_of_nobody_here_that_put_them(alice) -> None:
    stranger = Account.objects.create(network="mastodon", external_id="9")
    put(alice, "jazz", stranger.pk, 902)
    privacy.erase_accounts(accounts=[stranger.pk], at=AT)
    assert list(AttachedWords.objects.values_list("actor", flat=True)) == [902]


def test_words_that_were_there_go_when_who_put_them_opts_out(alice, keeper) -> None:
    put(alice, "jazz", account_of(keeper))
    put(alice, "yoga", 902)
    opt_out.add(network="mastodon", owner=Owner("2"), at=AT)
    assert words() == ["yoga"]


def test_words_that_were_there_go_when_whose_they_are_opts_out(alice, keeper) -> None:
    put(alice, "jazz", account_of(keeper))
    opt_out.add(network="mastodon", owner=Owner("1"), at=AT)
    assert words() == []


def test_the_next_run_takes_the_topic_that_erased_words_spoke_for(alice) -> None:
    strangers = [Account.objects.create(network="mastodon", external_id=f"9{n}").pk for n in range(3)]
    put(alice, "jazz", *strangers)
    write()
    assert "jazz" in topics(alice)
    privacy.erase_accounts(accounts=strangers, at=AT)
    write()
    assert topics(alice) == set()
    assert not TopicEvidence.objects.exists()


# ---------------------------------------------------------------- retention
def test_words_that_an_api_told_go_when_its_terms_end_and_other_words_stay(alice) -> None:
    days = NETWORKS["google"].spec.retain_days
    assert days is not None
    long_ago = AT - timedelta(days=days + 1)
    put(alice, "told long ago", 901, network="google", seen_at=long_ago)
    put(alice, "told again", 901, network="google", seen_at=AT - timedelta(days=1))
    put(alice, "uploaded", 901, network="google", origin="archive", seen_at=long_ago)
    put(alice, "of another network", 901, seen_at=long_ago)
    removed = retention.purge_due(at=AT)
    assert removed["google"] == {"words on accounts": 1}
    assert words() == ["of another network", "told again", "uploaded"]
    assert retention.purge_due(at=AT)["google"] == {}


# ---------------------------------------------------------------- while topics are written
def test_who_is_erased_while_topics_are_written_leaves_nothing(alice, keeper, monkeypatch) -> None:
    put(alice, "jazz", 901, 902, 903)
    put(keeper, "jazz", 901, 902, 903)
    gone = alice.pk
    between_gathering_and_writing(monkeypatch, lambda: privacy.erase_person(person=alice, at=AT))
    write()
    for kept in (PersonTopic, TopicEvidence, TopicDispute):
        assert not kept.objects.filter(person_id=gone).exists()
    assert "jazz" in topics(keeper)


def test_words_that_are_erased_while_topics_are_written_are_not_quoted(alice, monkeypatch) -> None:
    strangers = [Account.objects.create(network="mastodon", external_id=f"9{n}").pk for n in range(3)]
    put(alice, "Alice and her secret jazz", *strangers)
    between_gathering_and_writing(monkeypatch, lambda: privacy.erase_accounts(accounts=strangers, at=AT))
    write()
    monkeypatch.undo()
    write()
    assert topics(alice) == set()
    assert not TopicEvidence.objects.exists()


def test_a_dispute_made_while_topics_are_written_holds_then_and_in_the_next_run(alice, monkeypatch) -> None:
    put(alice, "jazz", 901, 902, 903)
    put(alice, "yoga", 901, 902, 903)
    write()
    put(alice, "jazz", 904, 905)
    jazz = Topic.objects.get(slug="jazz")
    between_gathering_and_writing(
        monkeypatch, lambda: disputes.dispute(person=alice, topic=jazz, reason="not mine", at=AT)
    )
    write()
    assert "jazz" not in topics(alice)
    assert not TopicEvidence.objects.filter(person=alice, topic=jazz).exists()
    monkeypatch.undo()
    write()
    assert "jazz" not in topics(alice)
    assert not TopicEvidence.objects.filter(person=alice, topic=jazz).exists()
    assert "yoga" in topics(alice)
