"""What speaks for somebody's topics: which evidence counts, how much, and that people have the last word."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account, LinkedAccount, Person
from accounts.networks.base import ORIGINS
from scoring.models import (
    AttachedWords,
    Endorsement,
    MisleadingWords,
    PersonTopic,
    Post,
    Topic,
    TopicDispute,
    TopicEvidence,
)
from scoring.topics import evidence, expertise
from scoring.topics.reasons import why
from tests.scoring.topics.days import AS_OF, AT, NOBODY


def account_of(person: Person) -> int:
    return person.links.get().account_id


def posts(person: Person, *tags: str, number: int = 6, first: int = 1, days_ago: int = 40) -> list[int]:
    """`number` posts with these tags, one a day; returns their numbers."""
    account = account_of(person)
    numbers = [account * 1000 + first + place for place in range(number)]
    Post.objects.bulk_create(
        Post(
            account=account,
            post=post,
            external_id=str(post),
            posted_at=AT - timedelta(days=days_ago - place),
            tags=list(tags),
        )
        for place, post in enumerate(numbers)
    )
    return numbers


def reactions(person: Person, to: list[int], actors: list[int]) -> dict[str, np.ndarray]:
    """Each of `actors` reacts to each of these posts."""
    pairs = [(post, actor) for post in to for actor in actors]
    target = np.full(len(pairs), account_of(person), dtype=np.int64)
    return {
        "target": target,
        "post": np.array([post for post, _ in pairs], dtype=np.int64),
        "actor": np.array([actor for _, actor in pairs], dtype=np.int64),
    }


def attach(person: Person, source: str, words: str, *actors: int, origin: str = "api") -> None:
    AttachedWords.objects.bulk_create(
        AttachedWords(
            account=account_of(person),
            source=source,
            words=words,
            actor=10_000_000 + actor,
            network=9,
            origin=ORIGINS[origin],
            observed_at=AT - timedelta(days=5),
        )
        for actor in actors
    )


def write(rows=NOBODY, **given) -> int:
    return evidence.write(as_of=AS_OF, at=AT, rows=rows, **given)


def topics(person: Person) -> dict[str, float]:
    return dict(PersonTopic.objects.filter(person=person).values_list("topic__slug", "expertise"))


def said(person: Person, slug: str) -> list[str]:
    topic = Topic.objects.get(slug=slug)
    return [str(reason) for reason in why(person, [topic]).get((person.pk, topic.pk), [])]


# ---------------------------------------------------------------- hashtags
def test_a_hashtag_on_several_days_that_moved_people_is_a_topic_and_says_why(alice) -> None:
    mine = posts(alice, "beekeeping", "love", number=12)
    write(reactions(alice, mine, list(range(500, 548))))
    # A topic right above it goes with it, weaker.
    assert topics(alice).keys() == {"bees", "animals"}
    assert said(alice, "bees") == ["12 posts with #beekeeping on Mastodon that 48 people reacted to"]
    line = TopicEvidence.objects.get(topic__slug="bees")
    assert (line.number, line.people, line.last_on) == (12, 48, date(2026, 10, 3))


def test_two_posts_or_one_busy_day_are_no_topic(alice, join) -> None:
    posts(alice, "beekeeping", number=2)
    bob = join("Bob", mastodon="2")
    Post.objects.bulk_create(
        Post(
            account=account_of(bob),
            post=n,
            external_id=str(n),
            posted_at=AT - timedelta(days=3, minutes=n),
            tags=["jazz"],
        )
        for n in range(1, 30)
    )
    write()
    assert topics(alice) == topics(bob) == {}


def test_two_posts_that_moved_many_are_one(alice) -> None:
    mine = posts(alice, "beekeeping", number=2)
    write(reactions(alice, mine, list(range(500, 540))))
    assert "bees" in topics(alice)


def test_own_words_alone_do_not_reach_half(alice) -> None:
    posts(alice, "beekeeping", number=150, days_ago=170)
    write()
    assert 0 < topics(alice)["bees"] <= expertise.CAPS["hashtag"] / 2
    mine = list(Post.objects.values_list("post", flat=True))
    write(reactions(alice, mine[:5], list(range(10_000, 12_000))))
    assert topics(alice)["bees"] <= expertise.CAPS["hashtag"]


def test_own_reactions_and_guarded_ones_count_nothing(alice, join) -> None:
    mine = posts(alice, "beekeeping", number=8)
    second = Account.objects.create(network="twitter", external_id="7")
    LinkedAccount.objects.create(account=second, person=alice)
    own, good, bad = [second.pk, account_of_first(alice)], [901, 902], [911, 912, 913]
    rows = reactions_of(account_of_first(alice), mine, own + good + bad)
    guards = {
        "target": np.array([account_of_first(alice)] * 3),
        "actor": np.array(bad),
        "weight": np.zeros(3, dtype=np.int64),
        "reason": np.zeros(3, dtype=np.int64),
    }
    write(rows, guards=guards)
    assert TopicEvidence.objects.get(topic__slug="bees").people == 2


def account_of_first(person: Person) -> int:
    return person.links.get(account__network="mastodon").account_id


def reactions_of(account: int, to: list[int], actors: list[int]) -> dict[str, np.ndarray]:
    pairs = [(post, actor) for post in to for actor in actors]
    return {
        "target": np.full(len(pairs), account, dtype=np.int64),
        "post": np.array([post for post, _ in pairs], dtype=np.int64),
        "actor": np.array([actor for _, actor in pairs], dtype=np.int64),
    }


def test_posts_of_half_a_year_ago_and_the_most_general_tags_are_nothing(alice) -> None:
    posts(alice, "beekeeping", number=9, days_ago=300)
    posts(alice, "love", "photooftheday", "ff", number=9, first=500)
    write()
    assert topics(alice) == {}


# ---------------------------------------------------------------- what others say
def test_lists_weigh_most_and_are_counted_by_who_keeps_them(alice) -> None:
    attach(alice, "list", "Jazz people", *range(1, 6))
    attach(alice, "list", "jazz", *range(6, 9))
    write()
    assert topics(alice)["jazz"] > expertise.CAPS["hashtag"]
    assert said(alice, "jazz") == ["on 8 lists, such as \u201cJazz people\u201d"]


def test_what_somebody_uploaded_is_worth_half(alice, join) -> None:
    bob = join("Bob", mastodon="2")
    attach(alice, "skill", "Photography", 1, 2, 3, 4, 5)
    attach(bob, "skill", "Photography", 1, 2, 3, 4, 5, origin="archive")
    write()
    assert topics(alice)["photography"] > topics(bob)["photography"] > 0
    assert said(alice, "photography") == ["endorsed by 5 people for Photography"]


def test_what_somebody_says_of_themselves_is_no_evidence(alice) -> None:
    attach(alice, "skill", "Photography", 1)
    AttachedWords.objects.update(actor=account_of(alice))
    write()
    assert topics(alice) == {}
    assert not TopicEvidence.objects.exists()


def test_a_recommendation_speaks_by_the_topics_that_it_names(alice) -> None:
    attach(alice, "recommendation", "journalism", 1, 2, 3)
    write()
    assert said(alice, "journalism") == ["recommended by 3 people, who wrote of \u201cjournalism\u201d"]


# ---------------------------------------------------------------- several meanings
def test_a_word_of_several_meanings_needs_something_else_of_its_branch(alice, join) -> None:
    python = Topic.objects.create(slug="python", name="Python")
    python.parents.add(Topic.objects.get(slug="programming"))
    bob = join("Bob", mastodon="2")
    posts(alice, "python", number=9)
    posts(bob, "python", number=9)
    attach(bob, "list", "Programming", 1, 2, 3)
    write()
    assert topics(alice) == {}
    assert {"python", "programming"} <= topics(bob).keys()


def test_what_somebody_chose_bears_it_out(alice) -> None:
    Topic.objects.create(slug="python", name="Python").parents.add(Topic.objects.get(slug="programming"))
    posts(alice, "python", number=9)
    PersonTopic.objects.create(person=alice, topic=Topic.objects.get(slug="programming"), chosen=True, added_at=AT)
    write()
    assert "python" in topics(alice)


# ---------------------------------------------------------------- topics above
def test_a_topic_speaks_weaker_for_those_above_it_and_for_wide_ones_only_with_another(alice, join) -> None:
    attach(alice, "list", "yoga", *range(1, 30))
    write()
    above = topics(alice)
    assert 0 < above["fitness"] < above["yoga"] / 2
    assert {"health", "sports"}.isdisjoint(above)
    line = TopicEvidence.objects.get(topic__slug="fitness")
    assert line.through == Topic.objects.get(slug="yoga")
    assert said(alice, "fitness") == ["on 29 lists, such as \u201cyoga\u201d, which is about Yoga"]
    attach(alice, "list", "tennis", *range(1, 30))
    attach(alice, "list", "swimming", *range(1, 30))
    write()
    assert "sports" in topics(alice)


# ---------------------------------------------------------------- +K
def test_plus_k_adds_to_a_topic_and_never_makes_one(alice, join) -> None:
    bob, charlie = join("Bob", mastodon="2"), join("Charlie", mastodon="3")
    jazz, law = Topic.objects.get(slug="jazz"), Topic.objects.get(slug="law")
    attach(alice, "list", "jazz", 1, 2)
    write()
    before = topics(alice)["jazz"]
    for topic in (jazz, law):
        PersonTopic.objects.update_or_create(
            person=alice, topic=topic, defaults={"plus_k": 2.0}, create_defaults={"plus_k": 2.0, "added_at": AT}
        )
        for giver in (bob, charlie):
            Endorsement.objects.create(
                giver=giver,
                receiver=alice,
                topic=topic,
                given_at=AT - timedelta(days=3),
                until=AT + timedelta(days=4),
            )
    write()
    assert topics(alice).keys() == {"jazz"}
    assert topics(alice)["jazz"] > before
    assert "+K from 2 people" in said(alice, "jazz")


# ---------------------------------------------------------------- people have the last word
def test_a_disputed_topic_never_comes_back(alice) -> None:
    attach(alice, "list", "yoga", *range(1, 30))
    TopicDispute.objects.create(person=alice, topic=Topic.objects.get(slug="yoga"), created_at=AT, state="closed")
    assert write() == 0
    assert topics(alice) == {}
    TopicDispute.objects.update(topic=Topic.objects.get(slug="fitness"))
    write()
    assert topics(alice).keys() == {"yoga"}


def test_a_hidden_topic_stays_hidden_and_keeps_being_so_without_evidence(alice) -> None:
    attach(alice, "list", "jazz", 1, 2, 3)
    write()
    PersonTopic.objects.update(hidden=True)
    AttachedWords.objects.all().delete()
    write()
    attach(alice, "list", "jazz", 1, 2, 3, 4)
    write()
    row = PersonTopic.objects.get(topic__slug="jazz")
    assert (row.hidden, row.expertise > 0) == (True, True)


def test_misleading_words_count_for_nobody(alice) -> None:
    attach(alice, "list", "jazz", 1, 2, 3)
    MisleadingWords.objects.create(topic=Topic.objects.get(slug="jazz"), words="jazz")
    write()
    assert topics(alice) == {}


def test_what_is_no_longer_so_goes_and_what_was_chosen_stays(alice) -> None:
    attach(alice, "list", "jazz", 1, 2, 3)
    attach(alice, "list", "yoga", 1, 2, 3)
    PersonTopic.objects.create(person=alice, topic=Topic.objects.get(slug="yoga"), chosen=True, added_at=AT)
    write()
    AttachedWords.objects.all().delete()
    assert write() > 0
    assert topics(alice) == {"yoga": 0.0}
    assert said(alice, "yoga") == ["Chosen by Alice"]
    assert not TopicEvidence.objects.exists()


def test_the_same_again_changes_nothing(alice) -> None:
    attach(alice, "list", "AI & photography folks", 1, 2, 3)
    posts(alice, "beekeeping", number=9)
    assert write() > 0
    rows = list(TopicEvidence.objects.order_by("pk").values())
    assert write() == 0
    assert list(TopicEvidence.objects.order_by("pk").values()) == rows


def test_between_two_runs_only_those_asked_for_are_written(alice, join) -> None:
    bob = join("Bob", mastodon="2")
    attach(alice, "list", "jazz", 1, 2, 3)
    attach(bob, "list", "jazz", 1, 2, 3)
    write()
    attach(alice, "list", "yoga", 1, 2, 3)
    AttachedWords.objects.filter(account=account_of(bob)).delete()
    write(persons=[alice.pk])
    assert {"jazz", "yoga"} <= topics(alice).keys()
    assert topics(bob).keys() == {"jazz"}


def test_nobody_gets_more_than_twenty_topics(alice) -> None:
    for slug in Topic.objects.exclude(children__isnull=False).values_list("slug", flat=True)[:40]:
        attach(alice, "list", slug, *range(1, 20))
    write()
    assert PersonTopic.objects.filter(person=alice).count() == expertise.MOST


def test_reasons_are_two_queries_for_everybody(alice, join, django_assert_num_queries) -> None:
    people = [alice, join("Bob", mastodon="2"), join("Charlie", mastodon="3")]
    for person in people:
        attach(person, "list", "jazz", 1, 2, 3)
        attach(person, "list", "yoga", 1, 2)
        posts(person, "beekeeping", number=9)
    write()
    with django_assert_num_queries(2):
        assert len(why(people)) >= 9


def test_an_operator_asks_whose_topics_and_why(alice, capsys) -> None:
    attach(alice, "list", "jazz", 1, 2, 3)
    write()
    call_command("topics_of", "alice")
    assert "jazz\n      on 3 lists" in capsys.readouterr().out
    call_command("topics_of", hashtag="magic")
    assert "No topic" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nobody here"):
        call_command("topics_of", "nobody")
    with pytest.raises(CommandError, match="Say one of"):
        call_command("topics_of")


# ---------------------------------------------------------------- the formula
LINE = st.tuples(st.integers(0, len(expertise.SOURCES) - 1), st.floats(0, 1))


def total(lines) -> float:
    source = np.array([line[0] for line in lines], dtype=np.int64)
    strength = np.array([line[1] for line in lines])
    return float(expertise.joined(np.zeros(len(lines), dtype=np.int64), source, strength, 1)[0])


@given(st.lists(LINE, min_size=1, max_size=12), LINE)
def test_more_evidence_never_lowers_expertise_which_stays_below_one(lines, another) -> None:
    assert 0.0 <= total(lines) <= total([*lines, another]) + 1e-12 <= 1.0 + 1e-9


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 1000), st.integers(0, 1000))
def test_more_posts_and_more_people_are_never_worth_less(posts, people, more_posts, more_people) -> None:
    less = expertise.of_hashtags(np.array([posts]), np.array([people]))[0]
    more = expertise.of_hashtags(np.array([posts + more_posts]), np.array([people + more_people]))[0]
    assert 0.0 <= less <= more <= expertise.CAPS["hashtag"]
