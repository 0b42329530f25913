"""The profile as a visitor gets it, a member, and whose it is: who is shown what, and what it says."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Person
from scoring import topics
from scoring.achievements import shelf
from scoring.models import Award, Component, HiddenMoment, Moment, Post, Score, ScoreRun, Tie, Topic
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1", mastodon="2")
    publish_score(person, history={1: 49.0, 30: 53.0})
    return person


# ---------------------------------------------------------------- who is shown


@pytest.mark.parametrize(
    "change", [{"visibility": "hidden"}, {"visibility": "members"}, {"birth_year": 2025}, "unclaimed", "erased"]
)
def test_who_may_not_be_seen_is_answered_byte_for_byte_as_who_does_not_exist(
    client: Client, alice, change: Any
) -> None:
    unknown = client.get("/nobody")
    if change == "unclaimed":
        alice.membership_set.all().delete()
    elif change == "erased":
        alice.delete()
    else:
        Person.objects.filter(pk=alice.pk).update(**change)
    answer = client.get("/alice")
    assert answer.status_code == unknown.status_code == 404
    assert answer.content == unknown.content
    assert answer.headers == unknown.headers
    assert answer.cookies == unknown.cookies
    # What is no handle's address hides nobody.
    assert "Perhaps a letter is missing." in text_of(client.get("/no/such/page"))


def test_a_stranger_who_is_logged_in_cannot_tell_hidden_from_unknown_either(client: Client, alice, join) -> None:
    client.force_login(user_of(join("Bob")))
    Person.objects.filter(pk=alice.pk).update(visibility="hidden")
    answer, unknown = client.get("/alice"), client.get("/nobody")
    assert (answer.status_code, answer.content, answer.headers) == (404, unknown.content, unknown.headers)


def test_a_public_profile_is_shown_to_anybody(client: Client, alice) -> None:
    response = client.get("/alice")
    assert response.status_code == 200
    assert "@Alice" in text_of(response)


def test_a_profile_for_members_is_shown_to_people_who_are_logged_in(client: Client, alice, join) -> None:
    Person.objects.filter(pk=alice.pk).update(visibility="members")
    assert client.get("/alice").status_code == 404
    client.force_login(user_of(join("Bob")))
    response = client.get("/alice")
    assert response.status_code == 200
    assert 'content="noindex"' in response.content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"visibility": "hidden"}, "Only you see this page. To everybody else it does not exist."),
        ({"visibility": "members"}, "Only people who are logged in see this page."),
        ({"birth_year": 2025}, "profiles of people under 16 are shown to nobody else"),
    ],
)
def test_the_owner_sees_the_own_profile_and_is_told_who_else_does(
    client: Client, alice, change: dict[str, Any], words: str
) -> None:
    Person.objects.filter(pk=alice.pk).update(**change)
    client.force_login(user_of(alice))
    response = client.get("/alice")
    assert response.status_code == 200
    assert words in text_of(response)


@pytest.mark.parametrize(("asked", "canonical"), [("/Alice", "/alice"), ("/ALICE?by=network", "/alice?by=network")])
def test_capitals_lead_to_the_one_address_for_good(client: Client, alice, asked: str, canonical: str) -> None:
    response = client.get(asked)
    assert (response.status_code, response["Location"]) == (301, canonical)
    assert '<link rel="canonical" href="http://127.0.0.1:8000/alice">' in client.get("/alice").content.decode()


# ---------------------------------------------------------------- what it says


def test_it_says_what_changed_and_in_words_where_nothing_is_known(client: Client, alice) -> None:
    # 1 + 2 accounts x 24.3 points of features.
    assert alice.score.score == pytest.approx(49.6)
    text = text_of(client.get("/alice"))
    assert "1 day +0.6" in text
    assert "7 days — no score then" in text
    assert "30 days \N{MINUS SIGN}3.4" in text


def test_it_names_percentile_formula_run_and_day(client: Client, alice) -> None:
    text = text_of(client.get("/alice"))
    assert "Average Higher than 83.2% of everybody scored here." in text
    assert "Counts what happened before 1 November 2026, 0:00 UTC" in text
    assert f"Formula v1 Run {alice.score.run_id}" in text
    assert "Fair: enough people reacted" in text


@pytest.mark.parametrize(
    ("population", "said"),
    [
        (1, "Nobody else is scored here yet."),
        (3, "Higher than 83.2% of everybody scored here, which is only 3 so far."),
        (20, "Higher than 83.2% of everybody scored here. 40 is the middle"),
    ],
)
def test_a_percentile_among_few_says_among_how_few(client: Client, alice, population: int, said: str) -> None:
    run = alice.score.run
    run.counts = {"population": population}
    run.save()
    assert said in text_of(client.get("/alice"))


def test_the_days_are_a_picture_and_a_sentence_and_lead_to_the_chart(client: Client, alice) -> None:
    response = client.get("/alice")
    text, markup = text_of(response), response.content.decode()
    assert "From 2 October to 1 November 2026 the score fell by 3.4, from 53.0 to 49.6." in text
    assert "On 28 days in between there was no score." in text
    assert 'role="img" aria-labelledby="chart-title chart-description"' in markup
    for page in ("chart", "why"):
        assert f'href="{reverse(page, args=["alice"])}"' in markup


def test_the_newest_score_counts_where_history_has_an_older_one_of_the_day(client: Client, alice) -> None:
    alice.score.score = 60.0
    alice.score.save()
    assert "from 53.0 to 60.0" in text_of(client.get("/alice"))


def test_a_person_without_a_score_is_told_so(client: Client, join) -> None:
    bob = join("Bob", twitter="3")
    assert "Nothing has been counted for Bob so far" in text_of(client.get("/bob"))
    client.force_login(user_of(bob))
    assert "Nothing has been counted for you so far" in text_of(client.get("/bob"))


def test_a_score_of_one_is_called_what_it_is(client: Client, join) -> None:
    bob = join("Bob", twitter="3")
    publish_score(bob, features=[])
    text = text_of(client.get("/bob"))
    assert "1 is where everybody starts: nothing has been counted so far." in text
    assert "Higher than 83.2%" not in text
    client.force_login(user_of(bob))
    assert reverse("import") in client.get("/bob").content.decode()


def test_a_provisional_score_says_so_and_when_it_was_taken(client: Client, alice) -> None:
    assert "Provisional" not in text_of(client.get("/alice"))
    ScoreRun.objects.update(kind="provisional", finished_at=datetime(2026, 11, 1, 14, 5, tzinfo=UTC))
    Score.objects.update(confidence="provisional")
    response = client.get("/alice")
    text = text_of(response)
    assert "of everybody scored here. Provisional" in text
    assert "Counts what was known on 1 November 2026, 14:05 UTC" in text
    assert "Counts what happened before" not in text
    assert 'content="noindex"' in response.content.decode()


def test_achievements_show_the_highest_level_of_each_family(client: Client, alice) -> None:
    for family, level in [("people", 1), ("people", 2), ("lists", 1), ("of an old catalogue", 9)]:
        Award.objects.create(person=alice, family=family, level=level, earned_on=date(2026, 10, level))
    text = text_of(client.get("/alice"))
    assert "People moved Level 2 10 or more people who reacted · 2 Oct 2026" in text
    assert "People moved Level 1" not in text
    assert "Listed Level 1" in text


@pytest.mark.parametrize(
    ("handle", "address"),
    [
        ("alice", "https://x.com/alice"),
        ('"><script>', "https://x.com/%22%3E%3Cscript%3E"),
        ("../../evil", "https://x.com/..%2F..%2Fevil"),
    ],
)
def test_a_handle_of_a_network_is_text_from_outside(client: Client, alice, handle: str, address: str) -> None:
    Account.objects.filter(network="twitter").update(handle=handle)
    markup = client.get("/alice").content.decode()
    assert f'<a href="{address}" rel="me nofollow noopener">' in markup
    assert "<script>" not in markup


def test_a_link_to_a_server_is_made_only_where_it_is_https(client: Client, alice) -> None:
    alice.links.filter(account__network="mastodon").update(server="https://town.example/")
    assert '<a href="https://town.example/@alice"' in client.get("/alice").content.decode()
    alice.links.filter(account__network="mastodon").update(server="javascript:alert(1)//")
    assert "javascript:" not in client.get("/alice").content.decode()


def test_topics_lead_to_their_boards_and_hidden_ones_do_not_show(client: Client, alice) -> None:
    topics.choose(person=alice, chosen={"bees", "tea"}, hidden={"tea"}, at=AT)
    response = client.get("/alice")
    assert f'<a class="tag" href="{reverse("topic", args=["bees"])}">Bees</a>' in response.content.decode()
    assert "Chosen by Alice" in text_of(response)
    client.force_login(user_of(alice))
    for path in ("/alice", "/alice?as=public"):
        assert "/topics/tea" not in client.get(path).content.decode()
        assert ">Tea<" not in client.get(path).content.decode()


def test_a_style_is_told_in_words_and_drawn_or_honestly_not(client: Client, alice) -> None:
    response = client.get("/alice")
    assert "Style: Trail marker" in text_of(response)
    assert "Trail marker: column 4 of 4 from left, row 2" in response.content.decode()
    Component.objects.filter(feature__startswith="share").update(points=0.1)
    Component.objects.filter(feature__startswith="quote").update(points=0.0)
    assert "There is too little to tell a style by" in text_of(client.get("/alice"))


# ---------------------------------------------------------------- achievements that stand first


def shelf_of(client: Client) -> str:
    return text_of(client.get("/alice")).partition("Achievements Choose")[2].partition("About this number")[0]


def test_pinned_achievements_stand_first_and_a_higher_level_takes_the_place(client: Client, alice) -> None:
    for number, family in enumerate(("score", "people", "followers", "lists"), start=1):
        Award.objects.create(person=alice, family=family, level=1, earned_on=date(2026, 10, number))
    client.force_login(user_of(alice))
    response = client.post(reverse("pinned"), {"family": ["people"]})
    assert (response.status_code, response["Location"]) == (302, "/alice#achievements")
    shown = shelf_of(client)
    assert "The whole shelf, with 3 more" in shown
    assert ("People moved" in shown, "Listed" in shown) == (True, False)
    Award.objects.create(person=alice, family="people", level=2, earned_on=AS_OF)
    assert "People moved Level 2" in shelf_of(client)
    client.post(reverse("pinned"), {})
    assert "3 more" not in shelf_of(client)
    assert not Award.objects.exclude(pinned=None).exists()


def test_only_what_was_earned_is_pinned_and_six_at_most(client: Client, alice, monkeypatch) -> None:
    for family in ("score", "people"):
        Award.objects.create(person=alice, family=family, level=1, earned_on=AS_OF)
    client.force_login(user_of(alice))
    client.post(reverse("pinned"), {"family": ["lists", "score"]})
    assert set(Award.objects.exclude(pinned=None).values_list("family", flat=True)) == {"score"}
    monkeypatch.setattr(shelf, "MOST", 1)
    refused = client.post(reverse("pinned"), {"family": ["people", "score"]})
    assert refused.status_code == 422
    assert "at most 1" in text_of(refused)


def test_nobody_pins_for_somebody_else(client: Client, alice, join) -> None:
    Award.objects.create(person=alice, family="score", level=1, earned_on=AS_OF)
    client.force_login(user_of(join("Bob")))
    assert client.post(reverse("pinned") + "?person=alice", {"family": ["score"]}).status_code == 404
    assert Award.objects.filter(pinned=None).count() == 1


# ---------------------------------------------------------------- posts and people


def moment(person: Person, post: int, points: float) -> None:
    account = person.links.order_by("pk").first().account_id  # type: ignore[union-attr]
    at = datetime(2026, 10, post, 9, tzinfo=UTC)
    facts = {"points": points, "change": 0.0, "people": 3, "reactions": 4, "posted_at": at}
    Moment.objects.create(person=person, account=account, post=post, **facts)
    Post.objects.create(
        account=account, post=post, external_id=str(post), url=f"https://town.example/{post}", posted_at=at
    )


def test_the_three_posts_that_brought_most_are_named_but_those_that_are_hidden(client: Client, alice) -> None:
    for post in range(1, 6):
        moment(alice, post, post / 2)
    hidden = Moment.objects.get(post=5)
    HiddenMoment.objects.create(person=alice, account=hidden.account, post=5)
    markup = client.get("/alice").content.decode()
    assert re.findall(r"https://town\.example/(\d)", markup) == ["4", "3", "2"]
    assert "+2.00 points" in text_of(client.get("/alice"))
    assert f'href="{reverse("moments", args=["alice"])}"' in markup


def tie(influencer: Person, influencee: Person, weight: float = 1.0) -> None:
    Tie.objects.create(influencer=influencer, influencee=influencee, weight=weight, reactions=2, follows=False)


def test_members_who_move_and_are_moved_are_named_the_closest_first(client: Client, alice, join) -> None:
    bob, charlie = join("Bob"), join("Charlie")
    tie(bob, alice, 1.0)
    tie(charlie, alice, 2.0)
    tie(alice, bob)
    text = text_of(client.get("/alice"))
    movers, _, moved = text.partition("Whom Alice moves")
    assert movers.index("@Charlie") < movers.index("@Bob")
    assert "@Bob" in moved
    assert "@Charlie" not in moved


@pytest.mark.parametrize(
    "change",
    [{"visibility": "hidden"}, {"visibility": "members"}, {"birth_year": 2025}, {"shown": {"ties": "members"}}],
)
def test_who_may_not_be_seen_or_keeps_the_ties_is_counted_and_not_named(
    client: Client, alice, join, change: dict[str, Any]
) -> None:
    bob = join("Bob")
    tie(bob, alice)
    assert "@Bob" in text_of(client.get("/alice"))
    Person.objects.filter(pk=bob.pk).update(**change)
    text = text_of(client.get("/alice"))
    assert "Bob" not in text
    assert "1 member in all" in text


def test_members_see_members_among_the_ties(client: Client, alice, join) -> None:
    bob = join("Bob", visibility="members")
    tie(bob, alice)
    client.force_login(user_of(join("Charlie")))
    assert "@Bob" in text_of(client.get("/alice"))
    client.force_login(user_of(alice))
    assert "@Bob" in text_of(client.get("/alice"))
    assert "@Bob" not in text_of(client.get("/alice?as=public"))


# ---------------------------------------------------------------- comparing and sharing


def test_comparing_begins_with_oneself(client: Client, alice, join) -> None:
    address = reverse("compare")
    assert f'href="{address}?people=alice"' in client.get("/alice").content.decode()
    client.force_login(user_of(join("Bob")))
    assert f'href="{address}?people=bob,alice"' in client.get("/alice").content.decode()


# ---------------------------------------------------------------- quick, however much there is


def test_a_profile_takes_the_same_few_queries_however_much_there_is(
    client: Client, alice, join, django_assert_max_num_queries
) -> None:
    def queries(path: str) -> int:
        # Now and then a device is noted as seen.
        client.get(path)
        with django_assert_max_num_queries(12) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    client.force_login(user_of(alice))
    little = queries("/alice")
    rich = join("Bob", twitter="30", mastodon="31", facebook="32")
    publish_score(
        rich,
        history={day: 40.0 + day / 10 for day in range(1, 91)},
        features=[("reach", f"feature_{number}", 1.0, 0.1) for number in range(100)],
    )
    for family in ("score", "people", "followers", "lists", "networks"):
        Award.objects.create(person=rich, family=family, level=1, earned_on=AS_OF)
    assert Component.objects.filter(person=rich).count() == 303
    topics.choose(person=rich, chosen=[topic.slug for topic in Topic.objects.all()[:20]], hidden=(), at=AT)
    for number in range(1, 20):
        moment(rich, number, number / 3)
        fan = join(f"Fan{number}")
        tie(rich, fan, number / 2)
        tie(fan, rich, number / 3)
    # Each looks at their own.
    client.force_login(user_of(rich))
    assert queries("/bob") == little
    # And one at the other's, and somebody who is not logged in.
    assert queries("/alice") <= little
    client.logout()
    assert queries("/bob") <= little
