"""What lets us read accounts: encrypted, refreshed once whoever asks, given back, and warned about in time."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone
from hypothesis import given, strategies

from accounts import credentials
from accounts.calling import NoApp, keys_of
from accounts.models import Account, Credential, LinkedAccount, NetworkApp, Person
from accounts.networks import NETWORKS, oauth
from accounts.networks.base import NetworkError, RateLimited, Revoked, Unreachable
from accounts.networks.oauth import Client, Tokens
from accounts.tokens import LostKey, encrypt
from tests.accounts.conftest import link as linked
from tests.fakes.loopback import Reply
from tests.fakes.oauth import DIALECTS, FakeOAuth

WORDS = strategies.sampled_from(
    ["error", "code", "message", "data", "access_token", "expires_in", "scope", "permissions"]
)
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
REFRESHED = sorted(slug for slug, dialect in DIALECTS.items() if dialect.refreshes)


def kept(fake: FakeOAuth, person: Person, *, left: timedelta = timedelta(minutes=1), server: str = "") -> LinkedAccount:
    """A link to Alice's account with tokens that `fake` gave, which lapse `left` after AT."""
    link = linked(person, fake.slug, "1001", "alice")
    if server:
        LinkedAccount.objects.filter(pk=link.pk).update(server=server)
        link.refresh_from_db()
    given = fake.grant({"scopes": ["read"], "account": fake.account, "client": ""}, refresh=fake.dialect.refreshes)
    if fake.dialect.meta:
        given = fake.long_lived(fake.access[given["access_token"]]).data
    tokens = Tokens(given["access_token"], given.get("refresh_token", ""), AT + left, None, ("read",))
    credentials.keep(link, tokens, AT)
    return LinkedAccount.objects.select_related("account", "through").get(pk=link.pk)


@pytest.mark.django_db
def test_no_token_lies_open_and_none_is_in_a_repr(plays, alice) -> None:
    fake = plays("twitter")
    link = kept(fake, alice)
    row = Credential.objects.get()
    texts = [bytes(row.token), bytes(row.refresh_token), repr(row).encode(), str(vars(row)).encode()]
    tokens = Tokens(*fake.secrets[-2:])
    texts += [repr(tokens).encode(), str(tokens).encode(), f"{tokens}".encode(), repr(Client("id", "hush")).encode()]
    for secret in [*fake.secrets, "hush"]:
        assert all(secret.encode() not in text for text in texts)
    assert credentials.access_token(link, AT - timedelta(hours=1)) in fake.access


@pytest.mark.django_db
def test_a_token_that_lives_is_not_refreshed(plays, alice) -> None:
    fake = plays("twitter")
    link = kept(fake, alice, left=timedelta(minutes=6))
    assert credentials.access_token(link, AT) in fake.access
    assert not fake.asked


@pytest.mark.django_db
@pytest.mark.parametrize("slug", REFRESHED)
def test_a_token_that_lapses_is_refreshed_and_the_newer_ones_are_kept(plays, alice, slug) -> None:
    fake = plays(slug)
    link = kept(fake, alice)
    before = credentials._tokens(link.credential)
    first = credentials.access_token(link, AT)
    assert first != before.access
    assert first in fake.access
    link.credential.refresh_from_db()
    after = credentials._tokens(link.credential)
    assert after.access == first
    assert after.refresh in fake.refreshable
    assert (after.refresh != before.refresh) == fake.dialect.rotates
    assert after.expires_at == AT + timedelta(seconds=fake.dialect.lives)
    # And the next time it lapses, by what was given this time.
    second = credentials.access_token(link, after.expires_at)
    assert second not in (first, before.access)
    assert fake.refreshed == 2


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["instagram", "threads"])
def test_metas_living_token_is_exchanged_for_a_newer_one_long_before_it_lapses(plays, alice, slug) -> None:
    fake = plays(slug)
    link = kept(fake, alice, left=timedelta(days=31))
    old = credentials.access_token(link, AT)
    assert not fake.asked
    new = credentials.access_token(link, AT + timedelta(days=2))
    assert new != old
    assert Credential.objects.get().lapses_at == AT + timedelta(days=62)


