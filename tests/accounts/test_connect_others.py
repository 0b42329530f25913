"""Connecting what no log-in or code proves: an article, a site with its key, pages that an account runs."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from accounts import challenges, claims, credentials, linking, proving
from accounts.models import AccountClaim, Consent, LinkedAccount, Membership, Person
from accounts.networks import NETWORKS
from accounts.networks.base import Owner
from accounts.networks.oauth import Tokens
from tests.fakes.bing import KEY as BING_KEY
from tests.fakes.bing import FakeBing
from tests.fakes.facebook import ALICE as ALICE_AT_FACEBOOK
from tests.fakes.facebook import BAKERY, PAGE_TOKEN, TOKEN, FakeFacebook
from tests.fakes.graph import SECRET
from tests.fakes.wikipedia import FakeWikipedia

KEYS = ("id-of-our-app", "secret-of-our-app-91ff")
AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def keys(settings) -> None:
    settings.NETWORK_KEYS = dict.fromkeys(settings.NETWORK_KEYS, KEYS)


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return " ".join(response.content.decode().split())


# ---------------------------------------------------------------- what nobody can prove


WIKIPEDIA = "/settings/connect/wikipedia"


@pytest.fixture
def wiki(settings) -> Iterator[FakeWikipedia]:
    with FakeWikipedia() as fake:
        settings.NETWORK_ORIGINS = {"https://en.wikipedia.org": fake.url}
        yield fake


def ask(client: Client, address: str = "https://en.wikipedia.org/wiki/Ada_Lovelace", reason: str = "See its photo"):
    return client.post(WIKIPEDIA, {"step": "ask", "address": address, "reason": reason}, follow=True)


def test_an_article_is_asked_for_and_the_staff_decides(alice: Person, as_alice: Client, wiki: FakeWikipedia) -> None:
    assert "Everybody can write it" in text(as_alice, WIKIPEDIA)
    page = ask(as_alice).content.decode()
    asked = AccountClaim.objects.get()
    assert "You have asked for en:Ada Lovelace" in page
    assert (asked.state, asked.person, asked.holder, asked.objection) == ("disputed", alice, None, "See its photo")
    assert not LinkedAccount.objects.exists(), "nothing on an article proves whom it is about"
    assert claims.grant_due(timezone.now() + dt.timedelta(days=400)) == 0
    assert f"/settings/claims/{asked.pk}" in text(as_alice, "/settings/networks")
    assert Consent.objects.get().subject == "connect:wikipedia"
    ask(as_alice)
    assert AccountClaim.objects.count() == 1
    claims.decide(claim=asked, granted=True, at=AT)
    made = LinkedAccount.objects.get()
    assert (made.person, made.account.external_id, made.proof) == (alice, "en:Ada_Lovelace", "operator")
    assert {"profile", "pageviews"} <= {cursor.stream for cursor in made.cursors.all()}, "it is read, without a key"


def test_a_link_to_a_proved_site_is_told_to_the_staff(alice: Person, as_alice: Client, wiki: FakeWikipedia) -> None:
    site = Owner("alice.example", handle="alice.example")
    linking.link_account(person=alice, spec=NETWORKS["blog"].spec, owner=site, proof="network", at=AT)
    ask(as_alice)
    assert "links to https://alice.example/, which is proved" in AccountClaim.objects.get().objection


def test_an_article_that_is_none_is_said_in_words(as_alice: Client, wiki: FakeWikipedia) -> None:
    assert 'id="ask_address_error"' in ask(as_alice, "nonsense").content.decode()
    assert "This field is required" in ask(as_alice, reason="").content.decode()
    assert not AccountClaim.objects.exists()
    assert not Consent.objects.exists()


def test_a_refused_article_is_not_asked_for_again_at_once(alice: Person, as_alice: Client, wiki: FakeWikipedia) -> None:
    ask(as_alice)
    claims.decide(claim=AccountClaim.objects.get(), granted=False, at=timezone.now())
    assert "was not linked to you" in ask(as_alice).content.decode()
    assert AccountClaim.objects.count() == 1


# ---------------------------------------------------------------- a link, and a handle that was given up


def test_a_link_to_a_handle_that_somebody_else_has_by_now_takes_no_blog_away(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog, about = NETWORKS["blog"], "http://127.0.0.1:8000/alice"
    monkeypatch.setattr(type(blog), "find", lambda self, http, address: Owner("blog.example", about=about))
    # She who linked her blog is called otherwise now, and her handle of then is another person's.
    linking.link_account(person=bob, spec=blog.spec, owner=Owner("blog.example"), proof="network", at=AT)
    with pytest.raises(proving.Unproved):
        proving.check(alice, blog, "blog.example", AT)
    about = challenges.code_for(proving.subject_of(alice), "blog", "blog.example")
    assert proving.check(alice, blog, "blog.example", AT).external_id == "blog.example"
    # What nobody has is proved by the link.
    LinkedAccount.objects.all().delete()
    about = "http://127.0.0.1:8000/alice"
    assert proving.check(alice, blog, "blog.example", AT).external_id == "blog.example"


# ---------------------------------------------------------------- a key, and pages


BING = "/settings/connect/bing"


@pytest.fixture
def bing(settings) -> Iterator[FakeBing]:
    with FakeBing() as fake:
        settings.NETWORK_ORIGINS = {"https://ssl.bing.com": fake.url}
        yield fake


def give_key(client: Client, address: str = "https://alice.example", key: str = BING_KEY):
    return client.post(BING, {"step": "key", "address": address, "key": key}, follow=True)


def test_a_key_that_opens_the_site_links_it(alice: Person, as_alice: Client, bing: FakeBing) -> None:
    page = give_key(as_alice).content.decode()
    made = LinkedAccount.objects.get()
    assert (made.person, made.account.external_id, made.proof) == (alice, "alice.example", "network")
    assert credentials.access_token(made, AT) == BING_KEY
    assert BING_KEY not in page
    assert BING_KEY.encode() not in bytes(made.credential.token)
    assert BING_KEY not in repr(dict(as_alice.session))
    assert Consent.objects.get().subject == "connect:bing"


@pytest.mark.parametrize(
    ("address", "key"), [("https://bob.example", BING_KEY), ("https://alice.example", "wrong-key-5be1"), ("", BING_KEY)]
)
def test_a_key_that_does_not_is_said_and_never_shown(
    as_alice: Client, bing: FakeBing, address: str, key: str, caplog
) -> None:
    page = give_key(as_alice, address, key).content.decode()
    assert "does not let us look" in page or "This field is required" in page
    assert key not in page + caplog.text
    assert not LinkedAccount.objects.exists()
    assert not Consent.objects.exists()


@pytest.fixture
def facebook(settings, alice: Person) -> Iterator[tuple[FakeFacebook, LinkedAccount]]:
    with FakeFacebook() as fake:
        fake.secret = True
        settings.NETWORK_ORIGINS = {"https://graph.facebook.com": fake.url}
        settings.NETWORK_KEYS |= {"facebook": ("our-app", SECRET)}
        made = linking.link_account(
            person=alice,
            spec=NETWORKS["facebook"].spec,
            owner=Owner(ALICE_AT_FACEBOOK, handle="Alice"),
            proof="network",
            at=AT,
            tokens=Tokens(TOKEN),
        )
        yield fake, made


def test_pages_are_shown_when_asked_for_and_those_chosen_are_read(
    alice: Person, as_alice: Client, facebook: tuple[FakeFacebook, LinkedAccount]
) -> None:
    fake, made = facebook
    address = f"/settings/accounts/{made.pk}/pages"
    assert "Show my pages" in text(as_alice, address)
    assert fake.asked == [], "looking asks nobody"
    shown = as_alice.post(address).content.decode()
    assert "Bäckerei Ä 🥐" in shown
    assert LinkedAccount.objects.count() == 1
    assert "This field is required" in as_alice.post(address, {"step": "choose", "whose": alice.pk}).content.decode()
    response = as_alice.post(address, {"step": "choose", "pages": [BAKERY], "whose": alice.pk})
    page = LinkedAccount.objects.get(kind="page")
    assert response.url == f"/settings/accounts/{page.pk}"
    assert (page.person, page.through, page.proof) == (alice, made, "network")
    assert credentials.access_token(page, AT) == PAGE_TOKEN
    assert {cursor.stream for cursor in page.cursors.all()} == set(NETWORKS["facebook"].spec.page_streams)
    settings_page = text(as_alice, "/settings/networks")
    assert settings_page.index("bakery") > settings_page.index("Alice</strong>")
    assert "With it go the pages" in text(as_alice, f"/settings/accounts/{made.pk}/remove")
    assert PAGE_TOKEN not in shown + repr(dict(as_alice.session))


def test_a_page_may_count_for_an_organisation_but_not_for_strangers(
    alice: Person, bob: Person, as_alice: Client, facebook: tuple[FakeFacebook, LinkedAccount]
) -> None:
    _, made = facebook
    firm = Person.objects.create(handle="bakery", kind=Person.Kind.ORGANISATION)
    Membership.objects.create(user=alice.users.get(), person=firm)
    address = f"/settings/accounts/{made.pk}/pages"
    chosen = {"step": "choose", "pages": [BAKERY]}
    assert "Select a valid choice" in as_alice.post(address, chosen | {"whose": bob.pk}).content.decode()
    as_alice.post(address, chosen | {"whose": firm.pk})
    assert LinkedAccount.objects.get(kind="page").person == firm


def test_a_page_that_one_does_not_run_cannot_be_chosen(
    alice: Person, as_alice: Client, facebook: tuple[FakeFacebook, LinkedAccount]
) -> None:
    fake, made = facebook
    address = f"/settings/accounts/{made.pk}/pages"
    refused = as_alice.post(address, {"step": "choose", "pages": ["4711"], "whose": alice.pk})
    assert "Select a valid choice" in refused.content.decode()
    fake.accounts.clear()
    assert "names no page that you run" in as_alice.post(address, follow=True).content.decode()
    assert not LinkedAccount.objects.filter(kind="page").exists()
