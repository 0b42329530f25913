"""Connecting: what is said before anybody agrees, the proof by a code, and the first reading."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.utils import timezone

from accounts import challenges, linking, offers, proving
from accounts.models import AccountClaim, Consent, Cursor, LinkedAccount, Membership, Person
from accounts.networks import NETWORKS
from accounts.networks.base import Owner
from scoring.models import Interaction, Score, UnlinkEffect
from tests.accounts.conftest import link, logged_in
from tests.fakes.bluesky import FakeBluesky
from tests.scoring.published import publish_score

KEYS = ("id-of-our-app", "secret-of-our-app-91ff")
AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def keys(settings) -> None:
    settings.NETWORK_KEYS = dict.fromkeys(settings.NETWORK_KEYS, KEYS)


@pytest.fixture
def bluesky(settings) -> Iterator[FakeBluesky]:
    with FakeBluesky() as fake:
        settings.NETWORK_ORIGINS = {NETWORKS["bluesky"].spec.base_url: fake.url}
        yield fake


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return " ".join(response.content.decode().split())


# ---------------------------------------------------------------- all networks


def test_every_network_is_there_with_the_four_that_people_look_for_first(as_alice: Client) -> None:
    page = text(as_alice, "/settings/connect")
    found = [page.index("</h2>".join([name, ""])) for name in ("Twitter/X", "Facebook", "LinkedIn", "Google (YouTube)")]
    assert found == sorted(found)
    for network in offers.offered():
        if network.spec.proof:
            assert f'href="/settings/connect/{network.spec.slug}"' in page, network.spec.slug
    assert found[-1] < page.index("Mastodon</h2>")
    assert "MySpace" in page
    assert 'href="/settings/connect/klout"' not in page


def test_linkedin_is_as_visible_as_the_others(as_alice: Client) -> None:
    page = text(as_alice, "/settings/connect")
    cards = page.split('<li class="card network">')[1:]
    assert [card.count('class="button slim"') for card in cards[:4]] == [1, 1, 1, 1]
    assert "LinkedIn</h2>" in cards[2]


def test_a_card_says_how_it_stands(alice: Person, as_alice: Client, settings) -> None:
    settings.NETWORK_KEYS |= {"twitch": ("", "")}
    link(alice, "twitter", "1", "one")
    link(alice, "twitter", "2", "two")
    LinkedAccount.objects.filter(pk=link(alice, "github", "3").pk).update(state="broken")
    cards = {offer.spec.slug: offer for offer in as_alice.get("/settings/connect").context["offers"]}
    page = text(as_alice, "/settings/connect")
    assert "2 accounts linked" in page
    assert cards["github"].broken
    assert "Reconnect" in page
    assert cards["twitch"].off
    assert 'href="/settings/connect/twitch"' in page, "what it would read can be looked at"
    assert not cards["googleplus"].way
    assert "by export only" in page


def test_the_page_of_one_person_is_not_anothers(alice: Person, bob: Person, as_alice: Client) -> None:
    link(bob, "twitter", "1", "bobs-own")
    firm = Person.objects.create(handle="acme", kind=Person.Kind.ORGANISATION)
    Membership.objects.create(user=alice.users.get(), person=firm, role=Membership.Role.EDITOR)
    assert "1 account linked" not in text(as_alice, "/settings/connect")
    assert "bobs-own" not in text(as_alice, "/settings/connect/twitter")
    assert 'href="/settings/connect/twitter?person=acme"' in text(as_alice, "/settings/connect?person=acme")
    assert as_alice.get("/settings/connect?person=bob").status_code == 404
    assert as_alice.post("/settings/connect/twitter?person=bob", {"step": "agree"}).status_code == 404
    for path in ("/settings/connect", "/settings/connect/twitter"):
        assert Client().get(path).url.startswith("/accounts/login/")


# ---------------------------------------------------------------- before agreeing


@pytest.mark.parametrize("slug", [network.spec.slug for network in offers.offered()])
def test_it_says_what_is_read_what_never_is_and_that_refusing_is_free(as_alice: Client, slug: str) -> None:
    spec = NETWORKS[slug].spec
    response = as_alice.get(f"/settings/connect/{slug}")
    page = " ".join(response.content.decode().replace("&#x27;", "'").split())
    for words in (*spec.reads, *spec.never):
        assert f"<li>{words}</li>" in page
    if spec.proof:
        assert spec.reads, f"{slug} does not say what is read"
        assert "Refusing costs nothing" in page
        assert "take it back at any time" in page
    for scope in (*spec.oauth.identity, *spec.oauth.collect) if spec.oauth else ():
        assert f"<code>{scope}</code>" in page


def test_looking_asks_no_network(as_alice: Client, bluesky: FakeBluesky) -> None:
    for network in offers.offered():
        as_alice.get(f"/settings/connect/{network.spec.slug}")
    as_alice.get("/settings/connect")
    assert bluesky.asked == []
    assert Consent.objects.count() == 0


def test_pages_are_asked_for_by_a_box_that_is_empty(as_alice: Client) -> None:
    if not NETWORKS["facebook"].spec.page_streams:
        pytest.skip("Facebook's pages are not read yet")
    page = text(as_alice, "/settings/connect/facebook")
    assert 'type="checkbox" name="pages"' in page
    assert "checked" not in page
    assert 'name="pages"' not in text(as_alice, "/settings/connect/twitter")


def test_agreeing_is_kept_in_the_words_that_were_shown(alice: Person, as_alice: Client) -> None:
    response = as_alice.post("/settings/connect/twitter", {"step": "agree"})
    away = response.content.decode()
    assert "https://x.com/i/oauth2/authorize" in away
    assert "follows.read" in away
    assert KEYS[1] not in away
    kept = Consent.objects.get()
    assert (kept.user, kept.person, kept.subject, kept.given) == (alice.users.get(), alice, "connect:twitter", True)
    spec = NETWORKS["twitter"].spec
    for words in (*spec.reads, *spec.never, "Refusing costs nothing", *spec.oauth.collect):
        assert words in kept.wording


def test_a_network_that_is_off_sends_nobody_anywhere(as_alice: Client, settings) -> None:
    settings.NETWORK_KEYS |= {"twitter": ("", "")}
    page = text(as_alice, "/settings/connect/twitter")
    assert "is off here" in page
    assert 'value="agree"' not in page
    response = as_alice.post("/settings/connect/twitter", {"step": "agree"})
    assert response.status_code == 200
    assert "cannot be connected here" in response.content.decode()
    assert Consent.objects.count() == 0


def test_a_server_that_is_none_is_said_at_its_field(as_alice: Client) -> None:
    assert "Your server" in text(as_alice, "/settings/connect/mastodon")
    response = as_alice.post("/settings/connect/mastodon", {"step": "agree", "server": "not a server"})
    assert "no address of a server" in response.content.decode()
    assert Consent.objects.count() == 0


def test_there_is_no_page_for_what_is_no_network(as_alice: Client) -> None:
    for slug in ("klout", "nothing"):
        assert as_alice.get(f"/settings/connect/{slug}").status_code == 404
        assert as_alice.post(f"/settings/connect/{slug}", {"step": "agree"}).status_code == 404


@pytest.mark.parametrize("step", ["find", "check", "key", "forget", "", "anything"])
def test_a_step_that_a_network_has_not_does_nothing(as_alice: Client, step: str) -> None:
    response = as_alice.post("/settings/connect/twitter", {"step": step, "address": "x", "key": "y"})
    assert "cannot be connected here" in response.content.decode()
    assert not LinkedAccount.objects.exists()


# ---------------------------------------------------------------- the proof by a code


BLUESKY = "/settings/connect/bluesky"


def find(client: Client, address: str = "alice.example.org"):
    return client.post(BLUESKY, {"step": "find", "address": address})


def check(client: Client, **more: object):
    return client.post(BLUESKY, {"step": "check", **more}, follow=True)


def test_a_code_in_the_bio_links_the_account(alice: Person, as_alice: Client, bluesky: FakeBluesky) -> None:
    assert find(as_alice).url == BLUESKY + "#proof"
    code = challenges.code_for(proving.subject_of(alice), "bluesky", bluesky.did)
    asked = len(bluesky.asked)
    page = text(as_alice, BLUESKY)
    assert code in page
    assert "alice.example.org is yours" in page
    assert len(bluesky.asked) == asked, "showing the code asks nobody"
    assert "not there yet" in check(as_alice).content.decode()
    assert not LinkedAccount.objects.exists()
    bluesky.profile["description"] = f"Gardens. {code}"
    response = check(as_alice)
    made = LinkedAccount.objects.get()
    assert response.redirect_chain[-1][0] == f"/settings/accounts/{made.pk}"
    assert (made.person, made.account.external_id, made.proof) == (alice, bluesky.did, "network")
    assert {cursor.stream for cursor in made.cursors.all()} == set(NETWORKS["bluesky"].spec.streams)
    assert Consent.objects.get().subject == "connect:bluesky"
    assert code not in text(as_alice, BLUESKY), "the next account has a code of its own"
    assert as_alice.session[proving.SESSION_KEY] == {}


def test_a_code_of_somebody_else_proves_nothing(
    alice: Person, bob: Person, as_alice: Client, bluesky: FakeBluesky
) -> None:
    find(as_alice)
    bluesky.profile["description"] = challenges.code_for(proving.subject_of(bob), "bluesky", bluesky.did)
    assert "not there yet" in check(as_alice).content.decode()
    bluesky.profile["description"] = f"I like {alice.get_absolute_url()} and https://testserver/alice"
    assert "not there yet" in check(as_alice).content.decode(), "a mention of a page is no proof"
    assert not LinkedAccount.objects.exists()


def test_a_code_is_not_good_for_the_next_owner_of_a_handle(
    alice: Person, as_alice: Client, bluesky: FakeBluesky
) -> None:
    find(as_alice)
    bluesky.profile["description"] = challenges.code_for(proving.subject_of(alice), "bluesky", bluesky.did)
    bluesky.profile["did"] = "did:plc:" + "z" * 24
    assert "not there yet" in check(as_alice).content.decode()
    assert not LinkedAccount.objects.exists()


def test_what_cannot_be_found_is_said_in_words(as_alice: Client, bluesky: FakeBluesky) -> None:
    assert "This is not a handle such as alice.bsky.social." in find(as_alice, "not a handle").content.decode()
    bluesky.gone = True
    found = find(as_alice).content.decode()
    assert "does not let us look" in found or "nothing at this address" in found
    assert Consent.objects.count() == 0
    assert "This field is required" in find(as_alice, " ").content.decode()


def test_looking_again_and_again_is_slowed(as_alice: Client, bluesky: FakeBluesky) -> None:
    for _ in range(challenges.LOOKS):
        find(as_alice)
    asked = len(bluesky.asked)
    assert "Please wait 10 minutes" in find(as_alice).content.decode()
    assert "Please wait 10 minutes" in check(as_alice).content.decode()
    assert len(bluesky.asked) == asked


def test_another_account_may_be_proved_instead(as_alice: Client, bluesky: FakeBluesky) -> None:
    find(as_alice)
    assert "Check now" in text(as_alice, BLUESKY)
    as_alice.post(BLUESKY, {"step": "forget"})
    assert "Check now" not in text(as_alice, BLUESKY)
    assert as_alice.post(BLUESKY, {"step": "check"}).url == BLUESKY


def test_an_account_that_is_anothers_leads_to_the_claim(
    alice: Person, bob: Person, as_alice: Client, bluesky: FakeBluesky
) -> None:
    spec = NETWORKS["bluesky"].spec
    linking.link_account(person=bob, spec=spec, owner=Owner(bluesky.did), proof="network", at=AT)
    find(as_alice)
    bluesky.profile["description"] = challenges.code_for(proving.subject_of(alice), "bluesky", bluesky.did)
    response = check(as_alice)
    claim = AccountClaim.objects.get()
    assert response.redirect_chain[-1][0] == f"/settings/claims/{claim.pk}"
    assert "linked to somebody else here" in response.content.decode()
    assert LinkedAccount.objects.get().person == bob


def test_an_account_that_has_opted_out_is_refused_with_the_way_back(
    alice: Person, as_alice: Client, bluesky: FakeBluesky
) -> None:
    from accounts import opt_out

    opt_out.add(network="bluesky", owner=Owner(bluesky.did), at=timezone.now())
    find(as_alice)
    bluesky.profile["description"] = challenges.code_for(proving.subject_of(alice), "bluesky", bluesky.did)
    assert "opted out" in check(as_alice).content.decode()
    assert not LinkedAccount.objects.exists()


# ---------------------------------------------------------------- the first reading


def reading(alice: Person, network: str = "bluesky", **fields: object) -> LinkedAccount:
    spec = NETWORKS[network].spec
    made = linking.link_account(person=alice, spec=spec, owner=Owner("9", handle="alice"), proof="network", at=AT)
    LinkedAccount.objects.filter(pk=made.pk).update(**fields)
    return made


def progress(client: Client, made: LinkedAccount) -> str:
    return text(client, f"/settings/accounts/{made.pk}")


def set_cursor(made: LinkedAccount, **fields: object) -> None:
    Cursor.objects.filter(pk=made.cursors.order_by("pk").first().pk).update(**fields)


def test_each_stream_says_where_it_is(alice: Person, as_alice: Client) -> None:
    made, now = reading(alice), timezone.now()
    soon = now + dt.timedelta(minutes=40)
    for fields, words in (
        ({}, "waiting for its turn"),
        ({"queued_at": now}, "being read"),
        ({"pulled_at": now - dt.timedelta(minutes=3), "queued_at": None}, "read 3 minutes ago"),
        ({"error": "example.org answered <502>", "due_at": soon}, "example.org answered &lt;502&gt;"),
        ({"next_allowed_at": soon}, "asks us to wait"),
        # Another stream of the account was asked to wait; this one has nothing to read before tomorrow.
        ({"due_at": soon + dt.timedelta(hours=20), "error": ""}, "read 3 minutes ago"),
        ({"parked_at": now, "error": "You did not allow this to be read."}, "not allowed"),
        ({"parked_at": now, "failing_since": now - dt.timedelta(days=5)}, "given up for now"),
    ):
        set_cursor(made, **fields)
        assert words in progress(as_alice, made)


def test_it_looks_again_by_itself_until_it_is_done(alice: Person, as_alice: Client) -> None:
    made = reading(alice)
    refresh = '<noscript><meta http-equiv="refresh"'
    assert refresh in progress(as_alice, made)
    LinkedAccount.objects.filter(pk=made.pk).update(state="broken")
    page = progress(as_alice, made)
    assert refresh not in page
    assert 'href="/settings/connect/bluesky"' in page
    LinkedAccount.objects.filter(pk=made.pk).update(state="active")
    made.cursors.update(parked_at=timezone.now())
    assert refresh not in progress(as_alice, made)
    made.cursors.update(parked_at=None)
    LinkedAccount.objects.filter(pk=made.pk).update(first_read_at=timezone.now())
    assert refresh not in progress(as_alice, made)


def test_what_was_found_and_the_score_of_it_are_shown(alice: Person, as_alice: Client) -> None:
    import uuid

    made = reading(alice, first_read_at=timezone.now())
    assert "being computed" in progress(as_alice, made)
    for number in range(3):
        Interaction.objects.create(
            key=uuid.uuid4(), occurred_at=AT, target=made.account_id, actor=number, network=10, verb=1, origin=1
        )
    publish_score(alice)
    UnlinkEffect.objects.create(account=made.account_id, person=alice, points=12.34)
    page = progress(as_alice, made)
    assert '<th scope="row">likes</th><td class="number">3</td>' in page
    score = Score.objects.get(person=alice)
    assert f"Score {score.score:.1f} of 100" in page
    assert "This account brings 12.3 points of it." in page
    assert 'href="/alice"' in page


def test_progress_is_for_its_own_person(alice: Person, bob: Person, as_alice: Client) -> None:
    made = reading(bob)
    assert as_alice.get(f"/settings/accounts/{made.pk}").status_code == 404
    assert as_alice.get(f"/settings/accounts/{made.pk}/pages").status_code == 404
    assert logged_in(bob).get(f"/settings/accounts/{made.pk}").status_code == 200


# ---------------------------------------------------------------- many accounts


@pytest.mark.parametrize("path", ["/settings", "/settings/connect", "/settings/connect/twitter"])
def test_queries_do_not_grow_with_the_accounts(
    alice: Person, as_alice: Client, path: str, django_assert_max_num_queries: Callable
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def fill(first: int, number: int) -> int:
        for index in range(first, first + number):
            made = link(alice, "twitter", str(index), f"alice{index}")
            Cursor.objects.create(link=made, stream="profile", pulled_at=AT)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert as_alice.get(path).status_code == 200
        return len(queries)

    few, many = fill(0, 2), fill(2, 20)
    assert few == many


# ---------------------------------------------------------------- logging in


def test_buttons_are_for_networks_that_the_operator_has_set_up(client: Client, db: None, settings) -> None:
    for path in ("/accounts/login/", "/accounts/signup/"):
        page = text(client, path)
        for slug in ("twitter", "facebook", "linkedin", "google"):
            assert f'action="/accounts/with/{slug}"' in page
        assert "/accounts/with/github" not in page
    settings.NETWORK_KEYS = {"linkedin": KEYS}
    page = text(client, "/accounts/login/")
    assert page.count("/accounts/with/") == 1
    settings.NETWORK_KEYS = {}
    assert "/accounts/with/" not in text(client, "/accounts/login/")
    assert client.post("/accounts/with/linkedin").status_code == 404


def test_a_button_asks_for_identity_alone(client: Client, db: None) -> None:
    assert client.get("/accounts/with/twitter").status_code == 405
    page = client.post("/accounts/with/twitter", {"next": "/settings/connect"}).content.decode()
    assert "https://x.com/i/oauth2/authorize" in page
    assert "users.read" in page
    for scope in NETWORKS["twitter"].spec.oauth.collect:
        assert scope not in page


@pytest.mark.parametrize("slug", ["github", "mastodon", "klout", "nothing"])
def test_nobody_logs_in_with_what_signs_nobody_in(client: Client, db: None, slug: str) -> None:
    assert client.post(f"/accounts/with/{slug}").status_code == 404
