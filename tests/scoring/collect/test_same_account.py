"""One account that its API and its export name differently counts once, or its person is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.models import LinkedAccount, Person
from scoring.collect.archives import import_archive
from scoring.models import CounterReading, Relation
from tests.accounts.conftest import link, logged_in

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Alice's export of Facebook, which knows nothing of the number that the API has for her."""
    folder = tmp_path / "export"
    for name, data in {
        "profile_information/profile_information.json": {
            "profile_v2": {
                "name": {"full_name": "Alice Archer"},
                "profile_uri": "https://www.facebook.com/alice.archer.7",
                "registration_timestamp": 1300000000,
            }
        },
        "connections/friends/your_friends.json": {
            "friends_v2": [{"name": name, "timestamp": 1400000000} for name in ("Bob Birch", "Charlie Cedar")]
        },
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data))
    return folder


def uploaded(export: Path, person: Person) -> None:
    import_archive(path=export, network="facebook", person=person, at=AT, proof=LinkedAccount.Proof.UPLOAD)


def proved(person: Person, handle: str) -> LinkedAccount:
    made = link(person, network="facebook", external_id="1001", handle=handle)
    LinkedAccount.objects.filter(pk=made.pk).update(proof=LinkedAccount.Proof.NETWORK, first_read_at=AT)
    CounterReading.objects.create(
        account=made.account_id, name="friends", day=AT.date(), value=2, observed_at=AT, network=2, origin=1
    )
    return made


@pytest.mark.parametrize("handle", ["Alice Archer", ""])
def test_an_export_of_the_account_that_is_connected_is_added_to_it(alice: Person, export: Path, handle: str) -> None:
    made = proved(alice, handle)
    uploaded(export, alice)
    assert LinkedAccount.objects.get().pk == made.pk
    assert set(Relation.objects.values_list("target", flat=True)) == {made.account_id}
    made.refresh_from_db()
    assert (made.account.external_id, made.proof) == ("1001", "network")


def test_an_export_under_another_name_stays_an_account_of_its_own_and_is_pointed_out(
    alice: Person, export: Path
) -> None:
    made = proved(alice, "Anna Ash")
    uploaded(export, alice)
    other = LinkedAccount.objects.exclude(pk=made.pk).get()
    page = logged_in(alice).get(f"/settings/accounts/{made.pk}").content.decode()
    assert "nothing counts twice" in page
    assert f'href="/settings/accounts/{other.pk}/remove"' in page
    assert "nothing counts twice" not in logged_in(alice).get(f"/settings/accounts/{other.pk}").content.decode()


def test_nobody_elses_account_is_taken_for_the_exports(alice: Person, export: Path) -> None:
    theirs = proved(Person.objects.create(handle="Bob"), "Alice Archer")
    uploaded(export, alice)
    assert LinkedAccount.objects.get(person=alice).account_id != theirs.account_id
    assert not Relation.objects.filter(target=theirs.account_id).exists()
