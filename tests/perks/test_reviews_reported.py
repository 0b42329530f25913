"""That somebody wrote a review reaches the log once, whatever it says, and nothing hangs on what it says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from celery import current_app
from django.utils import timezone

from accounts import privacy
from accounts.models import Account, Person
from perks import reviewed, reviews
from perks.models import Claim, ClaimEvent, Review
from perks.tasks import record_review, sweep_reviews
from scoring import deeds
from scoring.models import Interaction
from tests.perks.campaigns import make_brand, make_campaign
from tests.perks.counters import make_claim

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lake(settings, tmp_path: Path) -> None:
    settings.LAKE = str(tmp_path / "lake")


def written(*people: Person) -> list[float]:
    persons = np.sort(np.array([person.pk for person in people], dtype=np.int64))
    return deeds.done(timezone.now().date() + timedelta(days=1), persons)["reviews_written"].tolist()


def write(claim: Claim, stars: int | None = 4, text: str = "Warm.") -> Review:
    return reviews.write(claim=claim, stars=stars, text=text, at=timezone.now())


def test_writing_one_has_a_worker_tell_the_log_after_the_commit(
    alice: Person, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    sent: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, arguments: sent.append((name, arguments)))
    claim = make_claim(alice)
    with django_capture_on_commit_callbacks(execute=True):
        write(claim)
        assert sent == []
    with django_capture_on_commit_callbacks(execute=True):
        write(claim, 1, "Changed my mind.")
    assert sent == [("perks.tasks.record_review", [claim.pk])]
    record_review(claim.pk)
    record_review(claim.pk)
    assert written(alice) == [1.0]


@pytest.mark.parametrize(("stars", "text"), [(1, ""), (5, ""), (None, "Bad."), (3, "So so.")])
def test_whatever_it_says_the_log_is_told_the_same(alice: Person, stars: int | None, text: str) -> None:
    campaign = make_campaign(kind="voucher")
    claim = make_claim(alice, campaign)
    write(claim, stars, text)
    assert reviewed.record(claim_id=claim.pk, at=timezone.now()) == 1
    row = Interaction.objects.get()
    brand = Account.objects.get(pk=row.target)
    assert (row.network, row.verb, brand.external_id) == (18, 17, f"brand:{campaign.brand_id}")
    # The claim and the campaign are all that goes there: changed stars change not one bit of it.
    write(claim, 2, "Otherwise.")
    reviewed.record(claim_id=claim.pk, at=timezone.now())
    assert Interaction.objects.values_list("key", "post", "occurred_at").get() == (row.key, row.post, row.occurred_at)


def test_what_was_withdrawn_stays_written_and_written_anew_is_no_second_one(alice: Person) -> None:
    claim = make_claim(alice)
    write(claim)
    reviewed.record(claim_id=claim.pk, at=timezone.now())
    assert reviews.remove(claim=claim)
    assert written(alice) == [1.0]
    write(claim, 5, "Again.")
    assert reviewed.record(claim_id=claim.pk, at=timezone.now()) == 0
    assert written(alice) == [1.0]


def test_two_claims_of_one_campaign_are_one_review_and_of_two_are_two(alice: Person) -> None:
    first = make_campaign(kind="voucher", stock=5)
    other = make_campaign(make_brand("Acme"), kind="voucher", stock=5)
    for campaign in (first, other):
        write(make_claim(alice, campaign))
    assert reviewed.sweep(at=timezone.now()) == 2
    assert written(alice) == [2.0]


def test_the_sweep_makes_up_for_what_a_dead_process_lost_even_where_it_was_withdrawn(
    alice: Person, bob: Person
) -> None:
    lost, withdrawn = make_claim(alice), make_claim(bob)
    for claim in (lost, withdrawn):
        write(claim)
    reviews.remove(claim=withdrawn)
    assert written(alice, bob) == [0.0, 0.0]
    sweep_reviews()
    assert written(alice, bob) == [1.0, 1.0]
    assert reviewed.sweep(at=timezone.now()) == 0


def test_what_is_older_than_the_sweep_looks_was_told_long_ago(alice: Person) -> None:
    claim = make_claim(alice)
    write(claim)
    ClaimEvent.objects.filter(kind="reviewed").update(at=timezone.now() - timedelta(days=31))
    assert reviewed.sweep(at=timezone.now()) == 0
    assert reviewed.record(claim_id=claim.pk, at=timezone.now()) == 1


def test_of_who_was_erased_meanwhile_nothing_is_told(alice: Person) -> None:
    claim = make_claim(alice)
    write(claim)
    privacy.erase_person(person=alice, at=timezone.now())
    assert reviewed.record(claim_id=claim.pk, at=timezone.now()) == 0
    assert reviewed.sweep(at=timezone.now()) == 0
    assert not Interaction.objects.exists()


def test_a_claim_without_a_review_tells_nothing(alice: Person) -> None:
    assert reviewed.record(claim_id=make_claim(alice).pk, at=timezone.now()) == 0
    assert not Interaction.objects.exists()
