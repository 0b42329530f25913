"""Where a network bills by the item, a person's day costs no more than the operator allows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.models import Cursor, LinkedAccount, Person, Spending
from accounts.networks import NETWORKS
from accounts.networks.base import Interaction as Reaction
from accounts.networks.base import Network, Page, Spec, Subject
from accounts.networks.http import Http
from klout import environment
from scoring.collect import budgets, pulling, schedule
from scoring.models import Interaction
from tests.scoring.collect.conftest import AT

pytestmark = pytest.mark.django_db
PRICE = 0.01


class Toll(Network):
    """In the place of Reddit: a hundred replies, each for a cent, as many on a page as can be paid and five at most."""

    spec = Spec(
        slug="reddit",
        code=13,
        label="Tollroad",
        verbs=("reply",),
        streams=("profile", "replies", "more"),
        proof="challenge",
        base_url="https://toll.example",
        cost={"reply": PRICE},
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        number = cursor.get("read", 0)
        while number < 100 and (most := subject.budget.afford("reply", 5)):
            records = [
                Reaction("reply", f"person{i}", AT - timedelta(days=1, minutes=i), key=f"{stream}{i}")
                for i in range(number, number + most)
            ]
            number += most
            yield Page(list(records), {"read": number}, items={"reply": most})


@pytest.fixture
def toll(monkeypatch, settings) -> type[Toll]:
    settings.COLLECT_DAILY_USD = 0.12
    settings.NETWORK_DAILY_USD = {}
    monkeypatch.setitem(NETWORKS, "reddit", Toll())
    return Toll


@pytest.fixture
def account(toll, linked) -> LinkedAccount:
    link = linked("Bob", "reddit", "bob", token=None)
    Cursor.objects.bulk_create(Cursor(link=link, stream=stream, due_at=AT) for stream in Toll.spec.streams)
    return link


def read(link: LinkedAccount, stream: str, at: datetime = AT) -> str:
    return pulling.attempt(cursor_id=link.cursors.get(stream=stream).pk, at=at).state


def spent(person: Person) -> Decimal:
    return sum(Spending.objects.filter(person=person).values_list("cost", flat=True), Decimal(0))


def test_reading_ends_when_the_days_money_is_spent_and_goes_on_the_next_day(account):
    assert read(account, "replies") == "waiting"
    assert Interaction.objects.count() == 12
    row = Spending.objects.get()
    assert (row.network, row.day, row.cost, row.items) == ("reddit", AT.date(), Decimal("0.12"), {"reply": 12})
    cursor = account.cursors.get(stream="replies")
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    assert midnight <= cursor.due_at <= midnight + budgets.MORNING
    assert "Today's budget for Tollroad is used up" in cursor.error
    assert (cursor.failures, cursor.parked_at) == (0, None)
    # The other streams of the day are not even begun.
    assert read(account, "more") == "waiting"
    assert Interaction.objects.count() == 12
    assert read(account, "replies", at=cursor.due_at) == "waiting"
    assert Interaction.objects.count() == 24
    assert spent(account.person) == Decimal("0.24")


def test_a_person_has_one_purse_however_many_accounts(account, linked):
    second = linked("Bob", "reddit", "bob2", token=None)
    Cursor.objects.create(link=second, stream="replies", due_at=AT)
    other = linked("Charlie", "reddit", "charlie", token=None)
    Cursor.objects.create(link=other, stream="replies", due_at=AT)
    read(account, "replies")
    read(second, "replies")
    assert spent(account.person) == Decimal("0.12")
    read(other, "replies")
    assert spent(other.person) == Decimal("0.12")


def test_a_network_with_a_cap_of_its_own_has_a_purse_of_its_own(account, settings):
    Spending.objects.create(person=account.person, network="twitter", day=AT.date(), cost="0.10")
    read(account, "replies")
    assert Spending.objects.get(network="reddit").cost == Decimal("0.02")
    settings.NETWORK_DAILY_USD = {"reddit": 0.05}
    account.cursors.update(due_at=AT)
    read(account, "replies")
    assert Spending.objects.get(network="reddit").cost == Decimal("0.05")
    # What went from there leaves the common purse as it was.
    assert budgets.spent(person=account.person, spec=NETWORKS["twitter"].spec, at=AT) == pytest.approx(0.10)


def test_who_may_spend_nothing_is_not_read_where_it_costs(account, settings):
    settings.COLLECT_DAILY_USD = 0.0
    assert read(account, "replies") == "waiting"
    assert not Interaction.objects.exists()
    assert account.cursors.get(stream="replies").pulled_at is None


def test_what_a_page_cost_is_stored_with_its_rows_or_not_at_all(account, monkeypatch):
    merge, pages = pulling.merge, []

    def failing(staging: object, summary: object) -> None:
        merge(staging, summary)
        pages.append(summary)
        if len(pages) == 2:
            raise RuntimeError("the power went out")

    monkeypatch.setattr(pulling, "merge", failing)
    assert read(account, "replies") == "failed"
    assert Interaction.objects.count() == 5
    assert Spending.objects.get().items == {"reply": 5}
    spend = budgets.spend

    def dying(**given: Any) -> None:
        spend(**given)
        raise RuntimeError("the power went out again")

    monkeypatch.setattr(budgets, "spend", dying)
    account.cursors.update(due_at=AT)
    assert read(account, "replies") == "failed"
    assert Spending.objects.get().items == {"reply": 5}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("held", [True, False], ids=["held", "without its lock"])
def test_two_workers_do_not_both_spend_the_last_cent(account, race, monkeypatch, held):
    """Without the lock both believe that all of it is left: the race does happen."""
    if not held:
        monkeypatch.setattr(budgets, "LOCK_SQL", "SELECT %s::int, %s::int")
    begin = budgets.spent

    def slowly(**given: Any) -> float:
        found = begin(**given)
        # Time for the other to look as well.
        wait_a_moment()
        return found

    monkeypatch.setattr(budgets, "spent", slowly)
    streams = ("replies", "more")
    race(lambda index: read(account, streams[index]), 2)
    assert spent(account.person) == (Decimal("0.12") if held else Decimal("0.24"))


def wait_a_moment() -> None:
    time.sleep(0.3)


@pytest.mark.django_db(transaction=True)
def test_who_finds_the_purse_taken_for_long_comes_back_in_a_moment(account, race, monkeypatch):
    monkeypatch.setattr(budgets, "PATIENCE", "100ms")

    def attempt(index: int) -> str:
        if index == 0:
            with budgets.purse(person=account.person, spec=Toll.spec, at=AT):
                wait_a_moment()
                wait_a_moment()
            return "held"
        wait_a_moment()
        return read(account, "replies")

    assert race(attempt, 2) == ["held", "left"]
    cursor = account.cursors.get(stream="replies")
    assert cursor.due_at == AT + pulling.A_MOMENT
    assert cursor.failures == 0
    assert read(account, "replies", at=AT + pulling.A_MOMENT) == "waiting"


def test_a_network_that_costs_nothing_has_no_budget(link):
    with budgets.purse(person=link.person, spec=NETWORKS["mastodon"].spec, at=AT) as budget:
        assert budget.left is None
        assert not budgets.used_up(budget)
    assert {pk for pk, _ in schedule.claim(at=AT)}
    assert not Spending.objects.exists()


@pytest.mark.parametrize("value", ["a lot", "-1", "nan", "1e9"])
def test_a_cap_that_is_no_amount_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("COLLECT_DAILY_USD", value)
    with pytest.raises(ImproperlyConfigured, match="COLLECT_DAILY_USD"):
        environment.decimal("COLLECT_DAILY_USD", 0.1, least=0, most=1000)
    monkeypatch.setenv("COLLECT_DAILY_USD", "0.25")
    assert environment.decimal("COLLECT_DAILY_USD", 0.1, least=0, most=1000) == 0.25
