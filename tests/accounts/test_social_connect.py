"""Connecting an account that is to be read: whose it is by the network's own word, tokens kept by us alone."""

import logging
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import credentials, linking, mastodon_apps, social
from accounts.models import AccountClaim, Credential, Cursor, LinkedAccount, Membership, NetworkApp, Pause, Person
from accounts.networks import NETWORKS
from accounts.networks.base import BadRecord, NetworkError, Owner, RateLimited
from accounts.tokens import decrypt
from tests.accounts.conftest import logged_in
from tests.accounts.social import agree, come_back, connect, leave, nothing_leaks
from tests.fakes.oauth import DIALECTS

pytestmark = pytest.mark.django_db
# By what each network's account of Alice is known.
IDS = {
    "twitter": "1001",
    "facebook": "1001",
    # SHA-256 of alice.archer@mail.example, its first 32 digits.
    "linkedin": "mail:bca2771854fafee85f0c55de04b11803",
    "google": "UC" + "a" * 21 + "1",
    "instagram": "alicearcher",
    "threads": "alicearcher",
    "foursquare": "1001",
    "github": "1001",
    "reddit": "alicearcher",
    "twitch": "1001",
    "tiktok": "alicearcher",
    "wikipedia": "user:en:AliceArcher",
}


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


@pytest.mark.parametrize("slug", sorted(DIALECTS))
def test_an_account_is_connected_and_read_from_then_on(plays, alice, caplog, slug) -> None:
    caplog.set_level(logging.DEBUG)
    fake, client = plays(slug), logged_in(alice)
    back = connect(client, fake, alice)
    link = LinkedAccount.objects.select_related("account").get()
    assert back["Location"] == reverse("link_progress", args=[link.pk]), said(back)
    assert link.person == alice
    assert link.proof == LinkedAccount.Proof.NETWORK
    assert link.account.network == slug
    assert link.account.external_id == IDS.get(slug, f"alicearcher@{fake.host}")
    kept = Credential.objects.get(link=link)
    assert decrypt(kept.token) in fake.access
    spec = NETWORKS[slug].spec
    streams = set(link.cursors.values_list("stream", flat=True))
    assert streams <= set(spec.streams)
    assert set(link.cursors.filter(due_at__lte=timezone.now()).values_list("stream", flat=True)) == streams
    page = client.get(back["Location"])
    nothing_leaks(fake, caplog.text, page.content.decode(), said(back))


@pytest.mark.parametrize("slug", ["facebook", "instagram", "threads"])
def test_metas_short_token_is_exchanged_for_one_of_60_days(plays, alice, slug) -> None:
    fake = plays(slug)
    connect(logged_in(alice), fake, alice)
    kept = Credential.objects.get()
    assert fake.access[decrypt(kept.token)]["long"]
    assert kept.expires_at is not None
    assert timedelta(days=59) < kept.expires_at - timezone.now() <= timedelta(days=60)
    assert kept.lapses_at == kept.expires_at


@pytest.mark.parametrize("slug", sorted(DIALECTS))
def test_connecting_asks_for_what_is_read_and_proves_that_it_was_us(plays, alice, slug) -> None:
    fake = plays(slug)
    connect(logged_in(alice), fake, alice)
    asked = next(asked for asked in fake.asked if asked.path == fake.dialect.authorize)
    declared = NETWORKS[slug].spec.oauth
    assert declared is not None
    scopes = {scope for scope in asked.param("scope").split(fake.dialect.between) if scope}
    assert scopes == {*declared.identity, *declared.collect}
    assert len(asked.param("state")) >= 16
    if slug in ("twitter", "google", "mastodon"):
        assert asked.param("code_challenge_method") == "S256"
    if slug == "google":
        assert (asked.param("access_type"), "consent" in asked.param("prompt")) == ("offline", True)
        assert Credential.objects.get().refresh_token is not None
    if slug == "reddit":
        assert asked.param("duration") == "permanent"
        assert Credential.objects.get().refresh_token is not None


def test_pages_are_asked_for_only_where_the_person_wants_them_read(plays, alice) -> None:
    fake = plays("facebook")
    back = connect(logged_in(alice), fake, alice, pages="on")
    asked = next(asked for asked in fake.asked if asked.path == fake.dialect.authorize)
    assert "pages_read_engagement" in asked.param("scope")
    assert back["Location"] == reverse("choose_pages", args=[LinkedAccount.objects.get().pk])


