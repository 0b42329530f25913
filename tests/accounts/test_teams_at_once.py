"""Two at once: a team keeps an owner, a link is good once. Each with what happens where the row is not locked."""

import threading
from collections.abc import Callable

import pytest

from accounts import teams
from accounts.models import Membership, Person
from tests.accounts.teams import AT, actions, invited, make_team, seat
from tests.perks.racing import while_open

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unlocked(monkeypatch) -> Callable[[str], None]:
    """unlocked("_keep_an_owner"): no flow locks the organisation, and both sides wait for each other after that
    function: what each has looked at is so no longer when it writes."""

    def take_away(meet_after: str) -> None:
        barrier, real = threading.Barrier(2), getattr(teams, meet_after)

        def met(*args: object) -> object:
            answer = real(*args)
            barrier.wait(timeout=20)
            return answer

        monkeypatch.setattr(teams, "_locked", lambda person: Person.objects.get(pk=person))
        monkeypatch.setattr(teams, meet_after, met)

    return take_away


def removal(firm: Person, users: dict, by: str, of: str) -> Callable[[], None]:
    member = seat(firm, users[of])
    return lambda: teams.remove(person=firm, member=member, user=users[by], at=AT)


def test_of_two_owners_who_remove_each_other_one_stays(join) -> None:
    firm, users = make_team(join, olga="owner", otto="owner")
    _none, second, waited = while_open(removal(firm, users, "olga", "otto"), removal(firm, users, "otto", "olga"))
    assert waited
    assert isinstance(second, teams.NotOwner), "who was removed meanwhile removes nobody"
    assert [one.user for one in Membership.objects.filter(person=firm)] == [users["olga"]]
    assert actions(firm) == ["remove"]


def test_without_the_lock_both_are_gone(join, race, unlocked) -> None:
    firm, users = make_team(join, olga="owner", otto="owner")
    attempts = [removal(firm, users, "olga", "otto"), removal(firm, users, "otto", "olga")]
    unlocked("_keep_an_owner")
    race(lambda index: attempts[index](), 2)
    assert not Membership.objects.filter(person=firm).exists(), "the guard would guard nothing"


def test_of_two_owners_who_leave_one_stays(join) -> None:
    firm, users = make_team(join, olga="owner", otto="owner")
    leave = {name: (lambda user=user: teams.leave(person=firm, user=user, at=AT)) for name, user in users.items()}
    _none, second, waited = while_open(leave["olga"], leave["otto"])
    assert waited
    assert isinstance(second, teams.OnlyOwner)
    assert Membership.objects.get(person=firm).user == users["otto"]


def test_a_link_that_two_use_at_once_lets_one_in(join, alice, bob) -> None:
    firm, users = make_team(join, olga="owner")
    token = invited(firm, users["olga"], "a@example.org")
    first, second = alice.users.get(), bob.users.get()
    _joined, answer, waited = while_open(
        lambda: teams.join(token=token, user=first, at=AT), lambda: teams.join(token=token, user=second, at=AT)
    )
    assert waited
    assert isinstance(answer, teams.NoInvitation)
    assert {one.user for one in Membership.objects.filter(person=firm)} == {users["olga"], first}


def test_without_the_lock_one_link_lets_two_in(join, alice, bob, race, unlocked) -> None:
    firm, users = make_team(join, olga="owner")
    token = invited(firm, users["olga"], "a@example.org")
    joining = [alice.users.get(), bob.users.get()]
    unlocked("open_invitation")
    race(lambda index: teams.join(token=token, user=joining[index], at=AT), 2)
    assert Membership.objects.filter(person=firm).count() == 3, "the guard would guard nothing"


def test_two_teams_at_once_are_not_one_too_many(alice, monkeypatch) -> None:
    monkeypatch.setattr(teams, "MOST_OWNED", 1)
    user = alice.users.get()
    _made, second, waited = while_open(
        lambda: teams.create(user=user, handle="acme", name="Acme", at=AT),
        lambda: teams.create(user=user, handle="bcme", name="Bcme", at=AT),
    )
    assert waited
    assert isinstance(second, teams.TooMany)
    assert Person.objects.filter(kind="organisation").count() == 1
