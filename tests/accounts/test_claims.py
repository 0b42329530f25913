"""Accounts that two people call theirs: they move with better proof, after a time to object, and once."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.utils.module_loading import import_string

from accounts import claims, credentials, linking, privacy
from accounts.models import Account, AccountClaim, LinkedAccount, Membership, Person, User
from accounts.networks import NETWORKS
from accounts.networks.base import ORIGINS, VERBS, Owner
from accounts.networks.oauth import Tokens
from scoring.models import Interaction, Relation
from tests.accounts.conftest import logged_in

AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
WEEK = dt.timedelta(days=7)
SPEC = NETWORKS["twitter"].spec
OWNER = Owner("77", handle="both")
SECRET = "token-of-alice-e2a9"
TOKENS = Tokens(SECRET, "refresh-of-alice-b71c", expires_at=AT + dt.timedelta(hours=2), scopes=("users.read",))
NETWORK, OPERATOR, UPLOAD = "network", "operator", "upload"


def held(person: Person, proof: str, owner: Owner = OWNER) -> LinkedAccount:
    return linking.link_account(person=person, spec=SPEC, owner=owner, proof=proof, at=AT)


def claim(person: Person, at: dt.datetime = AT, tokens: Tokens | None = TOKENS, owner: Owner = OWNER):
    return claims.link_or_claim(person=person, spec=SPEC, owner=owner, proof=NETWORK, at=at, tokens=tokens)


def collected(account: int) -> int:
    return Relation.objects.filter(target=account).count() + Interaction.objects.filter(target=account).count()


def follow(account: int) -> None:
    Relation.objects.create(
        target=account, actor=999, verb=VERBS["follow"], network=SPEC.code, origin=ORIGINS["archive"], observed_at=AT
    )


def subjects() -> list[tuple[str, str]]:
    return [(message.to[0], message.subject) for message in mail.outbox]


def test_what_is_free_is_linked_and_nobody_is_told(alice: Person, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        link = claim(alice)
    assert isinstance(link, LinkedAccount)
    assert claims.page_of(link) == f"/settings/accounts/{link.pk}"
    assert mail.outbox == []


def test_proof_by_the_network_beats_an_upload_at_once(
    alice: Person, bob: Person, django_capture_on_commit_callbacks
) -> None:
    before = held(bob, UPLOAD)
    follow(before.account_id)
    with django_capture_on_commit_callbacks(execute=True):
        link = claim(alice)
    assert isinstance(link, LinkedAccount)
    assert (link.person, link.proof) == (alice, NETWORK)
    assert link.account_id != before.account_id, "an account that has been erased is never taken up again"
    assert collected(before.account_id) == collected(link.account_id) == 0
    assert Account.objects.count() == 1
    assert credentials.access_token(link, AT) == SECRET
    assert subjects() == [
        ("alice@example.org", "@both at Twitter/X is linked to you now"),
        ("bob@example.org", "@both at Twitter/X is no longer linked to you"),
    ]


@pytest.mark.parametrize("proof", [OPERATOR, NETWORK])
def test_a_proved_account_stays_for_a_week_and_its_holder_is_told(
    alice: Person, bob: Person, proof: str, django_capture_on_commit_callbacks
) -> None:
    link = held(bob, proof)
    with django_capture_on_commit_callbacks(execute=True):
        made = claim(alice)
    assert isinstance(made, AccountClaim)
    assert (made.person, made.holder, made.state, made.due_at) == (alice, bob, "open", AT + WEEK)
    assert claims.page_of(made) == f"/settings/claims/{made.pk}"
    [message] = mail.outbox
    assert message.to == ["bob@example.org"]
    assert "29 November 2026" in message.body
    assert claims.grant_due(AT + WEEK - dt.timedelta(seconds=1)) == 0
    assert LinkedAccount.objects.get() == link


def test_it_is_granted_when_nobody_objects(alice: Person, bob: Person, django_capture_on_commit_callbacks) -> None:
    before = held(bob, NETWORK)
    follow(before.account_id)
    made = claim(alice)
    with django_capture_on_commit_callbacks(execute=True):
        assert claims.grant_due(AT + WEEK) == 1
    link = LinkedAccount.objects.get()
    assert (link.person, link.account.external_id, link.account.handle, link.proof) == (alice, "77", "both", NETWORK)
    assert collected(link.account_id) == collected(before.account_id) == 0
    kept = credentials.access_token(link, AT)
    assert kept == SECRET
    made.refresh_from_db()
    assert (made.state, made.account_id, made.decided_at, made.sealed) == ("granted", link.account_id, AT + WEEK, None)
    assert [to for to, _ in subjects()] == ["alice@example.org", "bob@example.org"]
    assert claims.grant_due(AT + WEEK) == 0


def test_the_tokens_wait_encrypted(alice: Person, bob: Person) -> None:
    held(bob, NETWORK)
    made = claim(alice)
    row = bytes(AccountClaim.objects.get(pk=made.pk).sealed or b"")
    assert row
    assert SECRET.encode() not in row
    assert b"refresh-of" not in row
    assert SECRET not in repr(vars(made)) + str(made)


def test_lost_keys_do_not_keep_an_account_from_moving(alice: Person, bob: Person, settings) -> None:
    held(bob, NETWORK)
    claim(alice)
    settings.TOKEN_KEYS = ["another"]
    assert claims.grant_due(AT + WEEK) == 1
    link = LinkedAccount.objects.get()
    assert (link.person, link.state) == (alice, "broken")


def test_the_holder_lets_go(alice: Person, bob: Person) -> None:
    held(bob, NETWORK)
    made = claim(alice)
    assert claims.let_go(claim=made, at=AT).person == alice
    with pytest.raises(claims.TooLate):
        claims.let_go(claim=made, at=AT)
    with pytest.raises(claims.TooLate):
        claims.object_to(claim=made, reason="mine")
    assert AccountClaim.objects.get().state == "granted"


def test_an_objection_stops_the_clock_and_the_staff_decides(
    alice: Person, bob: Person, django_capture_on_commit_callbacks
) -> None:
    link = held(bob, NETWORK)
    made = claim(alice)
    with django_capture_on_commit_callbacks(execute=True):
        claims.object_to(claim=made, reason=" It is our band's. ")
    assert subjects() == [("alice@example.org", "@both at Twitter/X: its holder has objected")]
    made.refresh_from_db()
    assert (made.state, made.objection) == ("disputed", "It is our band's.")
    assert claims.grant_due(AT + 10 * WEEK) == 0
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        claims.decide(claim=made, granted=False, at=AT)
    made.refresh_from_db()
    assert (made.state, made.sealed) == ("refused", None)
    assert LinkedAccount.objects.get() == link
    assert [to for to, _ in subjects()] == ["alice@example.org", "bob@example.org"]
    with pytest.raises(claims.TooLate):
        claims.decide(claim=made, granted=True, at=AT)
    assert claim(alice, AT + WEEK) == made, "the same two are not asked again within the month"
    later = claim(alice, AT + dt.timedelta(days=31))
    assert (later.state, later.pk == made.pk) == ("open", False)


def test_the_staff_may_grant_what_was_disputed(alice: Person, bob: Person) -> None:
    held(bob, NETWORK)
    made = claim(alice)
    claims.object_to(claim=made, reason="mine")
    claims.decide(claim=made, granted=True, at=AT)
    assert LinkedAccount.objects.get().person == alice


def test_claiming_again_renews_the_tokens_and_not_the_time(alice: Person, bob: Person) -> None:
    held(bob, NETWORK)
    made = claim(alice)
    again = claim(alice, AT + dt.timedelta(days=2), tokens=Tokens("newer-token"))
    assert (again.pk, again.due_at) == (made.pk, AT + WEEK)
    claims.grant_due(AT + WEEK)
    assert credentials.access_token(LinkedAccount.objects.get(), AT) == "newer-token"


def test_of_two_claims_the_first_is_granted_and_the_other_told(
    alice: Person, bob: Person, join: Callable[..., Person], django_capture_on_commit_callbacks
) -> None:
    charlie = join("Charlie")
    held(bob, NETWORK)
    first, second = claim(alice), claim(charlie, AT + dt.timedelta(hours=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert claims.grant_due(AT + 2 * WEEK) == 1
    assert LinkedAccount.objects.get().person == alice
    states = dict(AccountClaim.objects.values_list("pk", "state"))
    assert states == {first.pk: "granted", second.pk: "refused"}
    assert ("charlie@example.org", "@both at Twitter/X is not linked to you") in subjects()
    third = claim(charlie, AT + 2 * WEEK)
    assert (third.state, third.holder) == ("open", alice), "against the new holder it may be claimed anew"


def test_a_holder_who_has_proved_it_meanwhile_is_asked(alice: Person, bob: Person) -> None:
    as_it_was = held(bob, UPLOAD)
    held(bob, NETWORK)
    made = claims.make(person=alice, link=as_it_was, owner=OWNER, proof=NETWORK, at=AT)
    assert isinstance(made, AccountClaim)
    assert LinkedAccount.objects.get().person == bob


def test_an_upload_claims_nothing(alice: Person, bob: Person) -> None:
    link = held(bob, UPLOAD)
    with pytest.raises(claims.NotProved):
        claims.make(person=alice, link=link, owner=OWNER, proof=UPLOAD, at=AT)
    assert LinkedAccount.objects.get().person == bob


@pytest.mark.django_db(transaction=True)
def test_an_upload_that_is_being_read_is_moved_by_the_next_round(alice: Person, bob: Person, race) -> None:
    held(bob, UPLOAD)
    with privacy.keeping(bob):
        # On another connection: a lock is no obstacle to whoever holds it.
        [made] = race(lambda _: claim(alice), 1)
        assert isinstance(made, AccountClaim)
        assert race(lambda _: claims.grant_due(AT), 1) == [0]
    assert claims.grant_due(AT) == 1
    assert LinkedAccount.objects.get().person == alice


@pytest.mark.django_db(transaction=True)
def test_two_who_claim_an_upload_at_once_do_not_both_get_it(
    alice: Person, bob: Person, join: Callable[..., Person], race
) -> None:
    people = [alice, join("Charlie")]
    for _ in range(3):
        LinkedAccount.objects.all().delete()
        Account.objects.all().delete()
        held(bob, UPLOAD)
        made = race(lambda index: claim(people[index]), 2)
        kinds = sorted(type(one).__name__ for one in made)
        assert kinds == ["AccountClaim", "LinkedAccount"]
        link = LinkedAccount.objects.get()
        loser = next(one for one in made if isinstance(one, AccountClaim))
        assert {link.person, loser.person} == set(people)
        assert AccountClaim.objects.get().holder == link.person


@pytest.mark.django_db(transaction=True)
def test_objecting_while_it_is_being_granted_has_one_outcome(alice: Person, bob: Person, race) -> None:
    outcomes = set()
    for _ in range(4):
        AccountClaim.objects.all().delete()
        LinkedAccount.objects.all().delete()
        Account.objects.all().delete()
        held(bob, NETWORK)
        made = claim(alice)

        def attempt(index: int, made: AccountClaim = made) -> str:
            if index == 0:
                return f"{claims.grant_due(AT + WEEK)} granted"
            try:
                claims.object_to(claim=made, reason="mine")
            except claims.TooLate:
                return "too late"
            return "objected"

        outcome = tuple(race(attempt, 2))
        person, state = LinkedAccount.objects.get().person, AccountClaim.objects.get().state
        assert (*outcome, person, state) in {
            ("1 granted", "too late", alice, "granted"),
            ("0 granted", "objected", bob, "disputed"),
        }
        outcomes.add(outcome)
    assert outcomes


@pytest.mark.django_db(transaction=True)
def test_without_its_lock_a_claim_would_be_granted_twice(alice: Person, bob: Person, race) -> None:
    """Two rounds of the beat at once: one grants."""
    held(bob, NETWORK)
    claim(alice)
    assert sorted(race(lambda _: claims.grant_due(AT + WEEK), 2)) == [0, 1]
    assert LinkedAccount.objects.get().person == alice
    assert AccountClaim.objects.count() == 1


# ---------------------------------------------------------------- pages


def page(client: Client, made: AccountClaim) -> str:
    response = client.get(f"/settings/claims/{made.pk}")
    assert response.status_code == 200
    return response.content.decode()


def test_both_sides_see_their_own_and_nobody_sees_who_the_other_is(
    alice: Person, bob: Person, as_alice: Client, join: Callable[..., Person]
) -> None:
    held(bob, NETWORK)
    made = claim(alice)
    as_bob = logged_in(bob)
    assert "linked to somebody else here" in page(as_alice, made)
    assert "Object" not in page(as_alice, made)
    assert "Let it go now" in page(as_bob, made)
    for text, name in ((page(as_alice, made), "bob"), (page(as_bob, made), "alice")):
        assert name not in text.replace("/" + {"bob": "alice", "alice": "bob"}[name], "").lower()
    assert logged_in(join("Charlie")).get(f"/settings/claims/{made.pk}").status_code == 404
    assert Client().get(f"/settings/claims/{made.pk}").status_code == 302


def test_the_claimant_cannot_answer_for_the_holder(alice: Person, bob: Person, as_alice: Client) -> None:
    held(bob, NETWORK)
    made = claim(alice)
    for data in ({"step": "let_go"}, {"step": "object", "reason": "mine"}):
        assert as_alice.post(f"/settings/claims/{made.pk}", data).status_code == 404
    assert LinkedAccount.objects.get().person == bob


def test_who_may_only_look_cannot_let_go(alice: Person, bob: Person) -> None:
    held(bob, NETWORK)
    made = claim(alice)
    viewer = User.objects.create_user("viewer@example.org", "phrase")
    Membership.objects.create(user=viewer, person=bob, role=Membership.Role.VIEWER)
    client = Client()
    client.force_login(viewer)
    assert client.post(f"/settings/claims/{made.pk}", {"step": "let_go"}).status_code == 404
    assert LinkedAccount.objects.get().person == bob


def test_the_holder_objects_on_the_page(alice: Person, bob: Person) -> None:
    held(bob, NETWORK)
    made = claim(alice)
    client = logged_in(bob)
    empty = client.post(f"/settings/claims/{made.pk}", {"step": "object", "reason": " "})
    assert "This field is required" in empty.content.decode()
    client.post(f"/settings/claims/{made.pk}", {"step": "object", "reason": "It is <b>mine</b>"})
    assert "It is &lt;b&gt;mine&lt;/b&gt;" in page(client, made)
    assert "They have objected" in page(logged_in(alice), made)


def test_the_holder_lets_go_on_the_page_or_by_removing_the_account(alice: Person, bob: Person) -> None:
    for address, data in (("/settings/claims/{claim}", {"step": "let_go"}), ("/settings/accounts/{link}/remove", {})):
        LinkedAccount.objects.all().delete()
        Account.objects.all().delete()
        link = held(bob, NETWORK)
        made = claim(alice)
        response = logged_in(bob).post(address.format(claim=made.pk, link=link.pk), data)
        assert response.url == "/settings/networks"
        assert LinkedAccount.objects.get().person == alice
        assert "is linked to you" in page(logged_in(alice), made)


def test_a_decision_that_came_first_is_said(alice: Person, bob: Person) -> None:
    held(bob, NETWORK)
    made = claim(alice)
    claims.grant_due(AT + WEEK)
    response = logged_in(bob).post(f"/settings/claims/{made.pk}", {"step": "object", "reason": "mine"}, follow=True)
    assert "decided meanwhile" in response.content.decode()


def test_the_settings_of_both_lead_to_the_claim(alice: Person, bob: Person, as_alice: Client) -> None:
    held(bob, NETWORK)
    made = claim(alice)
    for client, words in ((as_alice, "See how it stands"), (logged_in(bob), "Let it go, or object")):
        text = client.get("/settings/networks").content.decode()
        assert f"/settings/claims/{made.pk}" in text
        assert words in text


# ---------------------------------------------------------------- the staff


@pytest.fixture
def staff(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.org", "phrase"))
    return client


QUEUE = "/admin/accounts/accountclaim/"


def test_the_staff_sees_the_queue_and_decides_there(staff: Client, alice: Person, bob: Person) -> None:
    held(bob, NETWORK)
    made = claim(alice)
    claims.object_to(claim=made, reason="It is our band's")
    assert "It is our band&#x27;s" in staff.get(QUEUE).content.decode()
    detail = staff.get(f"{QUEUE}{made.pk}/change/").content.decode()
    assert "sealed" not in detail.lower()
    response = staff.post(QUEUE, {"action": "grant", "_selected_action": [made.pk]}, follow=True)
    assert "granted" in response.content.decode()
    assert LinkedAccount.objects.get().person == alice
    again = staff.post(QUEUE, {"action": "refuse", "_selected_action": [made.pk]}, follow=True)
    assert "decided already" in again.content.decode()
    assert AccountClaim.objects.get().state == "granted"


def test_who_may_only_look_decides_nothing(alice: Person, bob: Person) -> None:
    from django.contrib.auth.models import Permission

    viewer = User.objects.create_user("viewer@example.org", "phrase", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_accountclaim"))
    client = Client()
    client.force_login(viewer)
    held(bob, NETWORK)
    made = claim(alice)
    assert client.get(QUEUE).status_code == 200
    client.post(QUEUE, {"action": "grant", "_selected_action": [made.pk]})
    assert LinkedAccount.objects.get().person == bob


def test_the_admin_shows_no_secret(staff: Client, alice: Person, bob: Person) -> None:
    from django.contrib import admin

    assert not any(model.__name__ == "Credential" for model in admin.site._registry)
    for model, form in admin.site._registry.items():
        if model._meta.app_label != "accounts":
            continue
        shown = {*form.get_list_display(None), *(form.get_fields(_request(), None) if form.fields is None else [])}
        secret = {field.name for field in model._meta.fields if field.get_internal_type() == "BinaryField"}
        assert not secret & {str(name) for name in shown}, model


def _request():
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.user = User.objects.get(email="staff@example.org")
    return request


def test_the_beat_grants_what_is_due(alice: Person, bob: Person, settings) -> None:
    held(bob, NETWORK)
    long_ago = AT - dt.timedelta(days=400)
    claim(alice, long_ago)
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "accounts.tasks.grant_claims" in tasks
    import_string("accounts.tasks.grant_claims")()
    assert LinkedAccount.objects.get().person == alice