def test_a_scope_that_was_refused_leaves_its_streams_out(plays, alice) -> None:
    fake = plays("facebook")
    spec = NETWORKS["facebook"].spec
    fake.declines = {"user_posts"}
    client = logged_in(alice)
    connect(client, fake, alice)
    assert "user_posts" not in Credential.objects.get().scopes
    assert "posts" not in set(Cursor.objects.values_list("stream", flat=True))
    assert "profile" in set(Cursor.objects.values_list("stream", flat=True))
    # Once it is allowed it is read.
    fake.declines = set()
    connect(client, fake, alice)
    assert set(Cursor.objects.values_list("stream", flat=True)) == set(spec.streams)
    # And taken back again, it rests where it was.
    Cursor.objects.filter(stream="posts").update(value={"seen": "7"})
    fake.declines = {"user_posts"}
    connect(client, fake, alice)
    resting = Cursor.objects.get(stream="posts")
    assert resting.parked_at is not None
    assert resting.value == {"seen": "7"}
    assert "did not allow" in resting.error


def test_where_our_app_may_not_ask_for_all_identity_is_asked_for_alone(plays, alice) -> None:
    fake, client = plays("linkedin"), logged_in(alice)
    fake.refuses = "unauthorized_scope_error"
    again = come_back(client, fake, agree(client, "linkedin", alice))
    assert again.status_code == 302
    assert again["Location"].startswith(fake.url)
    fake.refuses = ""
    back = client.get(fake.visit(again["Location"]).removeprefix("http://testserver"))
    link = LinkedAccount.objects.get()
    assert back["Location"] == reverse("link_progress", args=[link.pk])
    assert link.account.external_id.startswith("mail:")
    # A network that goes on refusing is not asked for ever.
    fake.refuses = "unauthorized_scope_error"
    once = come_back(client, fake, agree(client, "linkedin", alice))
    twice = client.get(fake.visit(once["Location"]).removeprefix("http://testserver"))
    assert "did not let us in" in said(twice)


def test_ones_own_app_at_linkedin_may_ask_by_another_name(plays, alice, settings) -> None:
    fake, client = plays("linkedin"), logged_in(alice)
    settings.LINKEDIN_SCOPES = ["r_dma_portability_self_serve"]
    page = client.get(reverse("connect_network", args=["linkedin"])).content.decode()
    connect(client, fake, alice)
    asked = next(asked for asked in fake.asked if asked.path == fake.dialect.authorize)
    assert set(asked.param("scope").split()) == {"openid", "profile", "email", "r_dma_portability_self_serve"}
    assert "r_dma_portability_self_serve" in page
    assert "r_dma_portability_self_serve" in Credential.objects.get().scopes


@pytest.mark.parametrize("slug", ["twitter", "facebook", "mastodon", "github"])
def test_removing_an_account_gives_our_access_back(plays, alice, slug) -> None:
    fake, client = plays(slug), logged_in(alice)
    connect(client, fake, alice)
    link = LinkedAccount.objects.get()
    assert fake.access
    client.post(reverse("unlink", args=[link.pk]))
    assert not fake.access
    assert not Credential.objects.exists()
    assert not LinkedAccount.objects.exists()


def test_two_accounts_of_one_network_are_both_mine(plays, alice) -> None:
    fake, client = plays("github"), logged_in(alice)
    connect(client, fake, alice)
    fake.account = fake.account | {"id": "2002", "username": "AliceAtWork"}
    connect(client, fake, alice)
    assert set(alice.links.values_list("account__external_id", flat=True)) == {"1001", "2002"}
    tokens = {decrypt(kept.token) for kept in Credential.objects.all()}
    assert {fake.access[token]["account"]["id"] for token in tokens} == {"1001", "2002"}


def test_an_account_of_somebody_else_is_claimed_not_taken(plays, alice, bob) -> None:
    fake = plays("github")
    connect(logged_in(bob), fake, bob)
    back = connect(logged_in(alice), fake, alice)
    claim = AccountClaim.objects.get()
    assert back["Location"] == reverse("claim", args=[claim.pk])
    assert (claim.person, claim.holder) == (alice, bob)
    assert LinkedAccount.objects.get().person == bob
    # What Bob is read with is his own still.
    assert decrypt(Credential.objects.get().token) == next(iter(fake.access))
    nothing_leaks(fake)


def test_a_person_whom_i_may_no_longer_edit_gets_no_account(plays, alice, bob) -> None:
    fake = plays("github")
    Membership.objects.create(user=alice.users.get(), person=bob, role=Membership.Role.EDITOR)
    client = logged_in(alice)
    way = fake.visit(leave(agree(client, "github", bob))).removeprefix("http://testserver")
    Membership.objects.filter(user=alice.users.get(), person=bob).delete()
    back = client.get(way)
    assert "no longer" in said(back)
    assert not LinkedAccount.objects.exists()
    assert not Credential.objects.exists()


