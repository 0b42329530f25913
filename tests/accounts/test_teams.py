"""Making a team, inviting to it, joining it, and the roles in it."""

import hashlib
import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import privacy, teams
from accounts.models import Membership, Notification, Person, TeamChange, TeamInvitation, User
from tests.accounts.teams import AT, actions, client_of, invited, make_team, seat

LINK = re.compile(r"/teams/join/[\w-]+")

pytestmark = pytest.mark.django_db


def test_who_makes_a_team_is_its_owner(alice: Person) -> None:
    client = client_of(alice.users.get())
    answer = client.post("/teams/new", {"name": "Acme & Sons", "handle": "acme", "about": "Anvils."}, follow=True)
    firm = Person.objects.get(handle="acme")
    assert (firm.kind, firm.name, firm.bio) == ("organisation", "Acme & Sons", "Anvils.")
    assert Membership.objects.get(person=firm).role == "owner"
    assert answer.redirect_chain[-1][0] == "/teams/acme"
    assert "Acme &amp; Sons" in client.get("/teams").content.decode()
    assert alice.users.get().person == alice, "one's own page comes first"
    line = TeamChange.objects.get()
    assert (line.action, line.user, line.person) == ("created", alice.users.get(), firm)


@pytest.mark.parametrize("handle", ["alice", "admin", "new", "join", "a b", "A1ice"])
def test_a_team_has_no_handle_that_is_taken_or_reserved(alice: Person, handle: str) -> None:
    answer = client_of(alice.users.get()).post("/teams/new", {"name": "Acme", "handle": handle})
    assert answer.status_code == 422
    assert Person.objects.count() == 1


def test_without_a_confirmed_address_nobody_makes_a_team(alice: Person) -> None:
    EmailAddress.objects.update(verified=False)
    answer = client_of(alice.users.get()).post("/teams/new", {"name": "Acme", "handle": "acme"})
    assert "confirm your e-mail address first" in answer.content.decode()
    assert Person.objects.count() == 1


def test_nobody_owns_more_teams_than_ten(alice: Person) -> None:
    user = alice.users.get()
    for number in range(teams.MOST_OWNED):
        teams.create(user=user, handle=f"team-{number}x", name="T", at=AT)
    answer = client_of(user).post("/teams/new", {"name": "Acme", "handle": "acme"})
    assert "You own 10 teams" in answer.content.decode()
    assert not Person.objects.filter(handle="acme").exists()


def test_the_young_make_and_join_no_team(join) -> None:
    firm, users = make_team(join, olga="owner")
    tom = join("Tom", birth_year=AT.year - 12).users.get()
    with pytest.raises(teams.TooYoung):
        teams.create(user=tom, handle="toms", name="Tom's", at=AT)
    with pytest.raises(teams.TooYoung):
        teams.join(token=invited(firm, users["olga"], tom.email), user=tom, at=AT)
    assert not Membership.objects.filter(user=tom, person__kind="organisation").exists()


def test_an_invitation_leads_into_the_team_once(join, alice, bob, django_capture_on_commit_callbacks) -> None:
    firm, users = make_team(join, olga="owner")
    with django_capture_on_commit_callbacks(execute=True):
        client_of(users["olga"]).post(
            "/teams/acme/members", {"action": "invite", "email": "alice@example.org", "role": "editor"}
        )
    [message] = mail.outbox
    assert message.to == ["alice@example.org"]
    assert message.subject == "Acme invites you to its team"
    found = LINK.search(str(message.body))
    assert found
    token = found.group().rpartition("/")[2]
    invitation = TeamInvitation.objects.get()
    assert invitation.digest == hashlib.sha256(token.encode()).hexdigest(), "the token itself is kept nowhere"
    client = client_of(alice.users.get())
    page = client.get(found.group()).content.decode()
    assert "Join the team of Acme?" in page
    assert "olga" in page
    assert not Membership.objects.filter(user=alice.users.get(), person=firm).exists(), "looking joins nothing"
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(found.group())["Location"] == "/teams/acme"
    assert Membership.objects.get(user=alice.users.get(), person=firm).role == "editor"
    assert client.post(found.group())["Location"] == "/teams/acme", "who presses twice has done nothing wrong"
    assert client_of(bob.users.get()).post(found.group()).status_code == 410
    assert not Membership.objects.filter(user=bob.users.get(), person=firm).exists()
    assert actions(firm) == ["invite", "join"]
    assert not TeamChange.objects.filter(about__contains="@").exists(), "a line stays; an address must not"
    assert mail.outbox[-1].to == ["olga@example.org"], "the owners are told"
    assert mail.outbox[-1].subject == "Alice Archer has joined Acme"


