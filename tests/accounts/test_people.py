"""What the database itself holds of people, whoever writes to it."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from accounts.models import Account, LinkedAccount, Membership, Person, User

TODAY = dt.date(2026, 11, 22)
pytestmark = pytest.mark.django_db


def refused(constraint: str, make, *args, **fields) -> bool:
    """Whether the database refuses it, by the constraint of that name."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make(*args, **fields)
    assert error.value.__cause__.diag.constraint_name == constraint
    return True


@pytest.mark.parametrize(
    ("constraint", "handle"),
    [
        ("person_handle_once", "ALICE"),
        ("person_handle_not_confusable", "AIice"),
        ("person_handle_not_confusable", "a1ice"),
        ("person_handle_form", "al ice"),
        ("person_handle_form", "alicé"),
        ("person_handle_form", "-alice"),
        ("person_handle_form", "alice."),
        ("person_handle_form", "a"),
        ("person_handle_form", "bob\n"),
    ],
)
def test_the_database_refuses_a_handle(alice: Person, constraint: str, handle: str) -> None:
    if constraint == "person_handle_once":
        # Both hold here; PostgreSQL names the one it looks at first.
        with pytest.raises(IntegrityError, match=r"person_handle_(once|not_confusable)"), transaction.atomic():
            Person.objects.create(handle=handle)
    else:
        assert refused(constraint, Person.objects.create, handle=handle)
    assert Person.objects.count() == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lisa", "Iisa"),
        ("Mike", "MlKE"),
        ("burn", "bum"),
        ("Owen", "0wen"),
        ("savvy", "sawy"),
        ("a_b", "a__b"),
        ("Tom1", "Toml"),
    ],
)
def test_the_database_refuses_a_handle_that_looks_like_another(one: str, other: str) -> None:
    Person.objects.create(handle=one)
    assert refused("person_handle_not_confusable", Person.objects.create, handle=other)


@pytest.mark.parametrize(("one", "other"), [("anna", "hanna"), ("bob", "bob2"), ("a_b", "a-b"), ("ann", "anm")])
def test_the_database_takes_handles_that_can_be_told_apart(one: str, other: str) -> None:
    Person.objects.create(handle=one)
    assert Person.objects.create(handle=other).pk


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("person_klout_id_positive", {"klout_id": 0}),
        ("person_klout_id_positive", {"klout_id": -5}),
        ("person_kind_known", {"kind": "robot"}),
        ("person_visibility_known", {"visibility": "some"}),
        ("person_birth_year_sane", {"birth_year": 1815}),
        ("person_birth_year_sane", {"birth_year": 2200}),
        ("person_region_in_country", {"country": "FR", "region": "DE-BE"}),
        ("person_region_in_country", {"country": "", "region": "DE-BE"}),
    ],
)
def test_the_database_refuses_a_person(constraint: str, fields: dict) -> None:
    assert refused(constraint, Person.objects.create, handle="bob", **fields)


def test_the_database_takes_a_region_of_the_country() -> None:
    person = Person.objects.create(handle="bob", country="DE", region="DE-BE")
    person.full_clean()
    assert person.pk


def test_a_klout_id_is_positive_unique_and_says_nothing() -> None:
    people = Person.objects.bulk_create(Person(handle=f"person{number}x") for number in range(50, 90))
    ids = [person.klout_id for person in people]
    assert len(set(ids)) == 40
    assert all(0 < number < 2**63 for number in ids)
    assert max(ids) > 2**55
    assert ids != sorted(ids)
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.create(handle="copy", klout_id=ids[0])


def test_an_email_address_has_one_user_however_it_is_written(alice: Person) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="ALICE@example.org")
    assert User.objects.count() == 1


def test_a_membership_is_had_once_and_in_a_known_role(alice: Person) -> None:
    user = alice.users.get()
    assert refused("membership_once", Membership.objects.create, user=user, person=alice, role="editor")
    other = Person.objects.create(handle="shop", kind="organisation")
    assert refused("membership_role_known", Membership.objects.create, user=user, person=other, role="king")


def test_an_account_of_a_network_is_one_row_and_one_persons(alice: Person, bob: Person) -> None:
    account = Account.objects.create(network="twitter", external_id="7")
    assert refused("account_once", Account.objects.create, network="twitter", external_id="7")
    assert refused("account_external_id_given", Account.objects.create, network="twitter", external_id="")
    assert Account.objects.create(network="mastodon", external_id="7").pk != account.pk
    LinkedAccount.objects.create(account=account, person=alice)
    with pytest.raises(IntegrityError, match="account_id"), transaction.atomic():
        LinkedAccount.objects.create(account=account, person=bob)
    other = Account.objects.create(network="twitter", external_id="8")
    assert refused("linked_account_state_known", LinkedAccount.objects.create, account=other, person=bob, state="odd")


def test_a_user_speaks_first_for_the_person_and_then_for_the_firm(alice: Person, bob: Person) -> None:
    user = alice.users.get()
    firm = Person.objects.create(handle="acme", kind=Person.Kind.ORGANISATION)
    Membership.objects.create(user=bob.users.get(), person=firm)
    Membership.objects.create(user=user, person=firm, role=Membership.Role.VIEWER)
    Membership.objects.create(user=bob.users.get(), person=alice, role=Membership.Role.EDITOR)
    assert user.person == alice
    assert list(Person.objects.of(user)) == [alice, firm]
    assert list(Person.objects.of(user, Membership.Role.OWNER, Membership.Role.EDITOR)) == [alice]
    assert User.objects.create_user("staff@example.org").person is None


@pytest.mark.parametrize(
    ("birth_year", "shown"), [(None, True), (1980, True), (2009, True), (2010, False), (2012, False), (2026, False)]
)
def test_only_who_is_surely_sixteen_has_a_public_page(join, birth_year: int | None, shown: bool) -> None:
    person = join("Charlie", birth_year=birth_year)
    assert person.old_enough(TODAY) is shown
    assert Person.objects.public(TODAY).filter(pk=person.pk).exists() is shown
    other = join("Bob").users.get()
    assert Person.objects.visible_to(other, TODAY).filter(pk=person.pk).exists() is shown
    assert Person.objects.visible_to(person.users.get(), TODAY).filter(pk=person.pk).exists()


def test_an_organisation_has_no_age(join) -> None:
    firm = join("acme", kind=Person.Kind.ORGANISATION, birth_year=2020)
    assert Person.objects.public(TODAY).get() == firm


@pytest.mark.parametrize(
    ("visibility", "to_strangers", "to_members"),
    [("public", True, True), ("members", False, True), ("hidden", False, False)],
)
def test_visibility_decides_who_sees_a_person(join, visibility: str, to_strangers: bool, to_members: bool) -> None:
    alice = join("Alice", visibility=visibility)
    member = join("Bob").users.get()
    seen = [Person.objects.visible_to(who, TODAY).filter(pk=alice.pk).exists() for who in (AnonymousUser(), member)]
    assert seen == [to_strangers, to_members]
    assert Person.objects.visible_to(alice.users.get(), TODAY).filter(pk=alice.pk).exists()


def test_who_never_joined_is_shown_to_nobody(alice: Person) -> None:
    Person.objects.create(handle="ghost", birth_year=1980)
    assert not Person.objects.public(TODAY).filter(handle="ghost").exists()
    assert not Person.objects.visible_to(alice.users.get(), TODAY).filter(handle="ghost").exists()