@pytest.mark.parametrize("slug", ["twitter", "google", "github", "wikipedia", "mastodon"])
def test_a_code_that_was_given_to_somebody_else_opens_nothing(plays, alice, bob, slug) -> None:
    """Bob's code, carried into Alice's window with her own state: it fits only the challenge that Bob left with."""
    fake = plays(slug)
    server = {"server": fake.url} if slug == "mastodon" else {}
    hers, his = logged_in(alice), logged_in(bob)
    mine = fake.visit(leave(agree(hers, slug, alice, **server)))
    fake.account = fake.account | {"id": "2002", "username": "Bob"}
    theirs = fake.visit(leave(agree(his, slug, bob, **server)))
    code = parse_qs(urlsplit(theirs).query)["code"][0]
    parts = urlsplit(mine)
    state = parse_qs(parts.query)["state"][0]
    back = hers.get(parts.path, {"code": code, "state": state})
    assert "did not let us in" in said(back)
    assert not LinkedAccount.objects.exists()


def test_nobody_is_sent_off_for_a_person_of_somebody_else(plays, alice, bob) -> None:
    plays("github")
    assert agree(logged_in(alice), "github", bob).status_code == 404


def test_who_logs_in_as_another_meanwhile_connects_nothing(plays, alice, bob) -> None:
    fake = plays("github")
    client = logged_in(alice)
    way = fake.visit(leave(agree(client, "github", alice))).removeprefix("http://testserver")
    states = client.session["socialaccount_states"]
    client.force_login(bob.users.get())
    # Even were the state carried over to the new session.
    session = client.session
    session["socialaccount_states"] = states
    session.save()
    back = client.get(way)
    assert not LinkedAccount.objects.exists()
    assert "somebody else" in said(back)


def test_connecting_again_mends_a_broken_link_and_ends_its_rest(plays, alice) -> None:
    fake, client = plays("twitter"), logged_in(alice)
    connect(client, fake, alice)
    link = LinkedAccount.objects.get()
    at = timezone.now()
    LinkedAccount.objects.update(state=LinkedAccount.State.BROKEN, proof=LinkedAccount.Proof.UPLOAD)
    Pause.objects.create(person=alice, link=link, reason=Pause.Reason.BROKEN, started_at=at - timedelta(days=2))
    Cursor.objects.update(parked_at=at, failures=9, error="gone", value={"since": "5"})
    connect(client, fake, alice)
    link.refresh_from_db()
    assert link.state == LinkedAccount.State.ACTIVE
    assert link.proof == LinkedAccount.Proof.NETWORK
    assert Pause.objects.get().ended_at is not None
    assert set(Cursor.objects.values_list("failures", "parked_at", "error")) == {(0, None, "")}
    # It is read on from where it was.
    assert Cursor.objects.get(stream="profile").value == {"since": "5"}


def test_a_mastodon_server_gets_our_app_once_and_keeps_the_secret_encrypted(plays, alice, bob) -> None:
    fake = plays("mastodon")
    connect(logged_in(alice), fake, alice)
    app = NetworkApp.objects.get()
    assert app.server == fake.url
    secret = fake.clients[app.client_id]
    assert secret.encode() not in bytes(app.client_secret)
    assert decrypt(app.client_secret) == secret
    fake.account = fake.account | {"username": "bob"}
    connect(logged_in(bob), fake, bob)
    assert sum(asked.path == "/api/v1/apps" for asked in fake.asked) == 1
    assert LinkedAccount.objects.filter(server=fake.url).count() == 2


def test_two_mastodon_servers_do_not_mix(plays, alice) -> None:
    one, two = plays("mastodon"), plays("mastodon")
    client = logged_in(alice)
    first = one.visit(leave(agree(client, "mastodon", alice, server=one.url))).removeprefix("http://testserver")
    second = two.visit(leave(agree(client, "mastodon", alice, server=two.url))).removeprefix("http://testserver")
    client.get(second)
    client.get(first)
    for fake in (one, two):
        link = LinkedAccount.objects.get(server=fake.url)
        assert decrypt(link.credential.token) in fake.access