def test_the_answer_is_the_same_whether_or_not_an_address_is_known(join, alice) -> None:
    _firm, users = make_team(join, olga="owner")
    client, pages = client_of(users["olga"]), []
    for email in ("alice@example.org", "nobody@example.org"):
        answer = client.post("/teams/acme/members", {"action": "invite", "email": email, "role": "viewer"}, follow=True)
        text = answer.content.decode().replace(email, "-")
        TeamInvitation.objects.all().delete()
        pages.append(re.sub(r'name="csrfmiddlewaretoken" value="\w+"|name="invitation" value="\d+"', "", text))
    assert pages[0] == pages[1]


def test_an_invitation_ends_after_a_week_when_it_is_taken_back_and_when_another_follows(join, alice) -> None:
    firm, users = make_team(join, olga="owner")
    user = alice.users.get()
    token = invited(firm, users["olga"], user.email)
    with pytest.raises(teams.NoInvitation):
        teams.join(token=token, user=user, at=AT + teams.GOOD_FOR)
    teams.withdraw(person=firm, invitation=TeamInvitation.objects.get().pk, user=users["olga"], at=AT)
    with pytest.raises(teams.NoInvitation):
        teams.join(token=token, user=user, at=AT)
    first = invited(firm, users["olga"], user.email)
    second = invited(firm, users["olga"], user.email.upper(), "viewer")
    with pytest.raises(teams.NoInvitation):
        teams.join(token=first, user=user, at=AT)
    assert teams.join(token=second, user=user, at=AT).role == "viewer"
    assert teams.forget_old(at=AT + timedelta(days=60)) == 1, "the address is not kept for good"


def test_who_is_logged_in_with_another_address_is_told_and_may_join(join, bob) -> None:
    firm, users = make_team(join, olga="owner")
    token = invited(firm, users["olga"], "robert@firm.example", at=timezone.now())
    client = client_of(bob.users.get())
    page = client.get(f"/teams/join/{token}").content.decode()
    assert "r…@firm.example" in page
    assert "robert" not in page
    assert "you are logged in as bob@example.org" in page
    client.post(f"/teams/join/{token}")
    assert Membership.objects.filter(person=firm, user=bob.users.get()).exists()


def test_who_has_no_log_in_sees_who_invites_and_gets_one_first(join) -> None:
    firm, users = make_team(join, olga="owner")
    token = invited(firm, users["olga"], "new@example.org", at=timezone.now())
    page = Client().get(f"/teams/join/{token}")
    assert "Join the team of Acme?" in page.content.decode()
    assert f"/accounts/signup/?next=/teams/join/{token}" in page.content.decode()
    assert Client().post(f"/teams/join/{token}").status_code == 302
    assert Membership.objects.filter(person=firm).count() == 1


def test_who_is_in_the_team_cannot_change_their_role_by_an_invitation(join) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    token = invited(firm, users["olga"], "ed@example.org", "owner")
    with pytest.raises(teams.AlreadyIn):
        teams.join(token=token, user=users["ed"], at=AT)
    assert Membership.objects.get(user=users["ed"], person=firm).role == "editor"


