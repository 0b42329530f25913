"""Codes are taken in with a report, kept encrypted, given once, and withdrawn while nobody has them."""

from __future__ import annotations

import logging

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from perks import codes
from perks.code_files import Row
from perks.errors import NotNow, SoldOut
from perks.models import AuditEntry, Campaign, Code, CodeBatch, Variant
from tests.perks.campaigns import make_brand, make_campaign, make_team, second_factor
from tests.perks.test_campaign_pages import claim_one

pytestmark = pytest.mark.django_db


def campaign_without_codes() -> Campaign:
    return make_campaign(state="draft", stock=0, codes=False)


def take(variant: Variant, *texts: str, name: str = "codes.csv") -> CodeBatch:
    rows = [Row(number, text) for number, text in enumerate(texts, 1)]
    return codes.take_in(variant=variant, rows=rows, file_name=name, user=None, at=timezone.now())


def test_good_ones_are_taken_and_each_bad_one_is_told_without_the_code() -> None:
    variant = campaign_without_codes().variants.get()
    batch = take(variant, "SUMMER-2026-A1", "SUMMER-2026-A1", "", "x" * 201, "a\u200bb", "B2")
    assert batch.added == 2
    assert batch.refused == [
        {"row": 2, "reason": "twice", "code": "SU…1"},
        {"row": 3, "reason": "empty", "code": ""},
        {"row": 4, "reason": "long", "code": "xx…x"},
        {"row": 5, "reason": "control", "code": "a…"},
    ]
    variant.refresh_from_db()
    assert variant.quantity == 2
    kept = Code.objects.order_by("pk")[0]
    assert b"SUMMER" not in bytes(kept.sealed)
    assert codes.unseal(kept.sealed) == "SUMMER-2026-A1"
    assert "SUMMER" not in str(AuditEntry.objects.values_list())


def test_the_same_file_again_adds_nothing_and_another_brand_may_have_the_same_code() -> None:
    campaign = campaign_without_codes()
    other = campaign_without_codes()
    bolt = make_campaign(make_brand("Bolt"), state="draft", stock=0, codes=False)
    assert take(campaign.variants.get(), "AAA-111", "BBB-222").added == 2
    again = take(other.variants.get(), "AAA-111", "CCC-333")
    assert (again.added, again.refused) == (1, [{"row": 1, "reason": "known", "code": "AA…1"}])
    assert take(bolt.variants.get(), "AAA-111").added == 1


def test_a_half_done_upload_leaves_nothing_and_can_be_repeated() -> None:
    variant = campaign_without_codes().variants.get()

    def broken():
        for number in range(1, 3000):
            yield Row(number, f"CODE-{number}")
        raise OSError("the line broke")

    with pytest.raises(OSError, match="broke"):
        codes.take_in(variant=variant, rows=broken(), file_name="a.csv", user=None, at=timezone.now())
    variant.refresh_from_db()
    assert (variant.quantity, Code.objects.count(), CodeBatch.objects.count()) == (0, 0, 0)
    assert take(variant, *(f"CODE-{number}" for number in range(1, 3000))).added == 2999
    variant.refresh_from_db()
    assert variant.quantity == Code.objects.count() == 2999


def test_nothing_is_taken_into_what_has_ended() -> None:
    variant = make_campaign(state="ended").variants.get()
    with pytest.raises(NotNow):
        take(variant, "AAA-111")
    assert Code.objects.filter(variant=variant).count() == 5


def test_a_code_is_given_once_and_in_order() -> None:
    campaign = make_campaign(stock=2)
    variant = campaign.variants.get()
    first, second = Code.objects.order_by("pk")
    claim = claim_one(campaign)
    codes.give(claim.pk, variant.pk, timezone.now())
    first.refresh_from_db()
    assert first.claim_id == claim.pk
    Code.objects.filter(pk=second.pk).update(given_at=timezone.now())
    with pytest.raises(SoldOut):
        codes.give(claim.pk, variant.pk, timezone.now())