def test_a_mastodon_server_cannot_pass_off_another_servers_code_as_its_own(plays, alice) -> None:
    honest, evil = plays("mastodon"), plays("mastodon")
    client = logged_in(alice)
    leave(agree(client, "mastodon", alice, server=honest.url))
    to_evil = urlsplit(leave(agree(client, "mastodon", alice, server=evil.url)))
    # It sends her on to the server that she trusts, as if that had been asked, with the state of its own.
    state, app = parse_qs(to_evil.query)["state"][0], NetworkApp.objects.get(server=honest.url)
    asked = {"client_id": app.client_id, "response_type": "code", "scope": "read:accounts", "state": state}
    for server in (honest, evil):
        address = mastodon_apps.callback_url(server.url)
        try:
            way = honest.visit(f"{honest.url}/oauth/authorize?{urlencode(asked | {'redirect_uri': address})}")
        except AssertionError:
            continue
        client.get(way.removeprefix("http://testserver"))
    assert not [asked for asked in evil.asked if asked.path == "/oauth/token"]
    assert not LinkedAccount.objects.exists()


def test_a_mastodon_server_that_has_forgotten_our_app_gets_another(plays, alice) -> None:
    fake, client = plays("mastodon"), logged_in(alice)
    way = fake.visit(leave(agree(client, "mastodon", alice, server=fake.url))).removeprefix("http://testserver")
    fake.clients.clear()
    client.get(way)
    assert not LinkedAccount.objects.exists()
    connect(client, fake, alice)
    assert LinkedAccount.objects.count() == 1


@pytest.mark.parametrize(
    "typed", ["127.0.0.1:1", "http://169.254.169.254", "localhost", "http://10.0.0.1/", "https://[::1]", "a b", ""]
)
def test_a_server_on_a_private_address_is_not_called(rf, alice, typed) -> None:
    request = rf.get("/")
    request.user = alice.users.get()
    with pytest.raises(NetworkError):
        social.start(request, slug="mastodon", purpose="collect", person=alice, server=typed)
    assert not NetworkApp.objects.exists()


def test_nobody_has_us_call_very_many_servers(rf, alice, plays) -> None:
    fake = plays("mastodon")
    request = rf.get("/")
    request.user = alice.users.get()
    for number in range(30):
        with pytest.raises(NetworkError) as error:
            social.start(
                request, slug="mastodon", purpose="collect", person=alice, server=f"http://127.0.0.1:{number + 1}"
            )
    assert isinstance(error.value, RateLimited)
    with pytest.raises(RateLimited):
        social.start(request, slug="mastodon", purpose="collect", person=alice, server=fake.url)
    assert not fake.asked


@pytest.mark.parametrize(
    ("typed", "server"),
    [
        ("mastodon.social", "https://mastodon.social"),
        ("https://Mastodon.Social/@alice", "https://mastodon.social"),
        ("mastodon.social:443", "https://mastodon.social"),
        ("@alice@town.example", "https://town.example"),
        (" town.example ", "https://town.example"),
        ("bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_server_is_found_in_what_people_type(typed: str, server: str) -> None:
    assert mastodon_apps.server_at(typed) == server
    with pytest.raises(BadRecord):
        mastodon_apps.server_at("javascript:alert(1)")


def test_an_account_that_opted_out_tells_so_and_its_access_is_given_back(plays, client) -> None:
    from accounts import opt_out

    fake = plays("github")
    left = client.post(reverse("opt_out"), {"network": "github", "handle": ""})
    back = come_back(client, fake, left)
    assert back["Location"] == reverse("opt_out_done")
    assert opt_out.suppressed("github", ["1001", "2002"]) == {"1001"}
    assert not fake.access
    assert not Credential.objects.exists()
    nothing_leaks(fake)


def test_what_is_linked_is_told_of_after_the_commit(alice, django_capture_on_commit_callbacks) -> None:
    heard = []

    def hear(link: LinkedAccount, **_: object) -> None:
        heard.append(link)

    linking.linked.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            link = linking.link_account(
                person=alice,
                spec=NETWORKS["github"].spec,
                owner=Owner("1001"),
                proof=LinkedAccount.Proof.NETWORK,
                at=timezone.now(),
            )
            assert not heard
    finally:
        linking.linked.disconnect(hear)
    assert heard == [link]
    assert not credentials.revoke(link, timezone.now())


def test_the_page_that_leads_away_names_the_network_and_holds_no_script(plays, alice) -> None:
    plays("github")
    response = agree(logged_in(alice), "github", alice)
    text = response.content.decode()
    assert "Go on to GitHub" in text
    assert "<script" not in text.replace('<script src="/static', "")
    assert "form-action 'self'" in response["Content-Security-Policy"]


def test_a_stranger_who_comes_back_to_connect_is_sent_to_log_in(plays, alice) -> None:
    fake = plays("github")
    way = fake.visit(leave(agree(logged_in(alice), "github", alice))).removeprefix("http://testserver")
    back = Client().get(way)
    assert back["Location"] == reverse("account_login")
    assert not LinkedAccount.objects.exists()
    assert Person.objects.count() == 1
