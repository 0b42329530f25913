"""A member's score and the team's never mix, through the real daily run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Account, LinkedAccount, Membership, Person
from perks.views.claiming import speakable
from scoring import daily
from scoring.models import Activity, Award, Component, Moment, PersonTopic, Score, ScoreHistory, Tie
from tests.scoring.conftest import AT, TODAY, names, replies

PARTS = ("score", "reach", "amplification", "network_part", "confidence")


@pytest.fixture
def firm(db) -> Person:
    firm = Person.objects.create(handle="acme", kind="organisation", name="Acme")
    account = Account.objects.create(network="twitter", external_id="acme", handle="acme")
    LinkedAccount.objects.create(account=account, person=firm)
    return firm


def known(person: Person) -> list[Any]:
    """All that was published of a person; of accounts by their order, since two people's have different numbers."""
    score = Score.objects.get(person=person)
    return [
        [getattr(score, part) for part in PARTS],
        ScoreHistory.objects.get(person_id=person.pk, as_of=score.as_of).networks,
        sorted(Component.objects.filter(person=person).values_list("network", "part", "feature", "value", "points")),
        sorted(Award.objects.filter(person=person).values_list("family", "level")),
        sorted(Activity.objects.filter(person=person).values_list("day", "verb", "people", "reactions", "weight")),
        sorted(Moment.objects.filter(person=person).values_list("points", "people", "reactions")),
        sorted(PersonTopic.objects.filter(person=person).values_list("topic", "expertise")),
        Tie.objects.filter(influencer=person).count(),
    ]


def test_what_a_team_s_accounts_get_changes_nothing_for_its_members(join, happen, firm: Person) -> None:
    """Alice owns Acme, which is loved; Bob gets just what she gets, and owns nothing."""
    alice, bob = join("Alice", twitter="a"), join("Bob", twitter="b")
    Membership.objects.create(user=alice.users.get(), person=firm)
    happen([*replies("a", names("fan", 12)), *replies("b", names("fan", 12)), *replies("acme", names("customer", 80))])
    daily.run(as_of=TODAY, at=AT)
    assert Score.objects.get(person=firm).score > Score.objects.get(person=alice).score + 5
    assert known(alice) == known(bob)


def test_what_members_get_changes_nothing_for_the_team(join, happen, firm: Person) -> None:
    twin = Person.objects.create(handle="bcme", kind="organisation")
    LinkedAccount.objects.create(
        account=Account.objects.create(network="twitter", external_id="bcme", handle="bcme"), person=twin
    )
    star = join("Star", twitter="s")
    Membership.objects.create(user=star.users.get(), person=firm)
    Membership.objects.create(user=join("Nobody", twitter="n").users.get(), person=twin)
    happen([*replies("acme", names("fan", 9)), *replies("bcme", names("fan", 9)), *replies("s", names("admirer", 90))])
    daily.run(as_of=TODAY, at=AT)
    assert known(firm) == known(twin)


def test_who_joins_a_team_is_scored_as_before(join, happen, firm: Person) -> None:
    alice, bob = join("Alice", twitter="a"), join("Bob", twitter="b")
    happen([*replies("a", names("fan", 12)), *replies("b", names("fan", 12)), *replies("acme", names("customer", 30))])
    daily.run(as_of=TODAY, at=AT)
    assert known(alice) == known(bob)
    Membership.objects.create(user=alice.users.get(), person=firm, role=Membership.Role.EDITOR)
    daily.run(as_of=TODAY + timedelta(days=1), at=AT + timedelta(days=1))
    assert known(alice) == known(bob)


def test_perks_go_to_members_themselves_and_never_to_their_team(join, firm: Person) -> None:
    alice = join("Alice", twitter="a")
    user = alice.users.get()
    Membership.objects.create(user=user, person=firm)
    assert speakable(user) == [alice], "the same user claims once, as a person"
