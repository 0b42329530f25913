"""What people say of a perk: of their own accord, about what they had, and without any effect on themselves."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

import perks
import scoring
from accounts.models import Notification, Person, User
from perks import claims, eligibility, reviews
from perks.errors import NotNow, PerkError
from perks.models import AuditEntry, Campaign, Review, ReviewReport
from scoring.models import Score
from tests.perks.campaigns import make_brand, make_campaign, make_member, make_team, second_factor
from tests.perks.counters import logged_in, make_claim, user_of

pytestmark = pytest.mark.django_db


def say(person: Person, campaign: Campaign, stars: int | None = 4, text: str = "Warm.") -> Review:
    return reviews.write(claim=make_claim(person, campaign), stars=stars, text=text, at=timezone.now())


def shown(campaign: Campaign, reader: object = None, path: str = "/perks/1") -> str:
    request = RequestFactory().get(path)
    request.user = reader or AnonymousUser()
    template = Template("{% load reviews %}{% reviews_of campaign %}")
    return template.render(Context({"campaign": campaign, "request": request}))


def coffee(**fields: object) -> Campaign:
    return make_campaign(kind="voucher", stock=50, **fields)


# ---------------------------------------------------------------- by its author
def test_one_says_changes_and_deletes_it(alice: Person) -> None:
    claim, client = make_claim(alice), logged_in(alice)
    address = f"/claims/{claim.reference}/review"
    page = client.get(address).content.decode()
    assert "Only if you like" in page
    client.post(address, {"stars": "2", "text": "Lukewarm."})
    client.post(address, {"stars": "", "text": "Lukewarm, but kind people."})
    review = Review.objects.get()
    assert (review.stars, review.text) == (None, "Lukewarm, but kind people.")
    assert review.changed_at is not None
    client.post(address, {"action": "delete"})
    assert not Review.objects.exists()


@pytest.mark.parametrize(("stars", "text"), [(1, ""), (5, ""), (None, "Bad.")])
def test_stars_or_words_are_enough_and_neither_must_be_kind(alice: Person, stars: int | None, text: str) -> None:
    review = reviews.write(claim=make_claim(alice), stars=stars, text=text, at=timezone.now())
    assert (review.stars, review.text) == (stars, text)


@pytest.mark.parametrize("sent", [{"stars": "", "text": " "}, {"stars": "6"}, {"stars": "0"}, {"text": "x" * 2001}])
def test_what_says_nothing_or_too_much_is_refused_with_the_reason(alice: Person, sent: dict[str, str]) -> None:
    response = logged_in(alice).post(f"/claims/{make_claim(alice).reference}/review", sent)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not Review.objects.exists()


def test_only_what_one_had_can_be_reviewed(alice: Person) -> None:
    claim = make_claim(alice)
    claims.cancel(claim=claim, user=None, reason="Out of beans")
    with pytest.raises(NotNow):
        reviews.write(claim=claim, stars=1, text="", at=timezone.now())
    assert logged_in(alice).get(f"/claims/{claim.reference}/review").status_code == 404
    with pytest.raises(PerkError):
        reviews.write(claim=make_claim(alice, make_campaign(kind="voucher")), stars=None, text="", at=timezone.now())


def test_the_timeline_says_once_that_one_wrote(alice: Person) -> None:
    claim = make_claim(alice)
    for text in ("First.", "Second."):
        reviews.write(claim=claim, stars=3, text=text, at=timezone.now())
    assert claim.events.filter(kind="reviewed").count() == 1


# ---------------------------------------------------------------- without any effect
@pytest.mark.parametrize("stars", [1, 5, None])
def test_a_review_changes_neither_the_score_nor_what_one_qualifies_for(alice: Person, stars: int | None) -> None:
    claim, other, at = (
        make_claim(alice),
        make_campaign(make_brand("Acme"), kind="code", minimum_score=45),
        timezone.now(),
    )
    before = (list(Score.objects.values()), eligibility.check(person=alice, campaign=other, at=at))
    if stars:
        reviews.write(claim=claim, stars=stars, text="Awful." if stars == 1 else "Wonderful.", at=at)
    alice = Person.objects.get(pk=alice.pk)
    assert (list(Score.objects.values()), eligibility.check(person=alice, campaign=other, at=at)) == before


def test_nothing_that_scores_or_decides_knows_of_reviews() -> None:
    decides = [
        Path(scoring.__file__).parent,
        *Path(perks.__file__).parent.glob("eligib*"),
        Path(perks.__file__).parent / "claims",
    ]
    files = [file for place in decides for file in ([place] if place.is_file() else place.rglob("*.py"))]
    assert len(files) > 50
    known = re.compile(r"\bReview\b|\breviews?\b")
    for file in files:
        code = "\n".join(line for line in file.read_text().splitlines() if "import" in line or ".objects" in line)
        assert not known.search(code), file


# ---------------------------------------------------------------- on the page
def test_a_review_stands_with_first_name_day_and_that_it_was_for_nothing(alice: Person) -> None:
    campaign = coffee()
    say(alice, campaign, 4, "Warm and <b>strong</b>.")
    page = shown(campaign)
    assert "<strong>Alice</strong>" in page
    assert "Archer" not in page
    assert "got this perk for nothing" in page
    assert "4 stars of 5" in page
    assert "&lt;b&gt;strong" in page


@pytest.mark.parametrize(
    ("visibility", "to_anybody", "to_members"),
    [("public", True, True), ("members", False, True), ("hidden", False, False)],
)
def test_who_hides_is_a_member_like_any(bob: Person, visibility: str, to_anybody: bool, to_members: bool) -> None:
    campaign = coffee()
    say(make_member("Zebulon", name="Zebulon Quux", visibility=visibility), campaign)
    for reader, named in ((None, to_anybody), (user_of(bob), to_members)):
        page = shown(campaign, reader)
        assert ("Zebulon" in page) == named
        assert ("A member" in page) != named
        assert "zebulon" not in page


def test_who_is_being_erased_or_gone_is_named_no_more(alice: Person) -> None:
    campaign = coffee()
    review = say(alice, campaign)
    review.claim.person = None
    review.claim.save(update_fields=["person"])
    page = shown(campaign)
    assert "Alice" not in page
    assert "A member" in page


def test_an_average_needs_five(alice: Person, bob: Person) -> None:
    campaign = coffee()
    for person, stars in ((alice, 5), (bob, 1), (make_member("Charlie"), None)):
        say(person, campaign, stars)
    for number in range(2):
        say(make_member(f"Dana{number}"), campaign, 4)
    assert "from 5 ratings on" in shown(campaign)
    assert "of 5 stars, by" not in shown(campaign)
    say(make_member("Erin"), campaign, 1)
    page = shown(campaign)
    assert "<strong>3.0</strong>" in page
    assert "by 5 people" in page
    assert re.search(r"1 star</th>.*?<td class=\"number\">2</td>", page, re.S)


def test_nobody_has_said_anything_yet() -> None:
    assert "Nobody has said anything yet" in shown(coffee())


def test_reviews_come_in_pages_in_the_same_number_of_queries(alice: Person, django_assert_num_queries) -> None:
    campaign = coffee()
    say(alice, campaign)
    with django_assert_num_queries(2):
        shown(campaign)
    for number in range(11):
        say(make_member(f"Dana{number}", score=None), campaign, 3, f"Number {number}.")
    with django_assert_num_queries(2):
        first = shown(campaign)
    second = shown(campaign, path="/perks/1?reviews=2")
    assert first.count("<li>") == 10
    assert second.count("<li>") == 2
    assert "Number 10." in first
    assert "Warm." in second
    assert "?reviews=2#reviews" in first
    assert "?reviews=1#reviews" in second
    for odd in ("0", "-1", "99999", "1e5", "x", "9" * 30):
        assert "<li>" in shown(campaign, path=f"/perks/1?reviews={odd}")


# ---------------------------------------------------------------- the brand answers, the staff hides
def brand_client(client, role: str, brand: str = "Acme"):
    user = second_factor(make_team(make_brand(brand), somebody=role)["somebody"])
    client.force_login(user)
    return client


@pytest.mark.parametrize("role", ["owner", "editor", "fulfilment"])
def test_a_brand_answers_and_its_author_is_told(
    alice: Person, client, role: str, django_capture_on_commit_callbacks
) -> None:
    review = say(alice, coffee(), 1, "Cold.")
    with django_capture_on_commit_callbacks(execute=True):
        brand_client(client, role).post(
            f"/brands/perks/review/{review.pk}/change/", {"answer": "Sorry! The oven broke."}
        )
    review.refresh_from_db()
    assert review.answer == "Sorry! The oven broke."
    assert (review.stars, review.text) == (1, "Cold.")
    assert "Sorry! The oven broke." in shown(review.claim.campaign)
    assert "Sorry! The oven broke." in Notification.objects.get(kind="review_answered").text
    assert "Sorry! The oven broke." in mail.outbox[0].body
    entry = AuditEntry.objects.get(action="answer review")
    assert "Alice" not in f"{entry.about}{entry.reason}{entry.changes}"


def test_a_brand_can_neither_change_nor_remove_nor_see_whose_it_is(alice: Person, client) -> None:
    review = say(alice, coffee(), 1, "Cold.")
    brand = brand_client(client, "owner")
    sent = {"answer": "", "text": "Wonderful!", "stars": "5", "hidden_reason": "unkind"}
    brand.post(f"/brands/perks/review/{review.pk}/change/", sent)
    brand.post(f"/brands/perks/review/{review.pk}/delete/", {"post": "yes"})
    brand.post("/brands/perks/review/", {"action": "delete_selected", "_selected_action": [review.pk], "post": "yes"})
    review.refresh_from_db()
    assert (review.stars, review.text, review.hidden_reason) == (1, "Cold.", "")
    for page in ("", f"{review.pk}/change/"):
        content = brand.get(f"/brands/perks/review/{page}").content.decode()
        assert "Cold." in content
        assert "Alice" not in content


def test_viewers_and_other_brands_answer_nothing(alice: Person, client) -> None:
    review = say(alice, coffee())
    for role, brand in (("viewer", "Acme"), ("owner", "Bolt")):
        brand_client(client, role, brand).post(f"/brands/perks/review/{review.pk}/change/", {"answer": "Ha."})
        review.refresh_from_db()
        assert review.answer == ""


def staff(client):
    user = second_factor(User.objects.create(email="staff@example.org", is_staff=True, is_superuser=True))
    client.force_login(user)
    return client


def test_the_staff_hides_with_a_reason_and_shows_again(alice: Person, bob: Person, client) -> None:
    campaign = coffee()
    review = say(alice, campaign, 1, "Bob lives at 3 Elm Street.")
    say(bob, campaign, 5, "Good.")
    address = f"/admin/perks/review/{review.pk}/change/"
    forms = {"reports-TOTAL_FORMS": "0", "reports-INITIAL_FORMS": "0"}
    staff(client).post(address, {"hidden_reason": "It tells where somebody lives.", **forms})
    page = shown(campaign)
    assert "Elm Street" not in page
    assert "Good." in page
    own = logged_in(alice).get(f"/claims/{review.claim.reference}/review").content.decode()
    assert "It tells where somebody lives." in own
    assert AuditEntry.objects.filter(action="hide review", reason="It tells where somebody lives.").exists()
    client.post(address, {"hidden_reason": "", **forms})
    assert "Elm Street" in shown(campaign)


def test_what_is_hidden_does_not_count_and_is_not_the_brands_to_read(alice: Person, client) -> None:
    campaign = coffee()
    review = say(alice, campaign, 1, "Insults.")
    Review.objects.update(hidden_reason="Insults.")
    assert reviews.distribution(campaign)[1] == 0
    assert brand_client(client, "owner").get(f"/brands/perks/review/{review.pk}/change/").status_code in (302, 404)


def test_members_report_a_review_to_the_staff(alice: Person, bob: Person, client) -> None:
    review = say(alice, coffee(), 1, "Insults.")
    address = f"/perks/{review.claim.campaign_id}/reviews/{review.pk}/report"
    assert client.get(address).status_code == 302
    assert address in shown(review.claim.campaign, user_of(bob))
    assert address not in shown(review.claim.campaign)
    for text in ("It insults.", "It insults me."):
        logged_in(bob).post(address, {"text": text})
    assert ReviewReport.objects.get().text == "It insults me."
    page = staff(client).get("/admin/perks/review/?reported=1").content.decode()
    assert "Insults." in page
    content = client.get(f"/admin/perks/review/{review.pk}/change/").content.decode()
    assert "It insults me." in content
    assert logged_in(bob).get(f"/perks/{review.claim.campaign_id + 1}/reviews/{review.pk}/report").status_code == 404
    assert timedelta() < timezone.now() - review.written_at