@pytest.mark.django_db
def test_an_exchange_that_fails_leaves_the_living_token_in_use(plays, alice) -> None:
    fake = plays("instagram")
    link = kept(fake, alice, left=timedelta(days=20))
    fake.faults.extend([Reply(400, {"error": {"message": "try later", "code": 1}})] * 5)
    assert credentials.access_token(link, AT) in fake.access


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["facebook", "linkedin"])
def test_a_token_that_only_its_owner_can_renew_is_revoked_once_it_lapses(plays, alice, slug) -> None:
    fake = plays(slug)
    link = kept(fake, alice, left=timedelta(minutes=10))
    assert credentials.access_token(link, AT) in fake.access
    with pytest.raises(Revoked):
        credentials.access_token(link, AT + timedelta(minutes=10))


@pytest.mark.django_db
@pytest.mark.parametrize("slug", REFRESHED)
def test_access_that_was_taken_back_is_revoked(plays, alice, slug) -> None:
    fake = plays(slug)
    link = kept(fake, alice)
    fake.refreshable.clear()
    with pytest.raises(Revoked) as error:
        credentials.access_token(link, AT)
    assert all(secret not in str(error.value) for secret in fake.secrets)


@pytest.mark.django_db
def test_our_wrong_keys_break_nobodys_link(plays, alice, settings) -> None:
    fake = plays("twitter")
    link = kept(fake, alice)
    settings.NETWORK_KEYS = settings.NETWORK_KEYS | {"twitter": ("the-app-of-klout", "an old secret")}
    with pytest.raises(Unreachable) as error:
        credentials.access_token(link, AT)
    assert not isinstance(error.value, Revoked)
    assert "keys" in str(error.value)
    settings.NETWORK_KEYS = settings.NETWORK_KEYS | {"twitter": ("", "")}
    with pytest.raises(NoApp):
        credentials.access_token(link, AT)


@pytest.mark.django_db
def test_trouble_at_the_network_is_told_from_the_end_of_access_and_quotes_no_token(plays, alice) -> None:
    fake = plays("twitter")
    link = kept(fake, alice)
    quoted = " ".join(fake.secrets)
    fake.faults.append(Reply(429, {"error": quoted}, {"Retry-After": "600"}))
    with pytest.raises(RateLimited) as limited:
        credentials.access_token(link, AT)
    assert limited.value.until > AT + timedelta(minutes=9)
    fake.faults.append(Reply(400, {"error": "invalid_request", "error_description": quoted}))
    with pytest.raises(Unreachable) as refused:
        credentials.access_token(link, AT)
    fake.faults.append(Reply(200, {"scope": "read"}))
    with pytest.raises(Unreachable) as odd:
        credentials.access_token(link, AT)
    for error in (limited, refused, odd):
        assert all(secret not in str(error.value) for secret in fake.secrets)
    # Nothing was lost by it.
    assert credentials.access_token(link, AT) in fake.access


@pytest.mark.django_db(transaction=True)
def test_of_two_that_refresh_at_once_one_asks_and_both_read(plays, alice, race) -> None:
    """The fake takes each refresh token once: without the row's lock the second would end the access."""
    fake = plays("twitter")
    link = kept(fake, alice)
    waiting = threading.Event()
    # Long enough for the other to come and want the same.
    fake.while_refreshing = lambda: waiting.wait(0.3)
    found = race(lambda _: credentials.access_token(link, AT), 4)
    assert len(set(found)) == 1
    assert fake.refreshed == 1


@pytest.mark.django_db(transaction=True)
def test_new_tokens_cannot_be_lost_with_somebodys_transaction(plays, alice) -> None:
    fake = plays("twitter")
    link = kept(fake, alice)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        credentials.access_token(link, AT)
    assert fake.refreshed == 0


