"""A lottery while many enter and several workers draw at the same moment, on PostgreSQL as it runs."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from perks import lottery
from perks.errors import NotOpen
from perks.models import Claim, Draw, Entry, Window
from tests.perks.campaigns import make_member
from tests.perks.racing import somebody_waits
from tests.perks.test_lottery import draw, enter, make_lottery, people, serve
from tests.perks.test_waiting import assert_counts_agree

pytestmark = pytest.mark.django_db(transaction=True)


def test_several_workers_draw_once_and_offer_each_place_once(race) -> None:
    window = make_lottery(stock=6)
    for person in people(15):
        enter(window, person)
    at = window.closes_at

    def attempt(_index: int) -> tuple[str, str]:
        found = lottery.draw(window=window, at=at + timedelta(seconds=_index))
        lottery.serve(window=window, at=at + timedelta(minutes=1), clock=at + timedelta(minutes=1))
        return found.seed, str(found.drawn_at)

    answers = race(attempt, 8)
    assert len(set(answers)) == 1, answers
    assert sorted(Entry.objects.values_list("rank", flat=True)) == list(range(1, 16))
    offered = Entry.objects.filter(offer__isnull=False).order_by("rank").values_list("rank", flat=True)
    assert list(offered) == [1, 2, 3, 4, 5, 6]
    assert Claim.objects.filter(source="lottery").count() == 6
    assert_counts_agree(window.campaign)


@pytest.mark.parametrize("guarded", [True, False])
def test_no_more_win_than_are_to_win_though_two_offer_at_once(monkeypatch, guarded: bool) -> None:
    """The second one waits for the first. Without the lock (the negative control) it has counted before, and offers
    the place after that."""
    window = make_lottery(stock=3, winners=1)
    for person in people(3):
        enter(window, person)
    draw(window)
    places, pool, beside = lottery.waiting_places, ThreadPoolExecutor(1), []

    def once() -> int:
        try:
            return serve(window)
        finally:
            connections.close_all()

    def waiting_places(of: Window) -> object:
        # Here the winners are counted and nothing is offered yet: another worker comes.
        if not beside:
            beside.append(pool.submit(once))
            while not beside[0].done() and not somebody_waits():
                time.sleep(0.01)
        return places(of)

    if not guarded:
        unlocked = SimpleNamespace(select_for_update=lambda **_options: Draw.objects)
        monkeypatch.setattr(lottery, "Draw", SimpleNamespace(objects=unlocked))
    monkeypatch.setattr(lottery, "waiting_places", waiting_places)
    with pool:
        assert serve(window) + beside[0].result(timeout=30) == (1 if guarded else 2)
    assert Claim.objects.filter(source="lottery", state="held").count() == (1 if guarded else 2)


def test_the_same_person_has_one_ticket_however_often_at_once(race) -> None:
    window = make_lottery()
    alice = make_member("Alice")
    tickets = race(lambda _index: enter(window, alice).ticket, 20)
    assert len(set(tickets)) == 1
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("guarded", [True, False])
def test_an_entry_that_is_being_written_is_drawn_too(monkeypatch, guarded: bool) -> None:
    """The draw waits for it. Without the shared lock (the negative control) it would be left without a place."""
    if not guarded:
        monkeypatch.setattr(lottery, "_share", lambda _window: None)
    window = make_lottery()
    enter(window, make_member("Alice"))
    bob = make_member("Bob")
    drawn = threading.Event()

    def worker() -> None:
        try:
            draw(window)
        finally:
            drawn.set()
            connection.close()

    with transaction.atomic():
        enter(window, bob)
        thread = threading.Thread(target=worker)
        thread.start()
        assert drawn.wait(1.0) is not guarded
    thread.join(timeout=10)
    assert Draw.objects.get().drawn_at is not None
    assert Entry.objects.filter(rank=None).exists() is not guarded


def test_the_close_is_the_databases_and_nobody_slips_in(race) -> None:
    """Entries and the draw race at the very moment of the close: whoever has a ticket has a place."""
    window = make_lottery()
    members = people(24)
    now = timezone.now()
    Window.objects.update(opens_at=now - timedelta(days=2), closes_at=now + timedelta(seconds=0.6))

    def attempt(index: int) -> str:
        if index < 4:
            while timezone.now() < now + timedelta(seconds=0.5):
                pass
            for _try in range(200):
                try:
                    lottery.draw(window=window)
                    return "drawn"
                except lottery.NotNow:
                    continue
            return "never"
        for _try in range(200):
            try:
                enter(window, members[index - 4])
                return "entered"
            except NotOpen:
                if timezone.now() > now + timedelta(seconds=1):
                    return "late"
        return "late"

    answers = race(attempt, 28)
    assert set(answers) <= {"drawn", "entered", "late"}, answers
    while Draw.objects.get().drawn_at is None:
        try:
            lottery.draw(window=window)
        except lottery.NotNow:
            continue
    assert Entry.objects.count() == answers.count("entered")
    assert not Entry.objects.filter(rank=None).exists()
    with pytest.raises(NotOpen):
        enter(window, make_member("Zoe"))