def test_roles_are_changed_by_owners_and_who_it_is_about_is_told(join, django_capture_on_commit_callbacks) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    with django_capture_on_commit_callbacks(execute=True):
        client_of(users["olga"]).post(
            "/teams/acme/members", {"action": "role", "member": seat(firm, users["ed"]), "role": "viewer"}
        )
    assert Membership.objects.get(user=users["ed"], person=firm).role == "viewer"
    assert [message.to for message in mail.outbox] == [["ed@example.org"]]
    line = TeamChange.objects.get()
    assert (line.action, line.user, line.changes) == ("role", users["olga"], {"role": ["editor", "viewer"]})
    assert line.about == f"member {users['ed'].pk}"


def test_who_was_removed_is_told_and_sees_nothing_more(join, django_capture_on_commit_callbacks) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    client = client_of(users["ed"])
    assert client.get("/teams/acme").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        client_of(users["olga"]).post("/teams/acme/members", {"action": "remove", "member": seat(firm, users["ed"])})
    assert client.get("/teams/acme").status_code == 404
    assert mail.outbox[-1].subject == "You are no longer in the team of Acme"
    assert Notification.objects.get().person.handle == "ed", "it is told of their own page, not of the team's"


def test_the_last_owner_stays_until_there_is_another(join) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    olga, client = seat(firm, users["olga"]), client_of(users["olga"])
    for data in ({"action": "leave"}, {"action": "role", "member": olga, "role": "viewer"}):
        assert "keeps an owner" in client.post("/teams/acme/members", data, follow=True).content.decode()
    with pytest.raises(teams.OnlyOwner):
        teams.remove(person=firm, member=olga, user=users["olga"], at=AT)
    assert Membership.objects.get(pk=olga).role == "owner"
    teams.change_role(person=firm, member=seat(firm, users["ed"]), role="owner", user=users["olga"], at=AT)
    client.post("/teams/acme/members", {"action": "leave"})
    assert not Membership.objects.filter(pk=olga).exists()


def test_an_owner_who_cannot_log_in_is_no_owner(join) -> None:
    firm, users = make_team(join, olga="owner", otto="owner")
    User.objects.filter(pk=users["otto"].pk).update(is_active=False)
    with pytest.raises(teams.OnlyOwner):
        teams.leave(person=firm, user=users["olga"], at=AT)
    assert Membership.objects.filter(person=firm).count() == 2


def test_who_owned_the_team_when_the_page_was_drawn_does_nothing_now(join) -> None:
    firm, users = make_team(join, olga="owner", otto="owner", ed="editor")
    teams.change_role(person=firm, member=seat(firm, users["otto"]), role="viewer", user=users["olga"], at=AT)
    for attempt in (
        lambda: teams.remove(person=firm, member=seat(firm, users["ed"]), user=users["otto"], at=AT),
        lambda: teams.invite(person=firm, email="x@example.org", role="owner", user=users["otto"], at=AT),
    ):
        with pytest.raises(teams.NotOwner):
            attempt()
    assert Membership.objects.filter(person=firm).count() == 3


def test_nobody_comes_back_by_an_invitation_of_their_own(join, alice) -> None:
    firm, users = make_team(join, olga="owner", otto="owner")
    token = invited(firm, users["otto"], alice.users.get().email, "owner")
    teams.remove(person=firm, member=seat(firm, users["otto"]), user=users["olga"], at=AT)
    with pytest.raises(teams.NoInvitation):
        teams.join(token=token, user=alice.users.get(), at=AT)
    assert actions(firm) == ["invite", "withdraw", "remove"]


def test_a_team_is_no_mailing_list(join, monkeypatch) -> None:
    firm, users = make_team(join, olga="owner")
    for _ in range(teams.MAILS_TO_ONE):
        invited(firm, users["olga"], "a@example.org")
    with pytest.raises(teams.TooMany):
        invited(firm, users["olga"], "a@example.org")
    monkeypatch.setattr(teams, "MOST_A_DAY", 4)
    invited(firm, users["olga"], "b@example.org")
    with pytest.raises(teams.TooMany):
        invited(firm, users["olga"], "c@example.org")
    invited(firm, users["olga"], "c@example.org", at=AT + timedelta(days=2))
    monkeypatch.setattr(teams, "MOST_A_DAY", 40)
    monkeypatch.setattr(teams, "MOST_OPEN", 3)
    with pytest.raises(teams.TooMany):
        invited(firm, users["olga"], "d@example.org", at=AT + timedelta(days=2))
    assert TeamInvitation.objects.count() == 3