@pytest.mark.django_db
def test_a_lost_key_raises_and_never_hands_out_what_is_stored(plays, alice, settings) -> None:
    fake = plays("twitter")
    link = kept(fake, alice, left=timedelta(days=1))
    settings.TOKEN_KEYS = ["another key than before, long enough to be one"]
    with pytest.raises(LostKey):
        credentials.access_token(link, AT)
    assert credentials.revoke(link, AT) is False
    settings.TOKEN_KEYS = []
    with pytest.raises(LostKey):
        credentials.keep(link, Tokens("x"), AT)


@pytest.mark.django_db
def test_a_new_key_encrypts_what_is_kept_next_and_the_old_one_may_go_then(plays, alice, settings) -> None:
    fake = plays("twitter")
    link = kept(fake, alice)
    old, new = settings.TOKEN_KEYS, ["a new key, which comes first and is long enough"]
    settings.TOKEN_KEYS = new + old
    token = credentials.access_token(link, AT)
    settings.TOKEN_KEYS = new
    link = LinkedAccount.objects.get(pk=link.pk)
    assert credentials.access_token(link, AT) == token


@pytest.mark.django_db
def test_a_page_is_read_with_its_own_token_or_that_of_its_account(plays, alice) -> None:
    fake = plays("facebook")
    link = kept(fake, alice, left=timedelta(days=1))
    account = Account.objects.create(network="facebook", external_id="page-1")
    page = LinkedAccount.objects.create(account=account, person=alice, kind=LinkedAccount.Kind.PAGE, through=link)
    assert credentials.access_token(page, AT) == credentials.access_token(link, AT)
    credentials.keep(page, Tokens("a token of the page"), AT)
    assert credentials.access_token(LinkedAccount.objects.get(pk=page.pk), AT) == "a token of the page"
    # To let a page go must not end what its account is read with.
    assert credentials.revoke(page, AT) is False
    assert fake.access
    Credential.objects.all().delete()
    with pytest.raises(Revoked):
        credentials.access_token(LinkedAccount.objects.get(pk=page.pk), AT)


@pytest.mark.django_db
@pytest.mark.parametrize("slug", sorted(slug for slug, dialect in DIALECTS.items() if dialect.revoke))
def test_access_is_given_back_to_the_network(plays, alice, slug) -> None:
    fake = plays(slug)
    server = fake.url if slug == "mastodon" else ""
    if server:
        fake.clients = {"app-1": "a secret of the app"}
        secret = encrypt("a secret of the app")
        NetworkApp.objects.create(network=slug, server=server, client_id="app-1", client_secret=secret)
    link = kept(fake, alice, server=server)
    assert fake.access
    assert credentials.revoke(link, AT) is True
    assert not fake.access
    # Once more, and it is over already.
    assert credentials.revoke(link, AT) is True


@pytest.mark.django_db
def test_giving_back_never_raises(plays, alice, settings) -> None:
    fake = plays("twitter")
    link = kept(fake, alice)
    fake.faults.append(Reply(401, {"error": "invalid_client"}))
    assert credentials.revoke(link, AT) is False
    fake.faults.append(Reply(302, headers={"Location": "https://elsewhere.example"}))
    assert credentials.revoke(link, AT) is False
    settings.NETWORK_ORIGINS = {"https://api.x.com": "http://127.0.0.1:1"}
    assert credentials.revoke(link, AT) is False
    settings.NETWORK_KEYS = {}
    assert credentials.revoke(link, AT) is False
    Credential.objects.all().delete()
    assert credentials.revoke(link, AT) is False


@pytest.mark.django_db
def test_the_proof_that_meta_wants_is_the_hmac_of_the_token(plays, settings) -> None:
    plays("facebook")
    settings.NETWORK_KEYS = settings.NETWORK_KEYS | {"facebook": ("1", "secret")}
    # HMAC-SHA256 of "token" under "secret", by openssl.
    proof = "e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a"
    assert credentials.token_proof(NETWORKS["facebook"].spec, "token") == proof
    assert credentials.token_proof(NETWORKS["github"].spec, "token") == ""


