"""The marketplace, a campaign's page and a brand's page, as people get them."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from accounts.models import Membership, Person, User
from accounts.second_factors import has_second_factor
from perks import marketplace
from perks.models import Campaign, Picture, Seen, Tier, TopicRequirement, Variant, Window
from perks.views.offers import PAST
from scoring.models import Topic
from tests.perks.campaigns import HOUR, make_brand, make_campaign, make_member, make_team, second_factor
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MOST_QUERIES = 12
READING = {"headers": {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}}


def make(title: str, **fields: Any) -> Campaign:
    return make_campaign(**{"title": title, "confirmed_only": False} | fields)


def browser(person: Person) -> Client:
    client = Client(**READING)
    client.force_login(user_of(person))
    return client


def titles(response: Any) -> list[str]:
    """The cards on a page, in their order."""
    found = re.findall(r'<h3><a href="/perks/\d+[^"]*">([^<]+)</a>', response.content.decode())
    return found


@pytest.fixture
def town(alice: Person) -> None:
    """Alice has a score of 50."""
    make("Mug", closes=5 * DAY)
    make("Cap", closes=3 * DAY, minimum_score=45)
    make("Scarf", minimum_score=53)
    make("Watch", minimum_score=90, countries=["JP"], networks=["mastodon"])
    make("Coat", minimum_score=51)
    make("Boots", opens=DAY, closes=4 * DAY)
    make("Draft", state="draft")
    make("Gone", state="ended")


def test_for_me_is_what_is_met_and_what_ends_soonest_comes_first(town: None, alice: Person) -> None:
    response = browser(alice).get("/perks")
    assert titles(response) == ["Cap", "Mug", "Boots"]
    assert "You qualify" in text_of(response)
    assert "You qualify" not in text_of(browser(alice).get("/perks?show=almost"))


def test_almost_is_the_nearest_first_and_says_how_far(town: None, alice: Person) -> None:
    response = browser(alice).get("/perks?show=almost")
    assert titles(response) == ["Coat", "Scarf"]
    text = text_of(response)
    assert "Score 50 of 51: 1 more." in text
    assert "Score 50 of 53: 3 more." in text


def test_all_has_what_is_out_of_reach_too_and_never_what_is_no_ones_yet(town: None, alice: Person) -> None:
    response = browser(alice).get("/perks?show=all")
    assert set(titles(response)) == {"Mug", "Cap", "Scarf", "Watch", "Coat", "Boots"}


def test_a_visitor_sees_all_and_is_invited(town: None, client: Client) -> None:
    response = client.get("/perks")
    assert len(titles(response)) == 6
    text = text_of(response)
    assert "A score of 45 or more" in text
    assert "Sign up" in text
    assert "You qualify" not in text
    assert not response.cookies
    assert client.get("/perks?show=mine").status_code == 302


def test_little_stock_and_the_time_stand_on_the_card_in_ones_own_zone(alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(time_zone="Asia/Tokyo")
    campaign = make("Mug", stock=3)
    closes = campaign.windows.get().closes_at
    page = browser(alice).get("/perks").content.decode()
    assert re.search(r"<dt>Left</dt><dd>3</dd>", page)
    assert timezone.localtime(closes, timezone.get_fixed_timezone(540)).strftime("%H:%M") in page
    assert "in 2 days" in page


def test_what_one_has_is_in_mine_and_not_offered_again(alice: Person) -> None:
    campaign = make("Mug")
    at = timezone.now()
    campaign.claims.create(
        variant=campaign.variants.get(),
        person=alice,
        ordinal=1,
        allowed=1,
        state="held",
        key="a",
        held_at=at,
        expires_at=at + HOUR,
    )
    client = browser(alice)
    assert titles(client.get("/perks")) == []
    assert "Mug" in text_of(client.get("/perks?show=mine"))
    assert "You have one." in text_of(client.get(campaign.get_absolute_url()))


def test_every_empty_list_says_why() -> None:
    bob = make_member("Bob", None)
    client = browser(bob)
    assert "worked out once an account is connected" in text_of(client.get("/perks"))
    for show, words in (("almost", "Nothing is just out of reach"), ("all", "No brand offers anything")):
        assert words in text_of(client.get(f"/perks?show={show}"))


def test_pages_go_on_where_the_last_one_ended(monkeypatch: pytest.MonkeyPatch, alice: Person) -> None:
    monkeypatch.setattr(marketplace, "PAGE", 2)
    for number in range(5):
        make(f"Mug {number}", closes=DAY * (2 + number))
    client, seen, path = browser(alice), [], "/perks"
    while path:
        response = client.get(path)
        seen += titles(response)
        found = re.search(r'rel="next" href="([^"]+)"', response.content.decode())
        path = f"/perks{found[1].replace('&amp;', '&')}" if found else ""
    assert seen == [f"Mug {number}" for number in range(5)]
    assert titles(client.get("/perks?after=nonsense")) == seen[:2]


def test_who_speaks_for_several_chooses_and_nobody_elses_handle_works(alice: Person, bob: Person) -> None:
    user = user_of(alice)
    carol = make_member("Carol", 80.0)
    Membership.objects.create(user=user, person=carol)
    make("Watch", minimum_score=70)
    client = browser(alice)
    assert titles(client.get("/perks")) == []
    response = client.get("/perks?person=carol")
    assert titles(response) == ["Watch"]
    assert "?person=Carol" in response.content.decode()
    assert client.get("/perks?person=bob").status_code == 404


def test_an_organisation_sees_what_there_is(alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(kind="organisation")
    make("Mug")
    response = browser(alice).get("/perks")
    assert titles(response) == ["Mug"]
    assert "Perks go to people" in text_of(response)


@pytest.mark.parametrize("show", ["for-me", "almost", "all", "mine"])
def test_lists_cost_the_same_however_long_they_are(show: str, alice: Person) -> None:
    topic = Topic.objects.create(slug="zq", name="Zq")
    client, costs = browser(alice), []
    for number in range(4):
        campaign = make(f"Mug {number}", stock=2, minimum_score=40 if show == "for-me" else 51)
        Tier.objects.create(campaign=campaign, minimum_score=30, name="a", benefit="b")
        TopicRequirement.objects.create(campaign=make(f"Cup {number}"), topic=topic)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(f"/perks?show={show}").status_code == 200
        costs.append(len(asked))
    assert len(set(costs[1:])) == 1
    assert max(costs) <= MOST_QUERIES, [query["sql"][:150] for query in asked]


# ---------------------------------------------------------------- a campaign's page


def test_a_campaigns_page_says_all_and_what_can_be_done(alice: Person) -> None:
    campaign = make(
        "Mug", text="Line one.\n\n<b>https://evil.example</b>", kind="lounge", link="https://acme.example/x"
    )
    Tier.objects.create(campaign=campaign, minimum_score=40, name="Window", benefit="One seat")
    Tier.objects.create(campaign=campaign, minimum_score=70, name="Wing", benefit="Two seats")
    Variant.objects.create(campaign=campaign, name="large", quantity=0, place=2)
    response = browser(alice).get(campaign.get_absolute_url())
    page, text = response.content.decode(), text_of(response)
    assert "Claim it" in text
    assert f'href="/perks/{campaign.pk}/claim"' in page
    assert re.search(r"Window\s+yours", text)
    assert "all taken" in text
    assert "€99" in text
    assert "#gifted" in text
    # A brand's words are words: the one link is the campaign's own field.
    assert "&lt;b&gt;https://evil.example" in page
    assert re.findall(r'href="(https://(?:evil|acme)[^"]+)"', page) == ["https://acme.example/x"]
    assert response["Cache-Control"].count("no-store")


def test_who_does_not_qualify_is_offered_no_claim_and_told_what_lacks(alice: Person) -> None:
    campaign = make("Watch", minimum_score=90)
    text = text_of(browser(alice).get(campaign.get_absolute_url()))
    assert "Claim it" not in text
    assert "Score 50 of 90: 40 more." in text


def test_what_opens_later_is_said_in_time_with_its_stages(alice: Person) -> None:
    campaign = make("Mug", opens=DAY, closes=5 * DAY)
    campaign.windows.update(kind="staggered", stages=[[63, 0], [1, 1440]], time_zone="Europe/Berlin")
    response = browser(alice).get(campaign.get_absolute_url())
    text = text_of(response)
    assert "from a score of 63" in text
    assert re.search(r"everybody who qualifies: [^•]+ yours", text)
    assert "The brand states it for Europe/Berlin" in text
    assert "Add it to your calendar" in text
    assert "Claim it" not in text


def test_a_short_window_says_why(client: Client) -> None:
    campaign = make("Mug", closes=HOUR)
    campaign.windows.update(short_reason="The bakery closes at noon.")
    assert "The bakery closes at noon." in text_of(client.get(campaign.get_absolute_url()))


def test_what_is_sold_out_offers_its_waiting_list(alice: Person) -> None:
    campaign = make("Mug", stock=0)
    client = browser(alice)
    assert f'href="/perks/{campaign.pk}/wait"' in client.get(campaign.get_absolute_url()).content.decode()
    Campaign.objects.update(waiting_list=False)
    assert "/wait" not in client.get(campaign.get_absolute_url()).content.decode()


def test_a_lottery_is_entered_and_not_claimed(alice: Person, client: Client) -> None:
    campaign = make("Seat")
    Window.objects.update(kind="lottery", winners=2)
    text = text_of(browser(alice).get(campaign.get_absolute_url()))
    assert "Enter the draw" in text
    assert "Claim it" not in text
    assert "A lottery for 2" in text
    Window.objects.update(winners=None)
    assert "A lottery: until it closes" in text_of(client.get(campaign.get_absolute_url()))


@pytest.mark.parametrize("state", ["draft", "review", "archived"])
def test_what_is_not_public_is_there_for_the_team_alone(state: str, alice: Person) -> None:
    campaign = make("Mug", state=state)
    picture = make_picture(campaign)
    team = make_team(campaign.brand, vera="viewer")
    others = make_team(make_brand("Zenith"), zoe="owner")
    staff = User.objects.create(email="staff@example.org", password="!", is_staff=True)
    for path in (f"/perks/{campaign.pk}", f"/perks/{campaign.pk}/picture/{picture.pk}"):
        for user, seen in ((None, 404), (user_of(alice), 404), (others["zoe"], 404), (team["vera"], 200), (staff, 200)):
            client = Client(**READING)
            if user is not None:
                client.force_login(user if has_second_factor(user) else second_factor(user))
            assert client.get(path).status_code == 404
            assert client.get(f"{path}?preview").status_code == seen, (path, user)
    client = Client(**READING)
    client.force_login(team["vera"])
    response = client.get(f"/perks/{campaign.pk}?preview")
    assert "A preview for the brand" in text_of(response)
    assert 'content="noindex"' in response.content.decode()
    assert not Seen.objects.exists()


def test_a_suspended_brand_has_no_pages(client: Client) -> None:
    campaign = make("Mug", brand=make_brand("Zenith", suspended=True))
    for path in (campaign.get_absolute_url(), campaign.brand.get_absolute_url(), "/brand/nobody"):
        assert client.get(path).status_code == 404
    assert titles(client.get("/perks")) == []


def test_machines_are_told_of_an_offer_that_cannot_leave_its_script(client: Client) -> None:
    campaign = make("</script><script>alert(1)</script>", headline="For nothing", countries=["DE"])
    page = client.get(campaign.get_absolute_url()).content.decode()
    [found] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    offered = json.loads(found)
    assert offered["@type"] == "Offer"
    assert offered["name"] == campaign.title
    assert offered["availability"].endswith("LimitedAvailability")
    assert offered["eligibleRegion"] == ["DE"]
    assert (
        f'<link rel="canonical" href="http://testserver{campaign.get_absolute_url()}">' in page or "canonical" in page
    )
    assert 'property="og:title"' in page


def test_a_campaigns_page_costs_no_more_than_twelve_queries(alice: Person) -> None:
    campaign = make("Mug")
    client = browser(alice)
    client.get(campaign.get_absolute_url())
    for number in range(3):
        Variant.objects.create(campaign=campaign, name=f"{number}", quantity=1)
        make_picture(campaign)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(campaign.get_absolute_url()).status_code == 200
    assert len(asked) <= MOST_QUERIES, [query["sql"][:150] for query in asked]


def test_who_was_shown_and_who_looked_is_noted_once(alice: Person) -> None:
    campaign = make("Mug")
    client = browser(alice)
    client.get("/perks")
    seen = Seen.objects.get()
    assert seen.viewed_at is None
    client.get(campaign.get_absolute_url())
    assert Seen.objects.get().viewed_at is not None


def make_picture(campaign: Campaign) -> Picture:
    drawn = io.BytesIO()
    Image.new("RGB", (40, 20), "teal").save(drawn, "WEBP")
    picture = Picture(campaign=campaign, alternative="A mug")
    picture.image.save("anything.webp", ContentFile(drawn.getvalue()))
    return picture


def test_a_picture_is_served_as_our_own_kind_whatever_was_stored(client: Client) -> None:
    campaign = make("Mug")
    picture = make_picture(campaign)
    response = client.get(f"/perks/{campaign.pk}/picture/{picture.pk}")
    assert response["Content-Type"] == "image/webp"
    assert response["Cache-Control"] == "public, max-age=3600"
    assert response["X-Content-Type-Options"] == "nosniff"
    drawn = io.BytesIO()
    Image.new("RGB", (40, 20), "teal").save(drawn, "PNG")
    picture.image.save("other.png", ContentFile(drawn.getvalue()))
    answer = client.get(f"/perks/{campaign.pk}/picture/{picture.pk}")
    assert Image.open(io.BytesIO(answer.content)).format == "WEBP"
    picture.image.save("page.svg", ContentFile(b"<svg><script>alert(1)</script></svg>"))
    assert client.get(f"/perks/{campaign.pk}/picture/{picture.pk}").status_code == 404
    assert client.get(f"/perks/{make('Cap').pk}/picture/{picture.pk}").status_code == 404


# ---------------------------------------------------------------- a brand's page


def test_a_brand_shows_what_runs_and_what_was(client: Client, alice: Person) -> None:
    brand = make_brand("Zenith", about="Clocks that go.")
    make("Watch", brand=brand)
    make("Alarm", brand=brand, state="ended")
    make("Secret", brand=brand, state="draft")
    make("Mug")
    response = client.get("/brand/zenith")
    text = text_of(response)
    assert titles(response) == ["Watch"]
    assert "Alarm" in text
    assert "Clocks that go." in text
    assert "Secret" not in text
    assert "Mug" not in text
    own = browser(alice)
    with CaptureQueriesContext(connection) as asked:
        own.get("/brand/zenith")
    assert len(asked) <= MOST_QUERIES
    assert PAST >= 20


def test_the_dashboard_has_a_few_perks_or_the_nearest(alice: Person) -> None:
    client = browser(alice)
    assert "Nothing is open for you now" in text_of(client.get("/dashboard"))
    make("Scarf", minimum_score=53)
    assert "Perks nearly yours" in text_of(client.get("/dashboard"))
    for number in range(4):
        make(f"Mug {number}", closes=DAY * (2 + number))
    with CaptureQueriesContext(connection) as asked:
        response = client.get("/dashboard")
    text = text_of(response)
    assert "Perks for you" in text
    assert [f"Mug {number}" in text for number in range(4)] == [True, True, True, False]
    assert "Scarf" not in text
    assert len(asked) <= MOST_QUERIES, [query["sql"][:150] for query in asked]
