"""Whose an account is that a member connects, and what becomes of a team when somebody is erased; the staff's admin."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts import privacy, proving, tasks, team_log, teams
from accounts.models import LinkedAccount, Membership, Person, TeamChange, TeamInvitation, User
from accounts.networks.base import Owner
from tests.accounts.conftest import link
from tests.accounts.teams import AT, actions, client_of, invited, make_team, seat

pytestmark = pytest.mark.django_db
PAGES = [(Owner("p1", handle="acme", name="Acme"), "page-token")]


@pytest.fixture
def pages(settings, monkeypatch) -> None:
    settings.NETWORK_KEYS = dict.fromkeys(settings.NETWORK_KEYS, ("id", "secret"))
    monkeypatch.setattr(proving, "pages", lambda *args: PAGES)
    return


# ---------------------------------------------------------------- connecting


def test_a_page_read_by_a_member_s_own_profile_counts_for_the_team(join, pages) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    ed = Person.objects.get(handle="ed")
    profile = link(ed, "facebook", "1", "ed")
    client, path = client_of(users["ed"]), f"/settings/accounts/{profile.pk}/pages"
    found = client.post(path, {"step": "look"}).content.decode()
    assert "They count for" in found
    client.post(path, {"step": "choose", "pages": ["p1"], "whose": firm.pk})
    made = LinkedAccount.objects.get(account__external_id="p1")
    assert (made.person, made.kind, made.through) == (firm, "page", profile)
    assert LinkedAccount.objects.get(pk=profile.pk).person == ed, "the member's own account stays the member's"
    assert [(line.action, line.user) for line in TeamChange.objects.all()] == [("pages", users["ed"])]


def test_no_page_is_given_to_a_team_by_a_viewer_or_a_stranger(join, pages) -> None:
    firm, users = make_team(join, olga="owner", vera="viewer")
    vera = Person.objects.get(handle="vera")
    profile = link(vera, "facebook", "1", "vera")
    sent = {"step": "choose", "pages": ["p1"], "whose": firm.pk}
    client_of(users["vera"]).post(f"/settings/accounts/{profile.pk}/pages", sent)
    assert not LinkedAccount.objects.filter(person=firm).exists()
    assert client_of(users["olga"]).post(f"/settings/accounts/{profile.pk}/pages", sent).status_code == 404


def test_a_page_that_goes_with_a_member_s_profile_is_noted_for_the_team(join) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    profile = link(Person.objects.get(handle="ed"), "facebook", "1", "ed")
    page = link(firm, "facebook", "p1", "acme")
    LinkedAccount.objects.filter(pk=page.pk).update(kind="page", through=profile)
    client_of(users["ed"]).post(f"/settings/accounts/{profile.pk}/remove")
    assert not LinkedAccount.objects.exists()
    assert actions(firm) == ["unlink"]


@pytest.mark.parametrize("path", ["/settings/connect", "/settings/connect/twitter", "/settings/import"])
def test_every_page_of_connecting_says_for_whom(join, path: str) -> None:
    _firm, users = make_team(join, olga="owner", ed="editor")
    client = client_of(users["ed"])
    page = client.get(f"{path}?person=acme").content.decode()
    assert 'aria-label="People you speak for"' in page
    assert 'person=acme" aria-current="page"' in page
    assert "person=ed" in page
    assert 'person=ed" aria-current="page"' in client.get(path).content.decode(), "without a word it is one's own"


def test_a_log_in_by_a_network_links_nothing_to_a_team(join) -> None:
    """Log-ins belong to users: the pages of connecting alone link accounts, for whom they name."""
    firm, users = make_team(join, olga="owner", ed="editor")
    assert users["ed"].person == Person.objects.get(handle="ed"), "one's own page comes first, the team's after it"
    with pytest.raises(LinkedAccount.DoesNotExist):
        LinkedAccount.objects.get(person=firm)
    client_of(users["ed"]).post("/accounts/with/github")
    assert not LinkedAccount.objects.exists()


# ---------------------------------------------------------------- erasing and taking along


def test_who_is_erased_leaves_the_teams_that_others_own_and_the_log_keeps_no_name(join) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    ed = Person.objects.get(handle="ed")
    number = users["ed"].pk
    team_log.note(person=firm, user=users["ed"], action="profile", at=AT)
    assert "Acme" in client_of(users["ed"]).get("/settings/erase?person=ed").content.decode()
    privacy.erase_person(person=ed, at=AT)
    assert not User.objects.filter(pk=number).exists()
    assert not Membership.objects.filter(person=firm).exclude(user=users["olga"]).exists()
    assert actions(firm) == ["profile", "leave"]
    assert not TeamChange.objects.filter(user__isnull=False).exists()
    assert "somebody who was erased" in client_of(users["olga"]).get("/teams/acme/changes").content.decode()


def test_what_a_program_does_is_in_nobodys_name(join) -> None:
    firm, users = make_team(join, olga="owner")
    team_log.note(person=firm, user=None, action="topics", changes={"chosen": ("", "sea")}, at=AT)
    team_log.note(person=firm, user=users["olga"], action="profile", at=AT)
    assert actions(firm) == ["profile"]
    assert "somebody who was erased" not in client_of(users["olga"]).get("/teams/acme/changes").content.decode()


def test_the_only_owner_is_told_to_hand_over_first(join) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    olga = Person.objects.get(handle="olga")
    page = client_of(users["olga"]).get("/settings/erase?person=olga").content.decode()
    assert "the only owner of these teams" in page
    assert 'href="/teams/acme/members"' in page
    privacy.erase_person(person=olga, at=AT)
    assert Membership.objects.get(person=firm, role="owner").user == users["olga"], "no team is left without an owner"
    # Handed over in time, the log-in would have gone.
    teams.change_role(person=firm, member=seat(firm, users["ed"]), role="owner", user=users["olga"], at=AT)
    page = client_of(users["ed"]).get("/settings/erase?person=ed").content.decode()
    assert "the only owner of these teams" not in page
    privacy.erase_person(person=Person.objects.get(handle="ed"), at=AT)
    assert not User.objects.filter(pk=users["ed"].pk).exists()


def test_with_an_organisation_go_its_log_and_its_invitations_and_no_member(join) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    other, _more = make_team(join, "bcme", otto="owner")
    team_log.note(person=other, user=users["ed"], action="profile", at=AT)
    invited(firm, users["olga"], "x@example.org")
    assert privacy.count_person(firm)["changes by the team"] == 1
    privacy.erase_person(person=firm, at=AT)
    assert not TeamInvitation.objects.exists()
    assert [line.person for line in TeamChange.objects.all()] == [other]
    assert {person.handle for person in Person.objects.all()} == {"olga", "ed", "otto", "bcme"}
    assert User.objects.count() == 3


def test_an_address_that_is_erased_stands_in_no_invitation(join, alice) -> None:
    firm, users = make_team(join, olga="owner")
    invited(firm, users["olga"], "Alice@Example.org")
    privacy.erase_person(person=alice, at=AT)
    assert not TeamInvitation.objects.exists()


def test_an_organisation_takes_its_log_along_without_names(join) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    team_log.note(person=firm, user=users["ed"], action="profile", changes={"name": ("A", "Acme")}, at=AT)
    invited(firm, users["olga"], "x@example.org")
    found = privacy.export_person(firm)["person"]
    lines = found["changes_by_the_team"]
    assert [(line["by_member"], line["action"]) for line in lines] == [(2, "profile"), (1, "invite")]
    assert lines[0]["changes"] == {"name": ["A", "Acme"]}
    assert len(found["team_invitations"]) == 1
    assert "@example.org" not in str(found)


def test_who_takes_everything_along_finds_what_they_changed_in_teams(join) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    team_log.note(person=firm, user=users["ed"], action="profile", changes={"name": ("A", "Acme")}, at=AT)
    team_log.note(person=firm, user=users["olga"], action="lists", at=AT)
    found = privacy.export_person(Person.objects.get(handle="ed"))["person"]
    assert [(line["team"], line["action"]) for line in found["changed_in_teams"]] == [("acme", "profile")]
    assert [(one["team"], one["role"]) for one in found["teams"]] == [("acme", "editor")]


# ---------------------------------------------------------------- the staff


@pytest.fixture
def staff(db) -> Client:
    user = User.objects.create_superuser("staff@example.org", "a long and odd pass phrase")
    return client_of(user)


def test_what_the_staff_changes_of_members_is_noted(join, staff: Client) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    number = seat(firm, users["ed"])
    path = f"/admin/accounts/membership/{number}/change/"
    staff.post(path, {"user": users["ed"].pk, "person": firm.pk, "role": "owner"})
    staff.post(f"/admin/accounts/membership/{number}/delete/", {"post": "yes"})
    bob = join("bob").users.get()
    staff.post("/admin/accounts/membership/add/", {"user": bob.pk, "person": firm.pk, "role": "viewer"})
    assert actions(firm) == ["role", "remove", "join"]
    assert TeamChange.objects.first().changes == {"role": ["editor", "owner"]}
    assert {line.user.email for line in TeamChange.objects.all()} == {"staff@example.org"}
    page = client_of(users["olga"]).get("/teams/acme/changes").content.decode()
    assert "our staff" in page
    assert "staff@example.org" not in page


def test_what_the_staff_changes_beside_a_person_is_noted_too(join, staff: Client) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    fields = {"kind": "organisation", "handle": "acme", "name": "Acme Ltd", "visibility": "public", "time_zone": "UTC"}
    rows = {"membership_set-TOTAL_FORMS": 2, "membership_set-INITIAL_FORMS": 2}
    for place, (name, role) in enumerate({"olga": "owner", "ed": "viewer"}.items()):
        row = {"id": seat(firm, users[name]), "person": firm.pk, "user": users[name].pk, "role": role}
        rows |= {f"membership_set-{place}-{field}": value for field, value in row.items()}
    answer = staff.post(f"/admin/accounts/person/{firm.pk}/change/", fields | rows)
    assert answer.status_code == 302, answer.content.decode()
    assert actions(firm) == ["profile", "role"]
    assert Membership.objects.get(user=users["ed"], person=firm).role == "viewer"
    assert LogEntry.objects.exists()


def test_old_invitations_are_forgotten_by_the_sweep(join) -> None:
    firm, users = make_team(join, olga="owner")
    invited(firm, users["olga"], "x@example.org", at=timezone.now() - timedelta(days=40))
    invited(firm, users["olga"], "y@example.org", at=timezone.now())
    tasks.sweep_files()
    assert [one.email for one in TeamInvitation.objects.all()] == ["y@example.org"]