@pytest.mark.django_db
def test_keys_of_a_network_that_has_one_app_and_of_one_with_many(plays, settings) -> None:
    plays("github")
    assert keys_of(NETWORKS["github"].spec).id == "the-app-of-klout"
    with pytest.raises(NoApp):
        keys_of(NETWORKS["mastodon"].spec, "https://town.example")


def lapsing(person: Person, external_id: str, *, at: datetime, lived: int = 60, **fields: object) -> Credential:
    link = linked(person, "linkedin", external_id, external_id)
    credentials.keep(link, Tokens("t", lapses_at=at, expires_at=at), at)
    Credential.objects.filter(link=link).update(updated_at=at - timedelta(days=lived), **fields)
    return Credential.objects.get(link=link)


@pytest.mark.django_db
def test_whose_access_is_about_to_lapse_is_told_once(alice, django_capture_on_commit_callbacks) -> None:
    at = timezone.now()
    soon = lapsing(alice, "soon", at=at + timedelta(days=6))
    lapsing(alice, "later", at=at + timedelta(days=8))
    lapsing(alice, "over", at=at - timedelta(days=1))
    # What lives for hours at a time, and cannot be refreshed, would be told of all day long.
    lapsing(alice, "short", at=at + timedelta(hours=2), lived=0)
    broken = lapsing(alice, "broken", at=at + timedelta(days=6))
    LinkedAccount.objects.filter(pk=broken.link_id).update(state=LinkedAccount.State.BROKEN)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            credentials.warn_of_lapsing(at)
    assert [message.to for message in mail.outbox] == [[alice.users.get().email]]
    assert "soon" in mail.outbox[0].subject
    assert "LinkedIn" in mail.outbox[0].body
    assert "/settings/connect/linkedin?person=Alice" in mail.outbox[0].body
    # Connected again, it is told of again when that time comes.
    credentials.keep(soon.link, Tokens("t", lapses_at=at + timedelta(days=60)), at)
    Credential.objects.filter(pk=soon.pk).update(updated_at=at)
    with django_capture_on_commit_callbacks(execute=True):
        assert credentials.warn_of_lapsing(at + timedelta(days=54)) == 1
    assert len(mail.outbox) == 2


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"access_token": 7},
        {"access_token": ""},
        {"access_token": "a\r\nb"},
        {"access_token": "x" * 20_000},
        {"error": "server_error"},
        {"data": [7]},
    ],
)
def test_an_answer_without_a_token_is_no_token(answer: object) -> None:
    declared = NETWORKS["twitter"].spec.oauth
    assert declared is not None
    with pytest.raises(Unreachable):
        oauth.tokens_of(declared, answer, AT, asked=())


JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=20),
    lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(data=JSON, status=strategies.sampled_from([400, 401, 403, 404, 422]))
def test_whatever_a_network_says_of_a_token_is_one_of_our_errors(data: object, status: int) -> None:
    declared = NETWORKS["instagram"].spec.oauth
    assert declared is not None
    assert isinstance(oauth.judge(status, data, {}, AT), NetworkError)
    with suppress(NetworkError):
        assert oauth.tokens_of(declared, data, AT, asked=()).access


@pytest.mark.parametrize(("said", "days"), [("5184000", 60), (-1, None), ("soon", None), (10**12, None), (True, None)])
def test_an_odd_life_of_a_token_is_passed_over(said: object, days: int | None) -> None:
    declared = NETWORKS["twitter"].spec.oauth
    assert declared is not None
    tokens = oauth.tokens_of(declared, {"access_token": "a", "expires_in": said}, AT, asked=("read",))
    assert tokens.expires_at == (AT + timedelta(days=days) if days else None)
    assert tokens.scopes == ("read",)
