"""What people do on Klout itself reaches the log once, and can be counted again, from table and lake alike."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from accounts import privacy
from accounts.models import Account, LinkedAccount, Person
from scoring import deeds, log
from scoring.collect.keys import post_number
from scoring.deeds import Deed
from scoring.models import Interaction
from tests.scoring.conftest import AT

DAY = date(2026, 11, 1)


def plus_k(giver: Person, receiver: Person, topic: str, number: int, at: datetime = AT) -> Deed:
    return Deed("plus-k", giver.pk, receiver.pk, topic, f"plus-k:{number}", at)


def review(person: Person, brand: int, campaign: str, number: int, at: datetime = AT) -> Deed:
    return Deed("review", person.pk, None, campaign, f"review:{number}", at, brand=brand)


def done(*people: Person, as_of: date = DAY + timedelta(days=1)) -> dict[str, list[float]]:
    persons = np.sort(np.array([person.pk for person in people], dtype=np.int64))
    return {name: values.tolist() for name, values in deeds.done(as_of, persons).items()}


def test_a_plus_k_is_an_interaction_between_accounts_of_klout(join):
    alice, bob = join("Alice"), join("Bob")
    assert deeds.record([plus_k(alice, bob, "bees", 1)], AT) == 1
    row = Interaction.objects.get()
    actor, target = Account.objects.get(link__person=alice), Account.objects.get(link__person=bob)
    assert (row.actor, row.target) == (actor.pk, target.pk)
    assert (actor.network, actor.external_id) == ("klout", str(alice.klout_id))
    assert (row.network, row.verb, row.origin, row.occurred_at) == (18, 15, 1, AT)
    assert row.post == post_number("klout", "bees")
    link = LinkedAccount.objects.get(person=bob)
    assert (link.proof, link.kind, link.state) == ("operator", "profile", "active")
    # Nothing is ever read there.
    assert not link.cursors.exists()


def test_the_same_deed_is_recorded_once_however_often_it_is_told(join):
    alice, bob = join("Alice"), join("Bob")
    given = plus_k(alice, bob, "bees", 1)
    assert deeds.record([given, given], AT) == 1
    assert deeds.record([given], AT) == 0
    log.compact(DAY + timedelta(days=1), at=AT + timedelta(days=1))
    assert not Interaction.objects.exists()
    assert deeds.record([given], AT + timedelta(days=1)) == 0
    assert done(alice, bob)["plus_k_given"] == [1.0, 0.0]


def test_what_somebody_did_is_counted_over_the_table_and_the_lake(join):
    alice, bob, charlie = join("Alice"), join("Bob"), join("Charlie")
    before = AT - timedelta(days=40)
    deeds.record([plus_k(alice, bob, "bees", 1, before), plus_k(alice, bob, "bees", 2, before)], AT)
    log.compact(DAY, at=AT)
    deeds.record([plus_k(alice, charlie, "bees", 3), plus_k(alice, bob, "ships", 4)], AT)
    deeds.record([review(alice, 7, "campaign:1", 1), review(alice, 7, "campaign:1", 2), review(bob, 7, "x", 3)], AT)
    assert done(alice, bob, charlie) == {
        "plus_k_given": [4.0, 0.0, 0.0],
        "plus_k_receivers": [2.0, 0.0, 0.0],
        "plus_k_topics": [2.0, 0.0, 0.0],
        "reviews_written": [1.0, 1.0, 0.0],
    }
    # As of the day itself, what happened in it is not there yet; who is not asked for is left out.
    assert done(alice, as_of=DAY)["plus_k_given"] == [2.0]
    assert done(charlie)["plus_k_given"] == [0.0]


def test_nobody_has_done_anything_where_nothing_happened(join):
    alice = join("Alice")
    assert set(done(alice)) == {"plus_k_given", "plus_k_receivers", "plus_k_topics", "reviews_written"}
    assert set(map(tuple, done(alice).values())) == {(0.0,)}


def test_a_review_is_of_a_brand_that_is_nobody_s_account(join):
    alice = join("Alice")
    deeds.record([review(alice, 7, "campaign:1", 1)], AT)
    brand = Account.objects.get(external_id="brand:7")
    assert Interaction.objects.get().target == brand.pk
    assert not LinkedAccount.objects.filter(account=brand).exists()


def test_who_was_erased_leaves_nothing_behind_and_does_nothing_more(join):
    alice, bob, charlie = join("Alice"), join("Bob"), join("Charlie")
    deeds.record([plus_k(alice, bob, "bees", 1), plus_k(bob, charlie, "bees", 2)], AT)
    again = [plus_k(alice, bob, "ships", 3), plus_k(alice, charlie, "ships", 4)]
    privacy.erase_person(person=bob, at=AT)
    assert not Interaction.objects.exists()
    assert deeds.record(again, AT) == 1
    assert not Account.objects.filter(external_id=str(bob.klout_id)).exists()
    assert done(alice, charlie)["plus_k_given"] == [1.0, 0.0]


@pytest.mark.django_db(transaction=True)
def test_erasing_waits_for_what_is_being_recorded(join):
    from django.db import connection, transaction

    alice, bob = join("Alice"), join("Bob")
    erased = threading.Event()

    def erase() -> None:
        try:
            privacy.erase_person(person=bob, at=AT)
            erased.set()
        finally:
            connection.close()

    other = threading.Thread(target=erase)
    with transaction.atomic():
        deeds.record([plus_k(alice, bob, "bees", 1)], AT)
        other.start()
        assert not erased.wait(0.5)
    other.join(10)
    assert erased.is_set()
    assert not Interaction.objects.exists()
    assert not Account.objects.filter(external_id=str(bob.klout_id)).exists()


def test_a_deed_that_cannot_be_is_refused_whole(join):
    alice, bob = join("Alice"), join("Bob")
    good = plus_k(alice, bob, "bees", 1)
    for wrong in (
        Deed("applause", alice.pk, bob.pk, "bees", "2", AT),
        Deed("plus-k", alice.pk, None, "bees", "2", AT),
        plus_k(alice, bob, "bees", 2, datetime(2030, 1, 1, tzinfo=UTC)),
    ):
        with pytest.raises(ValueError, match="2"):
            deeds.record([good, wrong], AT)
        assert not Interaction.objects.exists()
    assert deeds.record([], AT) == 0


def test_many_are_recorded_in_as_many_statements_as_few(join, django_assert_max_num_queries):
    alice, bob, charlie = join("Alice"), join("Bob"), join("Charlie")
    many = [plus_k(alice, receiver, f"topic-{n}", n) for n in range(200) for receiver in (bob, charlie)]
    with django_assert_max_num_queries(60) as few:
        deeds.record([plus_k(alice, bob, "bees", 1000)], AT)
    with django_assert_max_num_queries(len(few)):
        assert deeds.record(many, AT) == 400
