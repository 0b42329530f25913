"""Problems with a perk: told, answered, and not forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Notification, Person, User
from perks import claims, problems
from perks.errors import NotNow, PerkError, TooMany
from perks.models import AuditEntry, Claim, Problem
from tests.perks.campaigns import make_brand, make_campaign, make_team, second_factor
from tests.perks.counters import logged_in, make_claim

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def told(
    claim: Claim, text: str = "The machine was off.", kind: str = "counter", ago: timedelta = timedelta()
) -> Problem:
    return problems.report(claim=claim, kind=kind, text=text, at=timezone.now() - ago)


def works_for(client, role: str, brand: str = "Acme"):
    client.force_login(second_factor(make_team(make_brand(brand), somebody=role)["somebody"]))
    return client


def test_one_tells_the_brand_and_reads_the_answer(alice: Person, client, django_capture_on_commit_callbacks) -> None:
    claim = make_claim(alice)
    address = f"/claims/{claim.reference}/problem"
    own = logged_in(alice)
    assert own.post(address, {"kind": "counter", "text": "The machine was off."}).status_code == 302
    problem = Problem.objects.get()
    assert "not answered yet" in own.get(address).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        works_for(client, "fulfilment").post(f"/brands/perks/problem/{problem.pk}/change/", {"answer": "Come again."})
    problem.refresh_from_db()
    assert (problem.state, problem.answer) == ("answered", "Come again.")
    assert "Come again." in own.get(address).content.decode()
    note = Notification.objects.get(kind="problem_answered")
    assert "Come again." in note.text
    assert note.url == address
    assert "Come again." in mail.outbox[0].body
    assert [event.kind for event in claim.events.all() if event.kind in ("problem", "answered")] == [
        "problem",
        "answered",
    ]
    own.post(address, {"settled": problem.pk})
    problem.refresh_from_db()
    assert problem.state == "closed"


def test_the_brand_sees_what_is_needed_and_no_name(alice: Person, client) -> None:
    problem = told(make_claim(alice))
    brand = works_for(client, "owner")
    for page in ("", f"{problem.pk}/change/"):
        content = brand.get(f"/brands/perks/problem/{page}").content.decode()
        assert str(problem.claim.reference) in content
        assert "Alice" not in content
        assert "alice@" not in content
    assert "The machine was off." in content
    brand.post(f"/brands/perks/problem/{problem.pk}/change/", {"answer": "Come again."})
    entry = AuditEntry.objects.get(action="answer problem")
    assert "Alice" not in f"{entry.about}{entry.changes}"


@pytest.mark.parametrize(("role", "brand"), [("viewer", "Acme"), ("owner", "Bolt")])
def test_others_neither_read_nor_answer(alice: Person, client, role: str, brand: str) -> None:
    problem = told(make_claim(alice))
    other = works_for(client, role, brand)
    address = f"/brands/perks/problem/{problem.pk}/change/"
    assert other.get(address).status_code in (302, 403, 404)
    other.post(address, {"answer": "Ha."})
    problem.refresh_from_db()
    assert problem.answer == ""
    assert str(problem.claim.reference) not in other.get("/brands/perks/problem/").content.decode()


def test_what_nobody_answers_for_three_days_is_the_staffs(alice: Person, bob: Person, client) -> None:
    campaign = make_campaign(kind="voucher")
    old = told(make_claim(alice, campaign), ago=3 * DAY)
    new = told(make_claim(bob, campaign), ago=2 * DAY)
    assert list(problems.unanswered(timezone.now())) == [old]
    client.force_login(second_factor(User.objects.create(email="staff@example.org", is_staff=True, is_superuser=True)))
    late = client.get("/admin/perks/problem/?waiting=long").content.decode()
    assert str(old.claim.reference) in late
    assert str(new.claim.reference) not in late
    every = client.get("/admin/perks/problem/").content.decode()
    assert str(new.claim.reference) in every
    client.post(f"/admin/perks/problem/{old.pk}/change/", {"answer": "We step in."})
    assert not problems.unanswered(timezone.now()).exists()
    assert AuditEntry.objects.get(action="answer problem").by_staff


def test_of_what_was_cancelled_too_a_problem_can_be_told_and_not_of_what_was_never_had(alice: Person) -> None:
    claim = make_claim(alice)
    claims.cancel(claim=claim, user=None, reason="Out of beans")
    assert told(claim).state == "open"
    Claim.objects.update(state="released")
    with pytest.raises(NotNow):
        told(claim, "Another.")
    assert logged_in(alice).get(f"/claims/{claim.reference}/problem").status_code == 404


def test_a_form_that_is_sent_twice_is_one_and_three_are_enough(alice: Person) -> None:
    claim = make_claim(alice)
    assert told(claim) == told(claim)
    told(claim, "Two.")
    told(claim, "Three.")
    with pytest.raises(TooMany):
        told(claim, "Four.")
    assert Problem.objects.count() == 3


def test_something_else_needs_words_and_kinds_are_those_of_the_perk(alice: Person) -> None:
    claim, own = make_claim(alice), logged_in(alice)
    address = f"/claims/{claim.reference}/problem"
    with pytest.raises(PerkError):
        told(claim, " ", "other")
    assert own.post(address, {"kind": "other", "text": ""}).status_code == 422
    assert own.post(address, {"kind": "parcel", "text": "Where is it?"}).status_code == 422
    page = own.get(address).content.decode()
    assert "refused at the counter" in page
    assert "nothing has come" not in page.lower()
    assert not Problem.objects.exists()


def test_nobody_settles_what_is_anothers(alice: Person, bob: Person) -> None:
    campaign = make_campaign(kind="voucher")
    problem, other = told(make_claim(alice, campaign)), make_claim(bob, campaign)
    for number in (problem.pk, "x", "9" * 30):
        logged_in(bob).post(f"/claims/{other.reference}/problem", {"settled": number})
    problem.refresh_from_db()
    assert problem.state == "open"
