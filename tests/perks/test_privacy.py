"""What perks keep of somebody is handed out, and goes with them; brands' numbers stay right."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils import timezone

from accounts import privacy, tokens
from accounts.models import Membership, Person
from perks import claims, reviews, tasks, waiting
from perks.claims import stock
from perks.eligibility import check
from perks.models import Address, Claim, Entry, Flag, Redemption, Review, ReviewReport, Variant, WaitingPlace
from perks.privacy import OF_BRANDS, OF_PEOPLE
from scoring.topics import load
from tests.perks.campaigns import make_campaign, make_member, make_team
from tests.perks.everything import MARK, make_everything


def hold(person: Person, campaign, key: str = "k"):
    user = Membership.objects.get(person=person).user
    checklist = check(person=person, campaign=campaign, at=timezone.now())
    variant, terms = campaign.variants.get(), campaign.terms
    return claims.hold(
        campaign=campaign, variant=variant, person=person, user=user, key=key, terms=terms, checklist=checklist
    )


@pytest.fixture
def everything(db: None):
    load()
    return make_everything("Acme")


def test_a_copy_has_the_code_the_address_and_the_words(everything) -> None:
    Address.objects.update(sealed=tokens.encrypt(json.dumps({"city": "Larkhaven"})))
    code = everything[apps.get_model("perks.Code")]
    code.claim, code.given_at = everything[Claim], timezone.now()
    code.save()
    copy = privacy.export_person(everything[Person])["perks"]
    text = json.dumps(copy)
    assert copy["claims"][0]["code"] == f"{MARK}-acme-code"
    assert copy["claims"][0]["address"] == {"city": "Larkhaven"}
    assert copy["claims"][0]["reference"] == str(everything[Claim].reference)
    assert copy["reviews"][0]["text"] == f"{MARK}-acme"
    assert copy["shared_with_brands"][0]["field"] == "name"
    assert "Nobody else" not in text


def test_nothing_names_who_was_erased(everything) -> None:
    person = everything[Person]
    handle, number = person.handle, person.pk
    privacy.erase_person(person=person, at=timezone.now())
    kept = ""
    with connection.cursor() as cursor:
        for name in (*OF_PEOPLE, *OF_BRANDS):
            table = apps.get_model("perks", name)._meta.db_table if "_" not in name else f"perks_{name.lower()}"
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
            kept += "".join(
                row[0] for row in cursor.fetchall() if f'"person_id": {number}' in row[0] or handle in row[0]
            )
    assert kept == ""
    claim = Claim.objects.get(pk=everything[Claim].pk)
    assert (claim.person, claim.user, claim.score, claim.state) == (None, None, None, "redeemed")
    assert Redemption.objects.filter(claim=claim).exists(), "the brand's numbers stay"
    assert Entry.objects.filter(ticket=everything[Entry].ticket).exists(), "anybody can still check the draw"
    assert not Flag.objects.exists(), "one alone is nobody twice"


@pytest.mark.django_db(transaction=True)
def test_what_was_held_goes_back_and_what_was_not_sent_is_not_sent() -> None:
    campaign = make_campaign(kind="shipped", stock=3)
    alice, bob = make_member("alice"), make_member("bob")
    held = hold(alice, campaign)
    claimed = hold(bob, campaign)
    Address.objects.create(claim=claimed, sealed=b"", country="IE", fingerprint="f", given_at=timezone.now())
    claims.confirm(claim=claimed)
    apps.get_model("perks.Shipment").objects.get_or_create(claim=claimed)
    for person in (alice, bob):
        privacy.erase_person(person=person, at=timezone.now())
    states = dict(Claim.objects.values_list("pk", "state"))
    assert states == {held.pk: "released", claimed.pk: "cancelled"}
    assert list(stock.differences()) == []
    assert Variant.objects.get().left == 3


@pytest.mark.django_db(transaction=True)
def test_a_queue_goes_on_without_who_was_erased() -> None:
    campaign = make_campaign(stock=1)
    variant, at = campaign.variants.get(), timezone.now()
    taken = hold(make_member("alice"), campaign)
    for name in ("bob", "charlie"):
        person = make_member(name)
        checklist = check(person=person, campaign=campaign, at=at)
        waiting.join(variant=variant, person=person, user=None, checklist=checklist, at=at)
    privacy.erase_person(person=Person.objects.get(handle="bob"), at=at)
    claims.release(claim=taken)
    waiting.serve(variant.pk)
    offered = WaitingPlace.objects.get(state="offered")
    assert offered.person.handle == "charlie"
    assert Variant.objects.get().waiting == WaitingPlace.objects.filter(state="waiting").count()


@pytest.mark.django_db
def test_the_team_of_a_brand_goes_with_its_log_ins() -> None:
    brand = make_campaign().brand
    olga = make_team(brand, olga="owner")["olga"]
    person = Person.objects.create(handle="olga")
    Membership.objects.create(user=olga, person=person)
    told = json.dumps(privacy.export_person(person)["perks"], cls=DjangoJSONEncoder)
    assert "Acme" in told
    assert "owner" in told
    privacy.erase_person(person=person, at=timezone.now())
    assert not brand.memberships.exists()


@pytest.mark.django_db
def test_what_somebody_reported_to_the_staff_is_theirs_and_goes_with_them(everything) -> None:
    eve = make_member("eve")
    user, at = Membership.objects.get(person=eve).user, timezone.now()
    report = reviews.report(review=everything[Review], user=user, text="That is me in the picture.", at=at)
    assert "That is me in the picture." in json.dumps(privacy.export_person(eve)["perks"])
    privacy.erase_person(person=eve, at=at)
    assert not ReviewReport.objects.filter(pk=report.pk).exists()


@pytest.mark.django_db
def test_reports_are_kept_for_a_year_and_that_is_seen_to_each_day(everything) -> None:
    user, at = Membership.objects.get(person=make_member("eve")).user, timezone.now()
    reviews.report(review=everything[Review], user=user, text="Rude.", at=at - timedelta(days=366))
    reviews.report(review=everything[Review], user=Membership.objects.first().user, text="Rude too.", at=at)
    tasks.forget_reports()
    assert [report.text for report in ReviewReport.objects.all()] == ["Rude too."]
    scheduled = {line["task"] for line in settings.CELERY_BEAT_SCHEDULE.values()}
    daily = {"forget_reports", "forget_hints", "purge_addresses", "write_days"}
    assert {f"perks.tasks.{name}" for name in daily} <= scheduled
