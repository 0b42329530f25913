"""I posted about it: several, removable, expected of nobody."""

from __future__ import annotations

import pytest

from accounts.models import Person
from perks.models import Mention
from tests.perks.campaigns import make_campaign, make_member
from tests.perks.counters import logged_in, make_claim

pytestmark = pytest.mark.django_db


def test_posts_are_noted_and_taken_off(alice: Person) -> None:
    claim, client = make_claim(alice), logged_in(alice)
    address = f"/claims/{claim.reference}/posted"
    page = client.get(address).content.decode()
    assert "Nobody expects it" in page
    assert claim.terms.disclosure in page
    for url in ("https://town.example/@alice/1", "http://blog.example/coffee", "https://town.example/@alice/1"):
        assert client.post(address, {"url": url}).status_code == 302
    assert [(mention.source, mention.claim_id) for mention in Mention.objects.all()] == [("own", claim.pk)] * 2
    assert claim.events.filter(kind="posted").count() == 2
    mention = Mention.objects.get(url="http://blog.example/coffee")
    client.post(address, {"remove": mention.pk})
    assert [mention.url for mention in Mention.objects.all()] == ["https://town.example/@alice/1"]
    assert "blog.example" not in client.get(address).content.decode()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.example/x",
        "town.example",
        "https://",
        "https://a.example/" + "x" * 500,
    ],
)
def test_only_addresses_of_the_web_are_taken(alice: Person, url: str) -> None:
    response = logged_in(alice).post(f"/claims/{make_claim(alice).reference}/posted", {"url": url})
    assert response.status_code == 422
    assert not Mention.objects.exists()


def test_ten_are_enough(alice: Person) -> None:
    address, client = f"/claims/{make_claim(alice).reference}/posted", logged_in(alice)
    codes = [client.post(address, {"url": f"https://town.example/{number}"}).status_code for number in range(11)]
    assert codes == [302] * 10 + [422]
    assert Mention.objects.count() == 10


def test_nobody_takes_off_what_is_anothers_or_was_found(alice: Person, bob: Person) -> None:
    campaign = make_campaign(kind="voucher")
    ours, theirs = make_claim(alice, campaign), make_claim(bob, campaign)
    logged_in(bob).post(f"/claims/{theirs.reference}/posted", {"url": "https://town.example/bob"})
    logged_in(alice).post(f"/claims/{ours.reference}/posted", {"url": "https://town.example/alice"})
    Mention.objects.filter(person=alice).update(source="hashtag")
    for mention in Mention.objects.all():
        logged_in(alice).post(f"/claims/{ours.reference}/posted", {"remove": mention.pk})
    for odd in ("x", "-1", "9" * 30):
        assert logged_in(alice).post(f"/claims/{ours.reference}/posted", {"remove": odd}).status_code == 302
    assert Mention.objects.count() == 2


def test_who_hides_may_note_as_well_and_it_is_shown_nowhere(client) -> None:
    claim = make_claim(make_member("Zebulon", visibility="hidden"))
    logged_in(claim.person).post(f"/claims/{claim.reference}/posted", {"url": "https://town.example/zeb"})
    assert Mention.objects.count() == 1
    assert client.get(f"/claims/{claim.reference}/posted").status_code == 302
