"""An account becomes a person's own: once, with the stronger proof, and with what may be read due at once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from accounts import linking, opt_out
from accounts.models import Account, Credential, Cursor, LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.base import Owner, Spec
from accounts.networks.oauth import Tokens
from accounts.tokens import LostKey

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALICE = Owner("1001", handle="alice", name="Alice")
SPEC = NETWORKS["github"].spec
Proof = LinkedAccount.Proof


def tie(
    person: Person, *, owner: Owner = ALICE, spec: Spec = SPEC, proof: str = Proof.NETWORK, **more
) -> LinkedAccount:
    return linking.link_account(person=person, spec=spec, owner=owner, proof=proof, at=more.pop("at", AT), **more)


@pytest.mark.django_db
def test_an_account_is_linked_and_everything_that_may_be_read_is_due(alice) -> None:
    link = tie(alice, tokens=Tokens("t", scopes=("read",)))
    assert (link.person, link.state, link.proof) == (alice, "active", "network")
    assert link.account.handle == "alice"
    assert set(link.cursors.values_list("stream", "due_at")) == {(stream, AT) for stream in SPEC.streams}
    assert Credential.objects.get(link=link).scopes == ["read"]


@pytest.mark.django_db
def test_an_upload_links_but_has_nothing_to_read_with(alice) -> None:
    link = tie(alice, proof=Proof.UPLOAD)
    assert link.proof == "upload"
    assert not link.cursors.exists()
    assert not Credential.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (Proof.UPLOAD, Proof.NETWORK, Proof.NETWORK),
        (Proof.UPLOAD, Proof.OPERATOR, Proof.OPERATOR),
        (Proof.NETWORK, Proof.UPLOAD, Proof.NETWORK),
        (Proof.NETWORK, Proof.OPERATOR, Proof.NETWORK),
    ],
)
def test_of_two_proofs_the_stronger_is_kept(alice, first, second, kept) -> None:
    tie(alice, proof=first)
    assert tie(alice, proof=second).proof == kept
    assert LinkedAccount.objects.get().proof == kept


@pytest.mark.django_db
def test_an_upload_does_not_mend_a_link_that_is_broken(alice) -> None:
    link = tie(alice, tokens=Tokens("t"))
    LinkedAccount.objects.filter(pk=link.pk).update(state=LinkedAccount.State.BROKEN)
    assert tie(alice, proof=Proof.UPLOAD).state == "broken"
    assert tie(alice, tokens=Tokens("u")).state == "active"


@pytest.mark.django_db
def test_an_account_of_somebody_else_is_refused_and_stays_as_it_was(alice, bob) -> None:
    link = tie(bob, tokens=Tokens("of bob"))
    with pytest.raises(linking.AlreadyLinked) as error, transaction.atomic():
        tie(alice, owner=Owner("1001", handle="renamed"), tokens=Tokens("of alice"))
    assert error.value.link == link
    assert LinkedAccount.objects.get().person == bob
    assert Account.objects.get().handle == "alice"


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_link_one_account_at_once_one_has_it(join, race) -> None:
    people = [join(name) for name in ("Alice", "Bob", "Charlie")]

    def attempt(index: int) -> str:
        try:
            tie(people[index], tokens=Tokens(f"of {index}"))
        except linking.AlreadyLinked:
            return "refused"
        return "linked"

    assert sorted(race(attempt, 3)) == ["linked", "refused", "refused"]
    assert LinkedAccount.objects.count() == 1
    assert Cursor.objects.count() == len(SPEC.streams)
    assert Credential.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["", "  ", "a\nb", "x" * 501])
def test_what_is_no_id_is_refused(alice, wrong) -> None:
    with pytest.raises(ValueError, match="id"):
        tie(alice, owner=Owner(wrong))
    assert not Account.objects.exists()


@pytest.mark.django_db
def test_an_account_that_has_opted_out_is_not_linked(alice) -> None:
    opt_out.add(network="github", owner=ALICE, at=AT)
    with pytest.raises(opt_out.OptedOut):
        tie(alice, tokens=Tokens("t"))
    assert not Account.objects.exists()


@pytest.mark.django_db
def test_without_a_key_for_tokens_nothing_is_linked(alice, settings) -> None:
    settings.TOKEN_KEYS = []
    with pytest.raises(LostKey):
        tie(alice, tokens=Tokens("t"))
    assert not LinkedAccount.objects.exists()


@pytest.mark.django_db
def test_a_page_is_read_by_its_own_streams_through_its_account(alice) -> None:
    spec = NETWORKS["facebook"].spec
    account = tie(alice, spec=spec, tokens=Tokens("t", scopes=("user_posts",)))
    page = tie(alice, spec=spec, owner=Owner("page-1"), kind="page", through=account, tokens=Tokens("of the page"))
    assert page.through == account
    assert set(page.cursors.values_list("stream", flat=True)) == set(spec.page_streams)
    # What the account itself may not be read for does not concern its pages.
    assert "friends" not in set(account.cursors.values_list("stream", flat=True))


@pytest.mark.django_db
def test_an_account_that_everybody_may_read_needs_no_token(alice) -> None:
    spec = NETWORKS["bluesky"].spec
    link = tie(alice, spec=spec, owner=Owner("did:plc:alice"))
    assert set(link.cursors.values_list("stream", flat=True)) == set(spec.streams)


@pytest.mark.django_db
def test_linking_again_makes_it_due_now_and_goes_on_where_it_was(alice) -> None:
    link = tie(alice, tokens=Tokens("t"))
    later = AT + timedelta(days=3)
    Cursor.objects.update(value={"n": 1}, due_at=AT + timedelta(days=9), next_allowed_at=AT + timedelta(days=9))
    tie(alice, tokens=Tokens("u"), at=later)
    assert set(link.cursors.values_list("due_at", "next_allowed_at")) == {(later, None)}
    assert all(value == {"n": 1} for value in link.cursors.values_list("value", flat=True))
