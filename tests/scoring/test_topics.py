"""The tree of topics, and what people choose of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import Membership, Person
from scoring import topics
from scoring.models import PersonTopic, Topic

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def alice(join: Any) -> Person:
    person: Person = join("Alice")
    return person


@pytest.fixture
def as_alice(client: Client, alice: Person) -> Client:
    client.force_login(Membership.objects.get(person=alice).user)
    return client


def of(person: Person) -> dict[str, tuple[bool, bool]]:
    rows = PersonTopic.objects.filter(person=person).select_related("topic")
    return {row.topic.slug: (row.chosen, row.hidden) for row in rows}


# ---------------------------------------------------------------- the tree


def test_the_tree_is_there_and_loading_it_again_changes_nothing() -> None:
    before = dict(Topic.objects.values_list("slug", "pk"))
    assert len(before) >= 120
    assert topics.load() == 0
    assert dict(Topic.objects.values_list("slug", "pk")) == before
    beekeeping = Topic.objects.get(slug="bees")
    assert set(beekeeping.parents.values_list("slug", flat=True)) == {"nature", "animals"}


def test_every_topic_has_a_name_in_both_languages_and_no_two_share_one() -> None:
    lines = topics.read_tree(topics.TREE.read_text())
    for names in ([line.name for line in lines], [line.german for line in lines]):
        assert all(names)
        assert len(set(names)) == len(names)
    for line in lines:
        Topic(slug=line.slug, name=line.name).full_clean(validate_unique=False)


def test_loading_takes_few_queries_however_many_topics(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(8):
        topics.load()
    assert Topic.objects.count() > 100


def test_what_comes_from_elsewhere_and_what_was_chosen_stays(alice: Person) -> None:
    far = Topic.objects.create(slug="lindy-hop", name="Lindy hop", external_id="12345678901234567890")
    topics.choose(person=alice, chosen={"tea", "lindy-hop"}, hidden=set(), at=AT)
    topics.load("tea | Tea | Tee |\n")
    assert set(of(alice)) == {"tea", "lindy-hop"}
    assert Topic.objects.get(slug="lindy-hop") == far
    assert topics.load("chess | Chess | Schach |\n") == 1


@pytest.mark.parametrize(
    "text", ["tea | Tea | Tee |\ntea | Tea | Tee |\n", "tea | Tea | Tee | drinks\n", "tea | Tea\n"]
)
def test_a_wrong_tree_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"twice|no topic|unpack"):
        topics.read_tree(text)


def test_a_topic_is_called_by_its_name_in_the_readers_language() -> None:
    tea = Topic.objects.get(slug="tea")
    with translation.override("de"):
        assert topics.name_in(tea) == "Tee"
    with translation.override("pt-br"):
        assert topics.name_in(tea) == "Tea"


@pytest.mark.parametrize("words", ["book", "Büch", "BOOKS"])
def test_a_topic_is_found_by_part_of_a_name_in_any_language(words: str) -> None:
    assert "books" in [topic.slug for topic in topics.found(words, limit=5)]


# ---------------------------------------------------------------- choosing


def test_topics_are_chosen_hidden_and_given_up_again(as_alice: Client, alice: Person) -> None:
    address = reverse("topics")
    assert as_alice.post(address, {"topic": ["tea", "bees"], "hidden": ["bees"]}).status_code == 302
    assert of(alice) == {"tea": (True, False), "bees": (True, True)}
    as_alice.post(address, {"topic": ["tea"]})
    assert of(alice) == {"tea": (True, False)}
    as_alice.post(address, {})
    assert of(alice) == {}


def test_what_evidence_brought_stays_and_can_be_hidden(as_alice: Client, alice: Person) -> None:
    tea = Topic.objects.get(slug="tea")
    PersonTopic.objects.create(person=alice, topic=tea, expertise=0.5, added_at=AT)
    as_alice.post(reverse("topics"), {"topic": ["bees"], "hidden": ["tea"]})
    assert of(alice) == {"tea": (False, True), "bees": (True, False)}
    assert "from what people react to" in as_alice.get(reverse("topics")).content.decode()


def test_more_than_twenty_are_refused_and_what_was_there_stays(as_alice: Client, alice: Person) -> None:
    as_alice.post(reverse("topics"), {"topic": ["tea"]})
    slugs = list(Topic.objects.order_by("slug").values_list("slug", flat=True)[:21])
    response = as_alice.post(reverse("topics"), {"topic": slugs})
    assert response.status_code == 422
    assert "at most 20 topics" in response.content.decode()
    assert of(alice) == {"tea": (True, False)}
    as_alice.post(reverse("topics"), {"topic": slugs[:20]})
    assert len(of(alice)) == 20


def test_a_search_shows_what_matches_and_loses_nothing_of_the_rest(as_alice: Client, alice: Person) -> None:
    as_alice.post(reverse("topics"), {"topic": ["tea"]})
    page = as_alice.get(reverse("topics"), {"q": "bees"}).content.decode()
    assert 'name="add" value="bees"' in page
    assert 'name="add" value="coffee"' not in page
    as_alice.post(reverse("topics"), {"add": "bees", "next": reverse("topics") + "?q=bees"})
    assert set(of(alice)) == {"tea", "bees"}
    nothing = as_alice.get(reverse("topics"), {"q": "<nonsense>"}).content.decode()
    assert "There is no topic called “&lt;nonsense&gt;” yet." in nothing


def test_a_topic_that_there_is_not_is_left_out(as_alice: Client, alice: Person) -> None:
    as_alice.post(reverse("topics"), {"topic": ["no-such-topic", "tea"]})
    assert set(of(alice)) == {"tea"}


def test_nobody_chooses_for_somebody_else(as_alice: Client, join: Any) -> None:
    join("Bob")
    assert as_alice.post(reverse("topics") + "?person=bob", {"topic": ["tea"]}).status_code == 404
    assert not PersonTopic.objects.exists()
    assert Client().get(reverse("topics")).status_code == 302


def test_choosing_takes_the_same_few_queries_however_much_is_chosen(
    as_alice: Client, alice: Person, django_assert_max_num_queries: Any
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(12) as captured:
            assert as_alice.get(reverse("topics")).status_code == 200
        return len(captured)

    as_alice.get(reverse("topics"))
    little = queries()
    slugs = list(Topic.objects.values_list("slug", flat=True)[:20])
    topics.choose(person=alice, chosen=slugs, hidden=slugs[:3], at=AT)
    assert queries() == little
