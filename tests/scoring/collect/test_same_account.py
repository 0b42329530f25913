"""One account that its API and its export name differently counts once, or its person is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accounts.models import Account, LinkedAccount, Person
from accounts.networks import NETWORKS
from accounts.networks.base import Interaction
from scoring.collect.archives import import_archive
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Summary
from scoring.models import CounterReading, Relation
from tests.accounts.conftest import link, logged_in

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


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


@pytest.mark.parametrize("first", ["api", "archive"])
def test_who_endorses_counts_once_though_api_and_export_name_them_differently(alice: Person, first: str) -> None:
    made = link(alice, network="linkedin", external_id="mail:1", handle="Alice Archer")
    spec = NETWORKS["linkedin"].spec
    told = {
        # The export was made after Bob and before Charlie.
        "api": [("urn:li:person:bob", AT - 3 * DAY), ("urn:li:person:charlie", AT + 3 * DAY)],
        "archive": [("in/bob", AT - 3 * DAY), ("in/dora", AT - 90 * DAY)],
    }
    for origin in sorted(told, reverse=first == "archive"):
        with Staging(spec=spec, origin=origin, at=AT + 4 * DAY) as staging:
            for actor, at in told[origin]:
                assert not staging.record("mail:1", Interaction("endorse", actor, None, observed_at=at))
            merge(staging, Summary(spec.slug))
    actors = Relation.objects.filter(target=made.account_id).values_list("actor", flat=True)
    names = Account.objects.filter(pk__in=actors).values_list("external_id", flat=True)
    assert set(names) == {"in/bob", "in/dora", "urn:li:person:charlie"}


def test_nobody_elses_account_is_taken_for_the_exports(alice: Person, export: Path) -> None:
    theirs = proved(Person.objects.create(handle="Bob"), "Alice Archer")
    uploaded(export, alice)
    assert LinkedAccount.objects.get(person=alice).account_id != theirs.account_id
    assert not Relation.objects.filter(target=theirs.account_id).exists()
