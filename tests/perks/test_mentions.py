"""Posts about a perk are found where they carry its hashtag or link, or where their author named them; in numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from perks import mentions
from perks.links import form_of
from perks.models import Mention
from tests.perks.campaigns import make_campaign, make_member
from tests.perks.posts import make_account, make_claim, make_post

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SHOP = "https://www.acme.example/headset/"


@pytest.fixture
def campaign(db):
    return make_campaign(hashtag="#AcmeHeadset", link=SHOP, at=AT, per_person=3)


def found(campaign, at=AT + DAY) -> list[tuple[str, str]]:
    """(whose, how) of each mention."""
    mentions.match(campaign, at)
    return sorted(Mention.objects.filter(campaign=campaign).values_list("person__handle", "source"))


def test_posts_with_the_hashtag_or_the_link_are_found(campaign, alice, bob):
    for person in (alice, bob):
        make_claim(campaign, person, AT)
    make_post(make_account(alice), AT + DAY, tags=["kites", "acmeheadset"])
    make_post(make_account(bob), AT + DAY, links=["http://acme.example/headset?utm_source=x&fbclid=1#top"])
    assert found(campaign) == [("Alice", "hashtag"), ("Bob", "link")]


@pytest.mark.parametrize(
    ("tags", "links"),
    [
        (["headset"], []),
        (["acmeheadset2"], []),
        ([], ["https://acme.example/"]),
        ([], ["https://acme.example/headset/other"]),
        ([], ["https://notacme.example/headset"]),
        ([], ["https://evil.example/?to=https://www.acme.example/headset/"]),
        ([], []),
    ],
)
def test_other_posts_are_not(campaign, alice, tags, links):
    make_claim(campaign, alice, AT)
    make_post(make_account(alice), AT + DAY, tags=tags, links=links)
    assert found(campaign) == []


def test_only_posts_after_the_claim_and_up_to_sixty_days_after_the_end(campaign, alice):
    make_claim(campaign, alice, AT)
    account = make_account(alice)
    end = campaign.windows.get().closes_at + 60 * DAY
    for moment in (AT - timedelta(seconds=1), AT, end - timedelta(seconds=1), end):
        make_post(account, moment, tags=["acmeheadset"])
    mentions.match(campaign, end + DAY)
    times = set(Mention.objects.values_list("posted_at", flat=True))
    assert times == {AT, end - timedelta(seconds=1)}


@pytest.mark.parametrize("state", ["held", "expired", "released", "cancelled"])
def test_who_has_not_claimed_is_not_looked_at(campaign, alice, bob, state):
    make_claim(campaign, alice, AT, state)
    for person in (alice, bob):
        make_post(make_account(person), AT + DAY, tags=["acmeheadset"])
    assert found(campaign) == []


def test_it_tells_how_a_post_was_received_and_how_far_the_account_reaches(campaign, alice):
    make_claim(campaign, alice, AT)
    account = make_account(alice, followers=1200)
    make_post(account, AT + DAY, tags=["acmeheadset"], people=7, reactions=9, likes=31)
    assert found(campaign) == [("Alice", "hashtag")]
    mention = Mention.objects.get()
    assert (mention.people, mention.reactions, mention.audience) == (7, 31, 1200)
    assert mention.network == "mastodon"


def test_finding_again_adds_nothing_and_renews_the_numbers(campaign, alice):
    make_claim(campaign, alice, AT)
    account = make_account(alice)
    post = make_post(account, AT + DAY, tags=["acmeheadset"], likes=2)
    assert mentions.match(campaign, AT + DAY) == mentions.match(campaign, AT + DAY) == 1
    first = Mention.objects.get()
    from scoring.models import PostTotal

    PostTotal.objects.filter(post=post.post).update(total=50)
    assert mentions.match(campaign, AT + 2 * DAY) == 1
    again = Mention.objects.get()
    assert (again.pk, again.found_at, again.reactions) == (first.pk, AT + DAY, 50)


def test_several_claims_of_one_person_find_a_post_once(campaign, alice):
    first = make_claim(campaign, alice, AT)
    make_claim(campaign, alice, AT + DAY)
    make_post(make_account(alice), AT + DAY, tags=["acmeheadset"])
    assert found(campaign) == [("Alice", "hashtag")]
    assert Mention.objects.get().claim_id == first.pk


def test_what_no_longer_matches_is_forgotten(campaign, alice):
    claim = make_claim(campaign, alice, AT)
    make_post(make_account(alice), AT + DAY, tags=["acmeheadset"])
    mentions.note_own(claim=claim, url="https://elsewhere.example/1", at=AT)
    assert len(found(campaign)) == 2
    campaign.hashtag = "#other"
    campaign.save()
    assert found(campaign) == [("Alice", "own")]


def test_a_campaign_with_neither_finds_nothing_and_keeps_own_notes(alice):
    campaign = make_campaign(at=AT)
    claim = make_claim(campaign, alice, AT)
    make_post(make_account(alice), AT + DAY, tags=["x"], links=[SHOP])
    mentions.note_own(claim=claim, url="https://elsewhere.example/1", at=AT)
    assert found(campaign) == [("Alice", "own")]


# ---------------------------------------------------------------- people's own notes
def test_an_own_note_is_one_mention_however_often_it_is_sent(campaign, alice):
    claim = make_claim(campaign, alice, AT)
    first = mentions.note_own(claim=claim, url="https://x.com/alice/status/1", at=AT)
    again = mentions.note_own(claim=claim, url="https://x.com/alice/status/1", at=AT + DAY)
    assert first == again
    assert first.found_at == AT


def test_a_note_of_nobody_is_none(campaign):
    claim = make_claim(campaign, None, AT)
    assert mentions.note_own(claim=claim, url="https://x.com/a/status/1", at=AT) is None


@pytest.mark.parametrize(
    ("url", "noted"),
    [
        ("https://x.com/alice/status/17", "https://twitter.com/Alice/status/17?s=20"),
        ("https://x.com/i/status/17", "https://mobile.x.com/alice/status/17/photo/1"),
        ("https://town.example/@alice/17", "http://www.town.example/@alice/17/?utm_source=share"),
        ("https://www.youtube.com/watch?v=abc", "https://m.youtube.com/watch?v=abc&t=9&si=x"),
    ],
)
def test_a_note_is_recognised_as_the_post_that_it_names(campaign, alice, url, noted):
    claim = make_claim(campaign, alice, AT)
    post = make_post(make_account(alice, followers=10), AT + DAY, url=url, people=3, reactions=4)
    mentions.note_own(claim=claim, url=noted, at=AT + DAY)
    assert found(campaign) == [("Alice", "own")]
    mention = Mention.objects.get()
    assert (mention.post, mention.posted_at, mention.people, mention.audience) == (post.post, post.posted_at, 3, 10)


def test_a_note_takes_the_place_of_what_was_found_by_the_hashtag(campaign, alice):
    claim = make_claim(campaign, alice, AT)
    url = "https://town.example/@alice/17"
    make_post(make_account(alice), AT + DAY, url=url, tags=["acmeheadset"])
    assert found(campaign) == [("Alice", "hashtag")]
    mentions.note_own(claim=claim, url=url, at=AT + DAY)
    assert found(campaign) == found(campaign) == [("Alice", "own")]


def test_two_addresses_of_one_post_are_matched_once(campaign, alice):
    claim = make_claim(campaign, alice, AT)
    make_post(make_account(alice), AT + DAY, url="https://x.com/alice/status/17")
    for url in ("https://x.com/alice/status/17", "https://twitter.com/alice/status/17"):
        mentions.note_own(claim=claim, url=url, at=AT)
    assert len(found(campaign)) == 2
    assert Mention.objects.exclude(post=0).count() == 1


def test_another_persons_post_is_nobodys_own(campaign, alice, bob):
    claim = make_claim(campaign, alice, AT)
    make_post(make_account(bob), AT + DAY, url="https://town.example/@bob/1")
    mentions.note_own(claim=claim, url="https://town.example/@bob/1", at=AT)
    found(campaign)
    assert Mention.objects.get().post == 0


def test_it_takes_as_many_queries_for_many_claims_as_for_one(campaign, django_assert_max_num_queries):
    for number in range(30):
        person = make_member(f"Guest{number}", None)
        make_claim(campaign, person, AT)
        make_post(make_account(person), AT + DAY, tags=["acmeheadset"], likes=1)
    with django_assert_max_num_queries(10):
        assert mentions.match(campaign, AT + DAY) == 30


@pytest.mark.parametrize(
    "odd", ["", "acme", "ftp://acme.example", "http://[::1", "https://localhost/", "https://x:99999/"]
)
def test_what_is_no_address_has_no_form(odd):
    assert form_of(odd) is None


def test_a_page_is_one_page_however_it_was_shared():
    plain = form_of("https://acme.example/headset?size=1")
    assert form_of("HTTP://WWW.Acme.example:443/headset/?size=1&utm_medium=x#reviews").leads_to(plain)
    assert not form_of("https://acme.example/headset?size=2").leads_to(plain)
    assert not form_of("https://acme.example/headset").leads_to(plain)
