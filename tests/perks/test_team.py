"""A brand's team: who gets in, by which mail, and that the brand keeps an owner."""

import re
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from perks import team
from perks.models import AuditEntry, BrandInvitation, BrandMembership
from tests.perks.campaigns import make_brand, make_team, second_factor

LINK = re.compile(r"/brands/join/[\w-]+")


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def role_of(user: User) -> str:
    return BrandMembership.objects.get(user=user).role


@pytest.mark.django_db
def test_nobody_enters_without_a_second_factor() -> None:
    olga = make_team(make_brand(), olga="owner")["olga"]
    refused = logged_in(olga).get("/brands/", follow=True)
    assert refused.status_code == 403
    assert "A second factor, please" in refused.content.decode()
    second_factor(olga)
    assert logged_in(olga).get("/brands/").status_code == 200


@pytest.mark.django_db
def test_who_works_for_no_brand_does_not_enter() -> None:
    make_brand()
    alice = second_factor(User.objects.create(email="alice@example.org"))
    answer = logged_in(alice).get("/brands/", follow=True)
    assert answer.status_code == 403
    assert "Your log-in works for none" in answer.content.decode()
    assert Client().get("/brands/")["Location"].startswith("/brands/login/")


@pytest.mark.django_db
def test_a_role_that_was_taken_away_is_gone_at_once() -> None:
    people = make_team(make_brand(), olga="owner", ed="editor")
    client = logged_in(second_factor(people["ed"]))
    assert client.get("/brands/").status_code == 200
    BrandMembership.objects.filter(user=people["ed"]).delete()
    assert client.get("/brands/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_an_invitation_leads_into_the_team_once() -> None:
    olga = second_factor(make_team(make_brand(), olga="owner")["olga"])
    sent = logged_in(olga).post(
        "/brands/perks/brandinvitation/add/",
        {"brand": make_brand().pk, "email": "alice@example.org", "role": "fulfilment"},
    )
    assert sent.status_code == 302
    assert [message.to for message in mail.outbox] == [["alice@example.org"]]
    found = LINK.search(str(mail.outbox[0].body))
    assert found
    alice, bob = (User.objects.create(email=f"{name}@example.org") for name in ("alice", "bob"))
    client = logged_in(alice)
    page = client.get(found.group()).content.decode()
    assert "Work for Acme?" in page
    assert not BrandMembership.objects.filter(user=alice).exists(), "looking joins nothing"
    assert client.post(found.group()).status_code == 302
    assert role_of(alice) == "fulfilment"
    again = logged_in(bob).post(found.group())
    assert again.status_code == 410
    assert not BrandMembership.objects.filter(user=bob).exists()
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"invite", "join"}
    assert not AuditEntry.objects.filter(about__contains="@").exists(), "a line of the log stays; an address must not"


@pytest.mark.django_db
def test_an_invitation_ends_after_a_week_and_when_it_is_withdrawn() -> None:
    brand, at = make_brand(), timezone.now()
    olga = make_team(brand, olga="owner")["olga"]
    invitation = BrandInvitation(brand=brand, email="a@example.org", role="viewer", created_at=at, invited_by=olga)
    invitation.digest, invitation.expires_at = team.digest("a-token"), at + team.GOOD_FOR
    invitation.save()
    assert team.open_invitation("a-token", at) == invitation
    with pytest.raises(team.NoInvitation):
        team.open_invitation("a-token", at + timedelta(days=7))
    logged_in(second_factor(olga)).post(f"/brands/perks/brandinvitation/{invitation.pk}/delete/", {"post": "yes"})
    with pytest.raises(team.NoInvitation):
        team.open_invitation("a-token", at)


@pytest.mark.django_db
def test_a_brand_keeps_an_owner() -> None:
    brand, at = make_brand(), timezone.now()
    people = make_team(brand, olga="owner", ed="editor")
    only = BrandMembership.objects.get(user=people["olga"])
    client = logged_in(second_factor(people["olga"]))
    client.post(f"/brands/perks/brandmembership/{only.pk}/change/", {"role": "viewer"})
    assert role_of(people["olga"]) == "owner"
    told = client.post(f"/brands/perks/brandmembership/{only.pk}/delete/", {"post": "yes"}, follow=True)
    assert "A brand keeps an owner" in told.content.decode()
    editor = BrandMembership.objects.get(user=people["ed"])
    client.post(f"/brands/perks/brandmembership/{editor.pk}/change/", {"role": "owner"})
    assert role_of(people["ed"]) == "owner"
    team.remove(membership=only, user=people["ed"], at=at)
    assert not BrandMembership.objects.filter(user=people["olga"]).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_two_owners_who_remove_each_other_leave_one(monkeypatch: pytest.MonkeyPatch, guarded: bool) -> None:
    """Without the lock on the brand each sees the other one stay, and the brand is nobody's."""
    brand, at = make_brand(), timezone.now()
    make_team(brand, olga="owner", oscar="owner")
    one, two = BrandMembership.objects.order_by("pk")
    if not guarded:
        monkeypatch.setattr(team, "_locked", lambda brand: make_brand())
    both = threading.Barrier(2)
    kept = team._keep_an_owner

    def slowly(membership: BrandMembership, role: str | None) -> None:
        kept(membership, role)
        # Until the other one has looked too; behind the lock it cannot, and waits in vain.
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)

    monkeypatch.setattr(team, "_keep_an_owner", slowly)

    def remove(mine: BrandMembership, other: BrandMembership) -> None:
        close_old_connections()
        try:
            team.remove(membership=other, user=mine.user, at=at)
        except (team.OnlyOwner, BrandMembership.DoesNotExist):
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert BrandMembership.objects.filter(role="owner").count() == (1 if guarded else 0)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["editor", "fulfilment", "viewer"])
def test_the_team_is_the_owners_business(role: str) -> None:
    brand = make_brand()
    people = make_team(brand, olga="owner", other=role)
    client = logged_in(second_factor(people["other"]))
    row = BrandMembership.objects.get(user=people["olga"])
    assert client.get("/brands/perks/brandmembership/").status_code == 403
    assert client.get(f"/brands/perks/brandmembership/{row.pk}/change/").status_code in {302, 403, 404}
    sent = {"brand": brand.pk, "email": "mallory@example.org", "role": "owner"}
    assert client.post("/brands/perks/brandinvitation/add/", sent).status_code == 403
    assert not BrandInvitation.objects.exists()


@pytest.mark.django_db
def test_nothing_written_in_the_log_can_be_changed_or_removed() -> None:
    brand = make_brand()
    olga = make_team(brand, olga="owner")["olga"]
    team.invite(brand=brand, email="a@example.org", role="viewer", user=olga, at=timezone.now())
    entry = AuditEntry.objects.get()
    for change in (lambda: AuditEntry.objects.update(action="nothing"), entry.delete):
        with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
            change()
    olga.delete()
    entry.refresh_from_db()
    assert (entry.user_id, entry.action) == (None, "invite")
