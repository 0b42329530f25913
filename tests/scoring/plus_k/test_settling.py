"""What can no longer be taken back is in the log, once, and who got it is told, once a day."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import privacy
from accounts.models import Notification, Person
from accounts.networks.base import VERBS
from scoring import tasks
from scoring.models import Endorsement, Interaction
from scoring.plus_k import giving, news, settling
from scoring.plus_k.errors import TooLate
from tests.scoring.plus_k.giving import AT, DAY, MINUTE, a_topic, about, crowd, plus_k
from tests.scoring.processes import run_python

pytestmark = pytest.mark.django_db

LATER = AT + 10 * MINUTE
KILLED = """
from datetime import datetime, UTC
from scoring.plus_k import settling
from scoring import deeds
record = deeds.record


def record_and_die(*given):
    record(*given)
    die()


deeds.record = record_and_die
settling.settle(at=datetime.fromisoformat(sys.argv[1]))
"""


def logged() -> int:
    return Interaction.objects.filter(verb=VERBS["plus-k"]).count()


def test_after_ten_minutes_it_is_in_the_log_once(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    plus_k(alice, bob, *about(bob))
    assert settling.settle(at=LATER - MINUTE) == 0
    assert settling.settle(at=LATER) == 1
    assert settling.settle(at=LATER + MINUTE) == 0
    assert logged() == 1
    [row] = Interaction.objects.all()
    owner = {link.account_id: link.person for person in (alice, bob) for link in person.links.all()}
    assert (owner[row.actor], owner[row.target], row.occurred_at) == (alice, bob, AT)
    assert Endorsement.objects.get().settled_at == LATER


def test_what_was_taken_back_never_is(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    given = plus_k(alice, bob, *about(bob))
    giving.undo(endorsement=given, at=AT + MINUTE)
    assert settling.settle(at=LATER) == 0
    assert logged() == 0
    assert settling.forget_undone(at=AT + 29 * DAY) == 0
    assert settling.forget_undone(at=AT + 31 * DAY) == 1


def test_what_is_settled_can_not_be_taken_back(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    given = plus_k(alice, bob, *about(bob))
    settling.settle(at=LATER)
    with pytest.raises(TooLate):
        # Somebody whose clock is behind.
        giving.undo(endorsement=given, at=AT + MINUTE)
    assert Endorsement.objects.get().undone_at is None


def test_a_worker_whose_clock_is_ahead_cuts_nobodys_ten_minutes_short(join, monkeypatch) -> None:
    alice, bob, charlie = join("Alice"), join("Bob"), join("Charlie")
    (topic,) = about(bob)
    now = timezone.now()
    recent, earlier = (plus_k(giver, bob, topic, now) for giver in (alice, charlie))
    Endorsement.objects.filter(pk=earlier.pk).update(given_at=now - 11 * MINUTE)
    monkeypatch.setattr(timezone, "now", lambda: now + 60 * MINUTE)
    tasks.settle_plus_k()
    assert list(Endorsement.objects.filter(settled_at=None)) == [recent]
    # One that is late settles less, and nothing before its time.
    monkeypatch.setattr(timezone, "now", lambda: now - 60 * MINUTE)
    Endorsement.objects.filter(pk=recent.pk).update(given_at=now - 11 * MINUTE)
    tasks.settle_plus_k()
    assert list(Endorsement.objects.filter(settled_at=None)) == [recent]


def test_many_are_settled_in_batches(monkeypatch) -> None:
    monkeypatch.setattr(settling, "BATCH", 2)
    alice, *others = crowd(6)
    for other in others:
        plus_k(alice, other, a_topic())
    assert settling.settle(at=LATER) == 5
    assert logged() == 5


@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_killed_while_it_settles_leaves_nothing_half_done(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    plus_k(alice, bob, *about(bob))
    killed = run_python(KILLED, LATER.isoformat())
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert logged() == 0
    assert Endorsement.objects.get().settled_at is None
    assert settling.settle(at=LATER) == 1
    assert logged() == 1


# ---------------------------------------------------------------- news


def told(person: Person) -> list[str]:
    return list(Notification.objects.filter(person=person).order_by("pk").values_list("subject", flat=True))


def settle_and_tell(at) -> None:
    settling.settle(at=at)
    news.tell(at=at)


def test_who_was_given_one_is_told_by_whom_and_in_what(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    plus_k(bob, alice, *about(alice))
    news.tell(at=LATER)
    assert told(alice) == []
    settle_and_tell(LATER)
    settle_and_tell(LATER + MINUTE)
    assert told(alice) == ["Bob gave you +K in Beekeeping"]
    assert Notification.objects.get().url == "/alice/plus-k"


def test_nobody_is_told_twice_within_a_day_and_several_are_one_message() -> None:
    alice, *others = crowd(7)
    plus_k(others[0], alice, a_topic())
    settle_and_tell(LATER)
    for other in others[1:]:
        plus_k(other, alice, a_topic(), AT + timedelta(hours=1))
    settle_and_tell(AT + timedelta(hours=5))
    assert told(alice) == ["Person 1 gave you +K in Beekeeping"]
    settle_and_tell(LATER + DAY)
    assert told(alice)[1:] == ["You were given +K 5 times"]
    text = Notification.objects.latest("pk").text
    assert "Person 2: Beekeeping" in text
    assert "Person 1" not in text


def test_nobody_is_told_of_what_was_taken_back(join) -> None:
    alice, bob = join("Alice"), join("Bob")
    giving.undo(endorsement=plus_k(bob, alice, *about(alice)), at=AT + MINUTE)
    settle_and_tell(LATER)
    assert told(alice) == []


def test_who_hides_is_somebody(join) -> None:
    alice, bob = join("Alice"), join("Bob", visibility="hidden")
    plus_k(bob, alice, *about(alice))
    settle_and_tell(LATER)
    assert told(alice) == ["Somebody gave you +K in Beekeeping"]
    assert "Bob" not in Notification.objects.get().text


# ---------------------------------------------------------------- what is kept


def test_everybody_gets_what_they_gave_and_got_and_hidden_givers_stay_so(join) -> None:
    alice, bob, carol = join("Alice"), join("Bob", visibility="hidden"), join("Carol")
    about(alice)
    about(carol)
    plus_k(bob, alice, a_topic())
    plus_k(carol, alice, a_topic())
    plus_k(alice, carol, a_topic())
    kept = privacy.export_person(alice)["plus_k"]
    assert [one["from"] for one in kept["received"]] == [None, "Carol"]
    assert [(one["to"], one["topic"]) for one in kept["given"]] == [("Carol", "beekeeping")]
    assert kept["last_day_of_giving"] == {"day": "2026-11-01", "allowance": 5, "given": 1}
    # Who hides by now, maybe under another handle, is not told of to those who once gave them something either.
    Person.objects.filter(pk=carol.pk).update(visibility="hidden", handle="renamed")
    assert "renamed" not in str(privacy.export_person(alice)["plus_k"])


@pytest.mark.parametrize("who", ["Alice", "Bob"])
def test_with_a_person_goes_what_they_gave_and_got(join, who: str) -> None:
    alice, bob, carol = join("Alice"), join("Bob"), join("Carol")
    about(alice)
    about(carol)
    plus_k(bob, alice, a_topic())
    plus_k(bob, carol, a_topic())
    settle_and_tell(LATER)
    gone = alice if who == "Alice" else bob
    assert privacy.count_person(gone)["+K given and received"] == (1 if who == "Alice" else 2)
    privacy.erase_person(person=gone, at=LATER)
    assert Endorsement.objects.count() == (1 if who == "Alice" else 0)
    # Nobody's news name who is gone.
    assert told(carol) == (["Bob gave you +K in Beekeeping"] if who == "Alice" else [])
