"""Levels that were come by unfairly: taken away with a reason that is told, given back, and safe from a run beside."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Notification, Person, User
from scoring.achievements import award, revoking
from scoring.achievements.catalogue import BY_SLUG
from scoring.models import Award, ModerationEntry
from tests.perks.racing import while_open
from tests.scoring.achievements.logs import highest
from tests.scoring.conftest import AT, TODAY

Join = Callable[..., Person]
STARS = BY_SLUG["stars"]


def reach(person: Person, stars: float) -> int:
    return award.award(
        persons=np.array([person.pk]), values={"stars": np.array([stars])}, families=[STARS], as_of=TODAY
    )


@pytest.fixture
def alice(join: Join) -> Person:
    person = join("Alice")
    assert reach(person, 60) == 3
    return person


@pytest.fixture
def staff(db) -> User:
    return User.objects.create_superuser("staff@example.com", "a long pass phrase")


def test_it_is_taken_back_with_what_is_above_it_and_the_person_is_told_why(
    client: Client, alice: Person, staff: User
) -> None:
    Award.objects.filter(level=3).update(pinned=1)
    client.force_login(staff)
    path = reverse("admin:scoring_award_change", args=[Award.objects.get(level=2).pk])
    refused = client.post(path, {"step": "revoke", "reason": " "}).content.decode()
    assert "Please say why" in refused
    assert highest(alice) == {"stars": 3}
    answer = client.post(path, {"step": "revoke", "reason": "Stars were bought."}, follow=True).content.decode()
    assert "Levels taken back: 2" in answer
    assert highest(alice) == {"stars": 1}
    assert not Award.objects.exclude(pinned=None).exists()
    [news] = Notification.objects.all()
    assert news.user.email == "alice@example.com"
    assert "Starred (level 2)" in news.subject
    assert "Stars were bought." in news.text
    [line] = ModerationEntry.objects.all()
    assert (line.action, line.user, line.person, line.about) == ("revoke award", staff, alice, "stars, level 2")
    again = client.post(path, {"step": "revoke", "reason": "Twice."}, follow=True).content.decode()
    assert "revoked already" in again
    # However much is counted later.
    assert reach(alice, 50_000) == 0


def test_it_is_given_back_with_what_is_below_it(alice: Person, staff: User) -> None:
    first, third = Award.objects.get(level=1), Award.objects.get(level=3)
    assert revoking.revoke(award=first, user=staff, reason="A mistake?", at=AT) == 3
    with pytest.raises(revoking.NoReason):
        revoking.give_back(award=third, user=staff, reason="", at=AT)
    assert revoking.give_back(award=Award.objects.get(level=2), user=staff, reason="A mistake.", at=AT) == 2
    assert highest(alice) == {"stars": 2}
    with pytest.raises(revoking.NotRevoked):
        revoking.give_back(award=first, user=staff, reason="Again.", at=AT)
    assert Notification.objects.order_by("-pk")[0].subject.startswith("An achievement is yours again")
    assert list(ModerationEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "revoke award",
        "give award back",
    ]


def test_what_nobody_can_come_by_unfairly_is_not_taken_back(alice: Person, staff: User) -> None:
    row = Award.objects.create(person=alice, family="years", level=1, earned_on=TODAY)
    with pytest.raises(revoking.NotRevocable):
        revoking.revoke(award=row, user=staff, reason="Too old.", at=AT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_a_run_beside_awards_nothing_above_what_is_being_taken_back(
    join: Join, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    alice = join("Alice")
    reach(alice, 60)
    staff = User.objects.create_superuser("staff@example.com", "a long pass phrase")
    if not guarded:
        # The negative control: without waiting, the run's statement sees what was there when it began.
        monkeypatch.setattr(revoking, "_wait_for_runs", lambda: nullcontext())
    second = Award.objects.get(level=2)
    _, new, _waited = while_open(
        lambda: revoking.revoke(award=second, user=staff, reason="Bought.", at=AT), lambda: reach(alice, 5_000)
    )
    assert new == (0 if guarded else 2)
    assert highest(alice)["stars"] == (1 if guarded else 5)
