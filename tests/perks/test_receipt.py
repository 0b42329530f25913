"""What somebody sees of a claim that is theirs, and what they are told of it elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notification, Person
from perks import claims, telling, timeline
from perks.models import Claim, ClaimEvent, Shipment, Tier
from tests.perks.campaigns import make_campaign
from tests.perks.claiming import address_sent, claim_for, client_of, hold_for
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


def test_confirming_shows_the_code_to_its_person_alone(alice: Person, bob: Person) -> None:
    campaign, client = make_campaign(), client_of(alice)
    claim = hold_for(alice, campaign)
    code = f"ACME-{campaign.pk}-1"
    assert code not in client.get(claim.get_absolute_url()).content.decode()
    response = client.post(claim.get_absolute_url(), {"action": "confirm"}, follow=True)
    assert f'value="{code}"' in response.content.decode()
    assert "It is yours" in text_of(response)
    assert client_of(bob).get(claim.get_absolute_url()).status_code == 404


def test_a_second_click_on_confirm_changes_nothing(alice: Person) -> None:
    claim, client = hold_for(alice, make_campaign(asks_for=["email"])), client_of(alice)
    for _time in range(2):
        client.post(claim.get_absolute_url(), {"action": "confirm", "share": "email"})
    kinds = list(ClaimEvent.objects.values_list("kind", flat=True))
    assert sorted(kinds) == ["claimed", "held", "shared"]
    assert user_of(alice).consents.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_confirm_once(alice: Person, race: Callable[..., list]) -> None:
    claim = hold_for(alice, make_campaign(kind="shipped", asks_for=["email"]))
    sent = address_sent() | {"action": "confirm", "share": "email"}

    def click(_number: int) -> int:
        return client_of(alice).post(claim.get_absolute_url(), sent).status_code

    assert race(click, 6) == [302] * 6
    kinds = list(ClaimEvent.objects.values_list("kind", flat=True))
    assert sorted(kinds) == ["address_given", "claimed", "held", "shared"]
    assert user_of(alice).consents.count() == 1
    assert claim.campaign.variants.get().claimed == 1


def test_codes_are_in_no_log_and_in_no_mail(alice: Person, caplog, django_capture_on_commit_callbacks) -> None:
    campaign = make_campaign()
    claim = hold_for(alice, campaign)
    with caplog.at_level(logging.DEBUG), django_capture_on_commit_callbacks(execute=True):
        client_of(alice).post(claim.get_absolute_url(), {"action": "confirm"})
    with django_capture_on_commit_callbacks(execute=True):
        assert telling.tell(claim_id=claim.pk, happened="claimed")
    code = f"ACME-{campaign.pk}-1"
    (message,) = mail.outbox
    assert message.subject == "You have claimed A headset from Acme"
    assert claim.get_absolute_url() in message.body
    assert code not in message.body + str(message.alternatives) + caplog.text
    assert code not in str(list(Notification.objects.values())) + str(list(ClaimEvent.objects.values()))


def test_nobody_is_told_twice_nor_of_what_is_no_longer_so(alice: Person) -> None:
    claim = claim_for(alice, make_campaign())
    assert not telling.tell(claim_id=claim.pk, happened="redeemed")
    assert telling.tell(claim_id=claim.pk, happened="claimed")
    assert not telling.tell(claim_id=claim.pk, happened="claimed")
    claims.redeem(claim=claim, counter=None)
    assert telling.tell(claim_id=claim.pk, happened="redeemed")
    kinds = set(Notification.objects.values_list("kind", flat=True))
    assert kinds == {"perk_claimed", "perk_redeemed"}


def test_a_hook_has_a_worker_tell_after_the_commit(
    alice: Person, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    sent: list[tuple[str, list[object]]] = []
    monkeypatch.setattr("celery.current_app.send_task", lambda name, args=(), **_options: sent.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        claim = claim_for(alice, make_campaign())
    assert ("perks.tasks.tell_of_claim", [claim.pk, "claimed"]) in sent


def test_a_cancelled_claim_says_why_and_shows_no_code_any_more(alice: Person) -> None:
    campaign = make_campaign()
    claim = claim_for(alice, campaign)
    claims.cancel(claim=claim, user=None, reason="The shop has burnt down.")
    response = client_of(alice).get(claim.get_absolute_url())
    text = text_of(response)
    assert "Acme has cancelled this" in text
    assert "The brand cancelled it: The shop has burnt down." in text
    assert f"ACME-{campaign.pk}-1" not in response.content.decode()


def test_how_to_use_it_where_and_what_one_gets_stand_on_the_receipt(alice: Person) -> None:
    campaign = make_campaign(
        kind="lounge", how_to_use="Ring twice.", place="Gate 12", takes_place_at=timezone.now() + timedelta(days=1)
    )
    Tier.objects.create(campaign=campaign, minimum_score=40, name="Gold", benefit="one guest")
    claim = claim_for(alice, campaign)
    text = text_of(client_of(alice).get(claim.get_absolute_url()))
    for words in ("Ring twice.", "Gate 12", "Gold: one guest", str(claim.reference), "a score of 50.0"):
        assert words in text
    assert (
        reverse("perk_pass", args=[claim.reference]) in client_of(alice).get(claim.get_absolute_url()).content.decode()
    )


def test_words_that_disclose_are_there_to_copy_and_nothing_need_be_posted(alice: Person) -> None:
    claim = claim_for(alice, make_campaign(hashtag="acmesound"))
    response = client_of(alice).get(claim.get_absolute_url())
    text = text_of(response)
    assert "I got this for nothing from Acme through Klout. #gifted #acmesound" in text
    assert "You need not post anything, and what you say need not be kind." in text
    assert 'data-copy="disclosure"' in response.content.decode()


def test_the_parcel_says_where_it_is(alice: Person) -> None:
    claim, client = claim_for(alice, make_campaign(kind="shipped")), client_of(alice)
    assert "to be sent" in text_of(client.get(claim.get_absolute_url()))
    Shipment.objects.update_or_create(
        claim=claim, defaults={"state": "shipped", "carrier": "Postal Owl", "tracking_url": "https://owl.example/7"}
    )
    response = client.get(claim.get_absolute_url())
    assert "on its way Postal Owl" in text_of(response)
    assert "https://owl.example/7" in response.content.decode()


def test_the_timeline_is_in_the_order_in_which_it_happened(alice: Person) -> None:
    claim = claim_for(alice, make_campaign(asks_for=["name"]), ticked=("name",))
    timeline.note(claim.pk, "problem", timezone.now() + timedelta(hours=1), problem="it hums")
    lines = [line.text for line in timeline.sentences(claim.events.all())]
    assert lines[0].startswith("Held for you until")
    assert lines[-1] == "You reported a problem: it hums."
    assert {"You claimed it.", "You let the brand have your name."} <= set(lines)


def test_a_line_that_lacks_what_it_names_is_a_whole_sentence(alice: Person) -> None:
    claim = hold_for(alice, make_campaign())
    for kind in timeline.EVENTS:
        timeline.note(claim.pk, kind, timezone.now())
    sentences = [line.text for line in timeline.sentences(claim.events.all())]
    assert len(sentences) == len(timeline.EVENTS) + 1
    assert not [text for text in sentences if "%" in text or "  " in text or ": ." in text]


def test_a_line_names_nothing_that_it_does_not_declare(alice: Person) -> None:
    claim = hold_for(alice, make_campaign())
    with pytest.raises(ValueError, match="code"):
        timeline.note(claim.pk, "claimed", timezone.now(), code="ACME-1")
    with pytest.raises(KeyError):
        timeline.note(claim.pk, "sold", timezone.now())


def test_the_receipt_asks_little_of_the_database_however_much_happened(alice: Person) -> None:
    campaign = make_campaign(kind="shipped", asks_for=["email", "name", "handle", "networks"])
    claim, client = claim_for(alice, campaign), client_of(alice)
    client.get(claim.get_absolute_url())

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert "It is yours" in text_of(client.get(claim.get_absolute_url()))
        return len(queries)

    before = asked()
    for _time in range(20):
        timeline.note(claim.pk, "extended", timezone.now(), until=timezone.now())
    Shipment.objects.get_or_create(claim=claim)
    assert asked() == before <= 12


def test_a_claim_whose_window_closed_meanwhile_can_still_be_confirmed(alice: Person) -> None:
    campaign = make_campaign()
    claim = hold_for(alice, campaign)
    campaign.windows.update(closes_at=timezone.now() - timedelta(seconds=1), short_reason="Over.")
    client_of(alice).post(claim.get_absolute_url(), {"action": "confirm"})
    assert Claim.objects.get().state == "claimed"