@pytest.mark.django_db(transaction=True)
def test_two_uploads_of_the_same_codes_at_once_add_each_once(race) -> None:
    campaign = campaign_without_codes()
    variant = campaign.variants.get()
    texts = [f"CODE-{number}" for number in range(300)]

    def attempt(number: int) -> object:
        return take(variant, *(texts if number % 2 else reversed(texts))).added

    answers = race(attempt, 4)
    assert sorted(answers) == [0, 0, 0, 300]
    variant.refresh_from_db()
    assert variant.quantity == 300


def test_unused_ones_are_withdrawn_and_what_is_given_out_is_not() -> None:
    campaign = make_campaign(stock=5)
    claim_one(campaign)
    variant = campaign.variants.get()
    olga = make_team(campaign.brand, olga="owner")["olga"]
    at = timezone.now()
    with pytest.raises(codes.TooFew):
        codes.withdraw(variant=variant, number=5, user=olga, reason="Wrong list.", at=at)
    assert codes.withdraw(variant=variant, number=4, user=olga, reason="Wrong list.", at=at) == 4
    variant.refresh_from_db()
    assert (variant.quantity, Code.objects.count()) == (1, 1)
    assert AuditEntry.objects.get(action="codes out").reason == "Wrong list."


def test_codes_are_uploaded_reported_and_withdrawn_on_a_page_that_shows_none(caplog) -> None:
    caplog.set_level(logging.DEBUG)
    campaign = campaign_without_codes()
    variant = campaign.variants.get()
    client = Client()
    client.force_login(second_factor(make_team(campaign.brand, ed="editor")["ed"]))
    address = reverse("brands:perks_campaign_codes", args=[campaign.pk, variant.pk])
    file = SimpleUploadedFile("../list.csv", b"code;note\nSECRET-A1;x\nSECRET-B2;y\nSECRET-A1;z\n")
    text = client.post(address, {"file": file, "column": ""}, follow=True).content.decode()
    assert "2 codes were added." in text
    assert "The same code stands further up in the file." in text
    assert "SECRET-" not in text
    assert "SECRET-" not in caplog.text
    batch = CodeBatch.objects.get()
    assert batch.file_name == "list.csv"
    report = client.get(reverse("brands:perks_campaign_codes_report", args=[campaign.pk, variant.pk, batch.pk]))
    assert b"".join(report.streaming_content).decode().splitlines()[1].startswith("list.csv,4,")
    client.post(address, {"withdraw": "yes", "number": "1", "reason": "One too many."})
    assert Code.objects.count() == 1
    other = SimpleUploadedFile("more.csv", b"code\nSECRET-C3\n")
    client.post(address, {"file": other, "column": ""})
    withdrawn = {"withdraw": "yes", "batch": str(batch.pk), "number": "1", "reason": "The wrong file."}
    assert client.post(address, withdrawn).status_code == 302
    assert Code.objects.get().batch.file_name == "more.csv"
    several = SimpleUploadedFile("two.csv", b"first,second\nA,B\n")
    assert "which one holds the codes" in client.post(address, {"file": several}).content.decode()


@pytest.mark.parametrize("role", ["viewer", "fulfilment"])
def test_codes_are_for_owners_and_editors(role: str) -> None:
    campaign = make_campaign()
    client = Client()
    client.force_login(second_factor(make_team(campaign.brand, vera=role)["vera"]))
    address = reverse("brands:perks_campaign_codes", args=[campaign.pk, campaign.variants.get().pk])
    assert client.get(address).status_code == 403


@pytest.mark.parametrize(("code", "seen"), [("ABCDEFG9", "AB…9"), ("AB9", "A…"), ("", "")])
def test_a_mask_does_not_give_a_code_away(code: str, seen: str) -> None:
    assert codes.masked(code) == seen