@pytest.mark.parametrize("role", ["editor", "viewer", None])
@pytest.mark.parametrize("action", ["invite", "withdraw", "role", "remove"])
def test_only_owners_change_who_is_in_the_team(join, alice, role: str | None, action: str) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    user = alice.users.get()
    if role:
        Membership.objects.create(user=user, person=firm, role=role)
    invited(firm, users["olga"], "x@example.org")
    before = list(Membership.objects.values_list("pk", "role"))
    sent = {
        "action": action,
        "member": seat(firm, users["ed"]),
        "role": "owner",
        "email": "y@example.org",
        "invitation": TeamInvitation.objects.get().pk,
    }
    assert client_of(user).post("/teams/acme/members", sent).status_code == (403 if role else 404)
    assert list(Membership.objects.values_list("pk", "role")) == before
    assert TeamInvitation.objects.get().email == "x@example.org"


def test_of_addresses_members_see_those_of_who_has_no_name_and_owners_all(join) -> None:
    _firm, users = make_team(join, olga="owner", ed="editor", vera="viewer")
    Person.objects.filter(handle="ed").update(name="Ed Editor")
    Person.objects.filter(handle="vera").update(visibility="hidden", name="Vera Hidden")
    for reader, sees in (("olga", True), ("vera", False)):
        page = client_of(users[reader]).get("/teams/acme/members").content.decode()
        assert "Ed Editor" in page
        assert ("ed@example.org" in page) == sees
        assert "vera@example.org" in page, "who hides their page has no name to show"
        # In her own menu alone.
        assert page.count("Vera Hidden") == (reader == "vera")


def test_members_are_named_in_public_where_they_want_to_be(join) -> None:
    firm, users = make_team(join, olga="owner", ed="editor")
    Person.objects.filter(handle="olga").update(name="Olga Owner")
    Person.objects.filter(handle="ed").update(name="Ed Editor", visibility="members")
    page = Client().get("/acme").content.decode()
    assert "A page of a team." in page
    assert "Olga Owner" not in page
    for name in users:
        client_of(users[name]).post("/teams/acme/members", {"action": "show", "shown": "on"})
    page = Client().get("/acme").content.decode()
    assert "Olga Owner" in page
    assert "Ed Editor" not in page, "to whom a page is not shown its person is not named"
    assert "Ed Editor" in client_of(users["olga"]).get("/acme").content.decode()
    assert "A page of a team." not in Client().get("/olga").content.decode()
    assert actions(firm) == ["named", "named"]


def test_pages_of_a_team_take_as_many_queries_for_many_members_as_for_few(join, django_assert_max_num_queries) -> None:
    firm, users = make_team(join, olga="owner")

    def ask() -> None:
        for path in ("", "/members", "/changes", "/month"):
            with django_assert_max_num_queries(12):
                assert client.get(f"/teams/acme{path}").status_code == 200
        with django_assert_max_num_queries(12):
            client.get("/teams")

    client = client_of(users["olga"])
    invited(firm, users["olga"], "x@example.org")
    ask()
    for number in range(15):
        Membership.objects.create(user=join(f"member{number}x").users.get(), person=firm, role="viewer")
        teams.show_name(person=firm, user=users["olga"], shown=number % 2 == 0, at=AT)
        invited(firm, users["olga"], f"{number}@example.org")
    ask()


def test_owners_keep_no_news_that_name_a_member_who_was_erased(join) -> None:
    firm, users = make_team(join, olga="owner")
    zeb = join("zeb")
    teams.join(token=invited(firm, users["olga"], "zeb@example.org"), user=zeb.users.get(), at=AT)
    news = Notification.objects.filter(user=users["olga"], kind="team_joined")
    assert zeb.display_name in news.get().text
    privacy.erase_person(person=zeb, at=AT)
    assert not news.exists()
