"""Reactions that count less: told to whom they concern with their points, in full again once an operator says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.models import Account, Person, User
from accounts.networks import NETWORKS
from accounts.networks.base import ORIGINS, Interaction
from scoring import daily, suspicions
from scoring.collect.merging import merge
from scoring.collect.staging import Staging
from scoring.collect.summary import Summary
from scoring.models import CounterReading, Score, Suspicion, Trust
from tests.scoring.conftest import AT, TODAY, Row, names

FIRST = date(2026, 4, 1)


def on(day: date) -> str:
    return f"{day}T10:00:00Z"


def honest() -> list[Row]:
    """A town in which people answer each other, and of whom some react to Alice over half a year."""
    people = names("person", 60)
    rows = [
        (people[(nth + step) % 60], actor, "reply", on(FIRST + timedelta(days=nth % 30)))
        for nth, actor in enumerate(people)
        for step in (1, 2, 3)
    ]
    return rows + [
        ("alice", actor, "reply", on(FIRST + timedelta(days=5 * nth))) for nth, actor in enumerate(people[:40])
    ]


def bought(number: int = 300) -> list[Row]:
    return [("alice", actor, "reply", on(TODAY - timedelta(days=4))) for actor in names("robot", number)]


def scored(person: Person) -> float:
    return Score.objects.get(person=person).score


@pytest.fixture
def alice(join: Callable[..., Person]) -> Person:
    return join("Alice", twitter="alice")


@pytest.fixture
def attacked(alice: Person, happen: Callable[..., None]) -> Person:
    happen(honest() + bought())
    daily.run(as_of=TODAY, at=AT)
    return alice


def trust(person: Person) -> None:
    account = person.links.get().account_id
    Trust.objects.create(account=account, note="A radio show", given_at=AT)


def test_what_counts_less_is_kept_with_its_points(attacked: Person):
    row = Suspicion.objects.get(person=attacked)
    assert (row.reason, row.people) == ("burst", 300)
    assert 1 < row.counted_as < 15
    assert row.points > 5
    text = suspicions.in_words(row)
    assert "300 new accounts" in text
    assert f"takes off {row.points:.1f} points" in text


def test_a_person_whom_nobody_doubts_is_told_nothing(alice: Person, happen: Callable[..., None]):
    happen(honest())
    daily.run(as_of=TODAY, at=AT)
    assert not Suspicion.objects.exists()
    assert list(suspicions.told(alice)) == []


def test_an_operators_word_brings_back_exactly_what_was_taken_off(attacked: Person):
    daily.provisional(persons=[attacked.pk], at=AT)
    row, before = Suspicion.objects.get(), scored(attacked)
    # What the last run found counts between two runs too.
    assert (row.reason, row.people) == ("burst", 300)
    trust(attacked)
    daily.provisional(persons=[attacked.pk], at=AT)
    assert scored(attacked) == pytest.approx(before + row.points, abs=1e-9)
    assert not Suspicion.objects.exists()
    assert [told.trusted for told in suspicions.told(attacked)] == [True]


def test_few_people_are_told_in_tenths_and_by_network(attacked: Person):
    Suspicion.objects.update(people=1, counted_as=0.6, points=0.02)
    (told,) = suspicions.told(attacked)
    assert told.account.startswith("Twitter/X ")
    assert "of 1 new account " in told.text
    assert "as those of 0.6." in told.text


def test_a_daily_run_heeds_an_operators_word_and_its_taking_back(attacked: Person):
    before = scored(attacked)
    trust(attacked)
    daily.run(as_of=TODAY, at=AT)
    trusted = scored(attacked)
    Trust.objects.all().delete()
    daily.run(as_of=TODAY, at=AT)
    assert trusted > before + 5
    assert scored(attacked) == before
    assert Suspicion.objects.count() == 1


def test_only_the_owner_reads_what_counts_less_and_the_command_says_it(
    attacked: Person, client, capsys: pytest.CaptureFixture[str]
):
    page = reverse("why", args=["alice"])
    assert "What counts less" not in client.get(page).content.decode()
    client.force_login(User.objects.get())
    text = client.get(page).content.decode()
    assert "What counts less" in text
    assert "300 new accounts" in text
    call_command("explain", "alice")
    assert "300 new accounts" in capsys.readouterr().out


def count(person: Person, value: int, *, origin: str = "api") -> None:
    account = person.links.get().account_id
    CounterReading.objects.create(
        account=account,
        name="followers",
        day=FIRST,
        value=value,
        observed_at=AT - timedelta(days=1),
        network=1,
        origin=ORIGINS[origin],
    )


def test_followers_whom_nobody_bears_out_are_told_with_their_points(
    alice: Person, happen: Callable[..., None], client, capsys: pytest.CaptureFixture[str]
):
    happen([("alice", actor, "reply", on(TODAY - timedelta(days=40))) for actor in names("person", 4)])
    count(alice, 10_000)
    daily.run(as_of=TODAY, at=AT)
    row = Suspicion.objects.get()
    assert (row.reason, row.people) == ("followers", 10_000)
    assert row.counted_as < 500
    assert row.points > 1
    told = f"10,000 followers count as {row.counted_as:,.0f}: so few react that more is not borne out."
    client.force_login(User.objects.get())
    assert told in client.get(reverse("why", args=["alice"])).content.decode()
    call_command("explain", "alice")
    assert told in capsys.readouterr().out
    # Between two runs too, and by no word of the staff's.
    trust(alice)
    daily.provisional(persons=[alice.pk], at=AT)
    assert Suspicion.objects.get().points == pytest.approx(row.points, abs=0.05)


def test_what_uploads_say_beyond_their_bound_is_told_with_its_points(alice: Person, happen: Callable[..., None]):
    happen([("alice", "person1", "reply", on(TODAY - timedelta(days=40)))])
    with Staging(spec=NETWORKS["twitter"].spec, origin="archive", at=AT) as staging:
        for number in range(2000):
            assert not staging.record("alice", Interaction("share", f"invented{number}", AT - timedelta(days=3)))
        merge(staging, Summary("twitter"))
    daily.run(as_of=TODAY, at=AT)
    row = Suspicion.objects.get()
    assert (row.reason, row.people) == ("supplied", 2000)
    assert row.points > 10
    assert scored(alice) < 21
    assert Score.objects.get().confidence != "solid"
    text = suspicions.in_words(row)
    assert "is vouched for by nobody else: it counts up to 20 points" in text
    assert f"takes off {row.points:.1f} points" in text


def test_the_staff_is_offered_to_trust_only_where_that_changes_something(alice: Person, staff):
    account = alice.links.get().account_id
    Suspicion.objects.create(person=alice, account=account, reason="followers", people=9, counted_as=2, points=3)
    listed = staff.get(reverse("admin:scoring_suspicion_changelist")).content.decode()
    assert "Trust this account" not in listed


@pytest.fixture
def staff(client, db):
    client.force_login(User.objects.create_superuser("staff@example.com", "a long pass phrase"))
    return client


def test_the_staff_trusts_an_account_with_a_note_that_stays_in_the_log(alice: Person, staff):
    account = alice.links.get().account_id
    Suspicion.objects.create(person=alice, account=account, reason="circle", people=19, counted_as=0.2, points=3)
    listed = staff.get(reverse("admin:scoring_suspicion_changelist")).content.decode()
    assert f"account={account}" in listed
    answer = staff.post(reverse("admin:scoring_trust_add"), {"account": account, "note": "A radio show"})
    assert answer.status_code == 302
    given = Trust.objects.get()
    assert (given.account, given.note, given.given_by) == (account, "A radio show", User.objects.get(is_staff=True))
    history = staff.get(reverse("admin:scoring_trust_history", args=[account])).content.decode()
    assert "staff@example.com" in history
    staff.post(reverse("admin:scoring_trust_delete", args=[account]), {"post": "yes"})
    assert not Trust.objects.exists()


def test_the_staff_cannot_trust_an_account_that_does_not_exist(staff):
    answer = staff.post(reverse("admin:scoring_trust_add"), {"account": 987654321, "note": "?"})
    assert "There is no account of this number." in answer.content.decode()
    assert not Trust.objects.exists()


def test_the_date_of_making_is_read_from_the_number_of_an_account_on_x(db):
    made = datetime(2026, 10, 29, 12, tzinfo=UTC)
    number = (int(made.timestamp() * 1000) - 1_288_834_974_657) << 22
    new = Account.objects.create(network="twitter", external_id=str(number))
    for network, external_id in [
        ("twitter", "12345"),
        ("twitter", "jack"),
        ("twitter", "9" * 19),
        ("twitter", "9" * 40),
        ("github", str(number)),
    ]:
        Account.objects.create(network=network, external_id=external_id)
    found = suspicions.born()
    assert found["account"].tolist() == [new.pk]
    assert found["day"].tolist() == [(made.date() - date(1970, 1, 1)).days]
