"""What readers see of questions: whom, in what order, in which states, and in how few queries."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Person
from accounts.networks import NETWORKS
from scoring.models import Answer, Endorsement, Question, Topic, TopicEvidence
from scoring.models.questions import Ground
from scoring.questions import answering, asking, deciding, lists, ordering, reporting
from tests.scoring.questions.asking_around import (
    AT,
    DAY,
    HOUR,
    QUESTION,
    answer,
    ask,
    beekeeping,
    knows,
    member,
    staff,
    user_of,
)

pytestmark = pytest.mark.django_db


def as_(person: Person | None) -> Client:
    client = Client()
    if person is not None:
        client.force_login(user_of(person))
    return client


def page(path: str, person: Person | None = None, status: int = 200) -> str:
    response = as_(person).get(path)
    assert response.status_code == status
    return response.content.decode()


def named(html: str) -> list[str]:
    """The answers of a page, by author, in their order."""
    return re.findall(r'<p class="answer-who">.*?<strong>(.*?)</strong>', html)


def test_a_question_with_its_answers_is_public_and_found_by_search_engines() -> None:
    question = ask(member("Alice"), text="See https://hive.example/?a=1&b=<2>")
    given = answer(question, member("Bob"), "</script><script>alert(1)</script>")
    html = page(f"/questions/{question.pk}")
    assert "<script>alert" not in html
    assert '<link rel="canonical"' in html
    assert "noindex" not in html
    [said] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    entity = json.loads(said)["mainEntity"]
    assert (entity["name"], entity["answerCount"], entity["author"]["name"]) == (QUESTION, 1, "Alice Archer")
    [suggested] = entity["suggestedAnswer"]
    assert suggested["text"] == given.text
    assert 'rel="nofollow ugc noopener"' in html


def test_nobody_finds_what_is_unanswered_by_a_search_engine() -> None:
    html = page(f"/questions/{ask(member('Alice')).pk}")
    assert "noindex" in html
    assert "ld+json" not in html


@pytest.mark.parametrize(
    ("values", "anybody", "logged_in"),
    [
        ({}, True, True),
        ({"visibility": "members"}, False, True),
        ({"visibility": "hidden"}, False, False),
    ],
)
def test_authors_are_named_to_those_who_may_see_them(values: dict[str, Any], anybody: bool, logged_in: bool) -> None:
    zeb = member("Zebulon", **values)
    other = member("Charlie")
    question = ask(zeb)
    second = ask(other, "Which hive is best for beginners?")
    answer(second, zeb, "The one you can lift alone.")
    for reader, may in ((None, anybody), (member("Reader"), logged_in)):
        for path in (f"/questions/{question.pk}", f"/questions/{second.pk}", "/questions"):
            assert ("Zebulon" in page(path, reader)) is may, (path, reader)
        assert as_(reader).get("/questions?by=zebulon").status_code == (200 if may else 404)
        assert "The one you can lift alone." in page(f"/questions/{second.pk}", reader)
    assert "Zebulon" in page(f"/questions/{second.pk}", zeb)


def test_who_is_too_young_meanwhile_is_named_nowhere() -> None:
    zeb = member("Zebulon")
    question = ask(zeb)
    Person.objects.filter(pk=zeb.pk).update(birth_year=timezone.now().year - 10)
    assert "Zebulon" not in page(f"/questions/{question.pk}", member("Reader"))


def test_answers_stand_by_what_their_plus_k_weigh_and_their_authors_know() -> None:
    question = ask(member("Alice"))
    names = ("Bob", "Charlie", "Dora", "Emil", "Fay")
    given = {name: answer(question, member(name), f"This is what {name} says.") for name in names}
    Answer.objects.filter(pk=given["Bob"].pk).update(weight=2.0)
    knows(Person.objects.get(handle="Charlie"), 0.9)
    # What somebody hides puts nothing forward.
    knows(Person.objects.get(handle="Dora"), 0.95, hidden=True)
    fay = Person.objects.get(handle="Fay")
    knows(fay, 0.5)
    order = ("Bob", "Charlie", "Fay", "Emil", "Dora")
    assert named(page(f"/questions/{question.pk}")) == [f"{n} Archer" for n in order]
    Person.objects.filter(pk=fay.pk).update(shown={"topics": "members"})
    Answer.objects.filter(pk=given["Fay"].pk).update(created_at=AT - DAY)
    order = ("Bob", "Charlie", "Emil", "Dora", "Fay")
    assert named(page(f"/questions/{question.pk}")) == [f"{n} Archer" for n in order]


def test_who_knows_is_said_with_why_to_those_who_may_see_the_topics() -> None:
    question = ask(member("Alice"))
    bob, shy = member("Bob"), member("Charlie", shown={"topics": "members"})
    for one in (bob, shy):
        answer(question, one, f"This is what {one.handle} says.")
        knows(one)
        TopicEvidence.objects.create(
            person=one,
            topic=beekeeping(),
            source="hashtag",
            network="mastodon",
            words="bees",
            number=14,
            people=23,
            strength=0.5,
            last_on=AT.date(),
        )
    html = page(f"/questions/{question.pk}")
    assert html.count("Knows about Beekeeping") == 1
    assert "#bees" in html
    assert page(f"/questions/{question.pk}", member("Reader")).count("Knows about Beekeeping") == 2


@pytest.mark.parametrize("kept_back", ["networks", "plus_k"])
def test_what_an_author_keeps_back_is_not_told_as_a_reason(kept_back: str) -> None:
    question, bob = ask(member("Alice")), member("Bob", shown={kept_back: "members"})
    answer(question, bob)
    knows(bob)
    line = {"person": bob, "topic": beekeeping(), "number": 14, "people": 23, "strength": 0.5}
    if kept_back == "networks":
        TopicEvidence.objects.create(source="hashtag", network="twitter", words="bees", **line)
        told = f"#bees on {NETWORKS['twitter'].spec.label}"
    else:
        told = "+K from 23 people"
        TopicEvidence.objects.create(source=TopicEvidence.Source.PLUS_K, **line)
    for path in (f"/questions/{question.pk}", "/bob"):
        html = page(path)
        assert told not in html, path
        assert "What speaks for it is something that Bob Archer does not show." in html, path
        assert told in page(path, Person.objects.filter(handle="Reader").first() or member("Reader")), path


def test_the_weight_of_an_answer_is_written_by_the_daily_run() -> None:
    question, bob = ask(member("Alice")), member("Bob")
    given = answer(question, bob)
    values = {"receiver": bob, "topic": question.topic, "answer": given, "given_at": AT, "until": AT + 7 * DAY}
    for name, weight in (("Charlie", 1.0), ("Dora", 0.25)):
        Endorsement.objects.create(giver=member(name), weight=weight, **values)
    Endorsement.objects.create(giver=member("Emil"), undone_at=AT, **values)
    assert ordering.write(AT.date()) == 1
    assert ordering.write(AT.date()) == 0
    given.refresh_from_db()
    assert given.weight == 1.25
    Endorsement.objects.update(answer=None)
    ordering.write(AT.date())
    given.refresh_from_db()
    assert given.weight == 0.0


def test_asking_answering_and_giving_plus_k_by_the_forms_alone() -> None:
    alice, bob, charlie = member("Alice"), member("Bob"), member("Charlie")
    beekeeping()
    response = as_(alice).post("/topics/beekeeping/ask", {"title": QUESTION, "text": "Mine did."})
    question = Question.objects.get()
    assert response.url == f"/questions/{question.pk}"
    # A second click leads to the same one.
    assert as_(alice).post("/topics/beekeeping/ask", {"title": QUESTION, "text": "Mine did."}).url == response.url
    response = as_(bob).post(response.url, {"text": "In May."})
    given = Answer.objects.get()
    assert response.url == f"/questions/{question.pk}#answer-{given.pk}"
    assert as_(bob).post(f"/questions/{question.pk}", {"text": "In May."}).url == response.url
    as_(charlie).post(f"/answers/{given.pk}/plus-k")
    as_(charlie).post(f"/answers/{given.pk}/plus-k")
    given.refresh_from_db()
    assert (Answer.objects.count(), given.plus_k) == (1, 1)
    assert "You gave them +K in this topic." in page(f"/questions/{question.pk}", charlie)


def test_what_cannot_be_asked_comes_back_with_what_was_written() -> None:
    alice = member("Alice")
    beekeeping()
    response = as_(alice).post("/topics/beekeeping/ask", {"title": "?", "text": "Mine swarmed in April."})
    html = response.content.decode()
    assert response.status_code == 422
    assert "Please ask a whole question" in html
    assert "Mine swarmed in April." in html


def test_an_answer_that_is_too_long_comes_back_with_how_many_words_it_has() -> None:
    question = ask(member("Alice"))
    response = as_(member("Bob")).post(f"/questions/{question.pk}", {"text": "word " * 305})
    html = response.content.decode()
    assert response.status_code == 422
    assert "This is 5 words more" in html
    assert "you have used 305" in html


def test_visitors_are_sent_to_log_in() -> None:
    question = ask(member("Alice"))
    given = answer(question, member("Bob"))
    for path in (f"/answers/{given.pk}/report", f"/questions/{question.pk}/report", "/topics/beekeeping/ask"):
        assert as_(None).get(path).url.startswith("/accounts/login/")
    response = as_(None).post(f"/questions/{question.pk}", {"text": "In May."})
    assert response.url == f"/accounts/login/?next=%2Fquestions%2F{question.pk}"


@pytest.mark.parametrize("path", ["edit", "withdraw", "object"])
def test_what_is_somebody_elses_is_not_there(path: str) -> None:
    question = ask(member("Alice"))
    given = answer(question, member("Bob"))
    charlie = as_(member("Charlie"))
    for address in (f"/questions/{question.pk}/{path}", f"/answers/{given.pk}/{path}"):
        assert charlie.post(address, {"title": "Mine", "text": "Mine"}).status_code == 404
    question.refresh_from_db()
    assert (question.title, question.state) == (QUESTION, "visible")


def test_nothing_changes_by_looking() -> None:
    bob = member("Bob")
    given = answer(ask(member("Alice")), bob)
    client = as_(bob)
    assert client.get(f"/answers/{given.pk}/withdraw").status_code == 200
    assert client.get(f"/answers/{given.pk}/plus-k").status_code == 405
    given.refresh_from_db()
    assert given.state == "visible"


def test_a_removed_answer_leaves_its_ground_and_its_author_sees_why() -> None:
    bob, by = member("Bob"), staff()
    question = ask(member("Alice"))
    given = answer(question, bob, "Buy it all at my stall.")
    deciding.remove(thing=given, user=by, ground=Ground.SPAM, note="It sells something.", at=AT)
    html = page(f"/questions/{question.pk}")
    assert "1 answer was removed by our staff: advertising or spam." in html
    assert "Buy it all" not in html
    assert "It sells something." not in html
    own = page(f"/questions/{question.pk}", bob)
    assert "Buy it all" in own
    assert "It sells something." in own
    as_(bob).post(f"/answers/{given.pk}/object", {"text": "It was a joke."})
    given.refresh_from_db()
    assert given.objection == "It was a joke."
    assert "our staff reads it" in page(f"/questions/{question.pk}", bob)


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ("held", 200, "This question waits for our staff"),
        ("removed", 410, "Our staff has removed it: insults or threats."),
        ("withdrawn", 410, "This question was withdrawn"),
    ],
)
def test_a_question_that_is_not_shown_says_why_and_nothing_of_itself(state: str, status: int, words: str) -> None:
    alice, bob = member("Alice"), member("Bob")
    question = ask(alice, text="And why?")
    answer(question, bob, "In May, on warm days.")
    Question.objects.update(state=state, ground="abuse")
    html = page(f"/questions/{question.pk}", member("Charlie"), status)
    assert words in html
    for secret in ("swarm", "And why?", "In May", "Alice", "Bob Archer"):
        assert secret not in html
    assert "noindex" in html
    assert QUESTION not in page("/questions")
    own = page(f"/questions/{question.pk}", alice)
    assert QUESTION in own
    # Whoever answered sees what they wrote.
    assert "In May" in page(f"/questions/{question.pk}", bob, status)


def test_lists_are_by_topic_unanswered_mine_and_in_pages() -> None:
    alice, bob = member("Alice"), member("Bob")
    sea = Topic.objects.create(slug="tides", name="Tides")
    answered = ask(alice, "When do bees swarm in May?")
    answer(answered, bob)
    other = ask(alice, "Why are there two tides a day?", topic=sea, at=AT + HOUR)
    ask(bob, "Which hive is best for beginners?", at=AT + 2 * HOUR)

    def titles(path: str, reader: Person | None = None) -> list[str]:
        return re.findall(r'<a href="/questions/\d+">(.*?)</a>', page(path, reader))

    first, second, third = "Which hive is best for beginners?", other.title, answered.title
    assert titles("/questions") == [first, second, third]
    assert titles("/questions?show=unanswered") == [first, second]
    assert titles("/questions?topic=tides") == titles("/questions?q=tide") == [second]
    assert titles("/questions?show=mine", bob) == [first]
    assert titles("/questions?q=xqzvw") == [first, second, third] or "no topic like" in page("/questions?q=xqzvw")
    found = lists.page(alice.users.get(), AT.date(), number=2)
    again = lists.page(alice.users.get(), AT.date(), number=2, after=found.next)
    assert [line.question.title for line in (*found.lines, *again.lines)] == [first, second, third]
    assert again.next == ""
    assert [line.question.pk for line in lists.newest(sea, alice.users.get(), 5)] == [other.pk]


def test_pages_cost_the_same_however_much_there_is() -> None:
    alice, reader = member("Alice"), member("Reader")
    question = ask(alice)
    answer(question, member("Bob"))

    def costs() -> dict[str, int]:
        found = {}
        for path in (
            "/questions",
            "/questions?show=mine",
            f"/questions/{question.pk}",
            "/questions?by=bob",
            "/topics/beekeeping/ask",
        ):
            client = as_(reader)
            client.get(path)
            with CaptureQueriesContext(
                connection,
            ) as asked:
                assert client.get(path).status_code == 200
            found[path] = len(asked)
        return found

    knows(Person.objects.get(handle="Bob"))
    few = costs()
    for number in range(8):
        one = member(f"Member{number}")
        answer(question, one, f"This is answer number {number}.")
        knows(one)
        ask(one, f"What about hive number {number}?")
    assert costs() == few
    assert max(few.values()) <= 12


def test_who_acts_for_a_team_answers_in_its_name() -> None:
    alice = member("Alice")
    acme = member("Acme", kind="organisation")
    acme.membership_set.create(user=user_of(alice), role="editor")
    question = ask(member("Bob"))
    as_(alice).post(f"/questions/{question.pk}", {"text": "In May.", "person": "acme"})
    given = Answer.objects.get()
    assert (given.person, given.user) == (acme, user_of(alice))
    assert as_(alice).post(f"/questions/{question.pk}", {"text": "In May.", "person": "bob"}).status_code == 404


def test_a_report_by_the_form_is_taken_once() -> None:
    question, bob = ask(member("Alice")), member("Bob")
    path = f"/questions/{question.pk}/report"
    assert "What is wrong with it?" in page(path, bob)
    for _ in range(2):
        assert as_(bob).post(path, {"reason": "spam"}).url == f"/questions/{question.pk}"
    assert question.reports.count() == 1
    assert as_(bob).post(path, {"reason": "other"}).status_code in {302, 422}


def test_the_year_of_the_staff_is_told_in_numbers_that_are_about_nobody() -> None:
    alice, by = member("Alice"), staff()
    for number in range(6):
        question = ask(alice, f"What about hive number {number}?", at=AT + number * DAY)
        at = timezone.now()
        deciding.remove(thing=question, user=by, ground=Ground.SPAM, note="Spam.", at=at)
    deciding.let_stand(thing=question, user=by, note="A mistake.", at=at)
    html = page("/transparency/data")
    assert re.search(r"Removed</th><td class=\"number\">6</td><td class=\"number\">0</td>", html)
    assert re.search(r"second look</th><td class=\"number\">fewer than 5</td>", html)
    assert "Alice" not in html


def test_nobody_gives_plus_k_to_who_is_not_to_be_seen() -> None:
    bob, charlie = member("Bob", visibility="hidden"), member("Charlie")
    question = ask(member("Alice"))
    given = answer(question, bob)
    html = page(f"/questions/{question.pk}", charlie)
    assert "Give +K" not in html
    as_(charlie).post(f"/answers/{given.pk}/plus-k")
    assert not Endorsement.objects.exists()


def test_an_edited_answer_is_marked() -> None:
    bob = member("Bob")
    now = timezone.now()
    question = ask(member("Alice"), at=now)
    given = answer(question, bob, at=now)
    assert "changed " not in page(f"/questions/{question.pk}")
    assert as_(bob).post(f"/answers/{given.pk}/edit", {"text": "In June."}).url == given.get_absolute_url()
    html = page(f"/questions/{question.pk}")
    assert "In June." in html
    assert "changed " in html


def test_held_by_reports_is_seen_by_its_author_alone() -> None:
    bob = member("Bob")
    question = ask(member("Alice"))
    given = answer(question, bob, "Something quite rude.")
    for number in range(3):
        one = member(f"Reporter{number}", scored=True)
        reporting.report(thing=given, reporter=one, user=user_of(one), reason="abuse", at=AT)
    assert "1 answer waits until our staff has read it." in page(f"/questions/{question.pk}")
    assert "rude" not in page(f"/questions/{question.pk}", member("Charlie"))
    assert "rude" in page(f"/questions/{question.pk}", bob)
    asking.withdraw(question=question, person=question.person, user=user_of(question.person), at=AT)
    with pytest.raises(Exception, match="not on the page"):
        answering.plus_k(answer=given, giver=member("Dora"), user=Person.objects.get(handle="Dora").users.get())
