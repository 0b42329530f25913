"""Leaderboards: who has which place, who is left out, one's own place, and pages by key."""

from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Erasure, Membership, Person
from scoring import boards, rankings
from scoring.models import PersonTopic, Ranking, Score, Tie, Topic
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def scored(join):
    """scored("Alice", 50.04) makes a member with that score; more words are the person's."""

    def scored(handle: str, score: float, **words) -> Person:
        person = join(handle)
        publish_score(person)
        Score.objects.filter(person=person).update(score=score)
        Person.objects.filter(pk=person.pk).update(**words)
        person.refresh_from_db()
        return person

    return scored


def places(client: Client, path: str = "/leaderboards") -> list[tuple[int, str]]:
    response = client.get(path)
    assert response.status_code == 200
    return [(line.place, line.person.handle) for line in response.context["page"].lines]


def rank() -> None:
    rankings.write(as_of=AS_OF)


# ---------------------------------------------------------------- places


def test_equal_scores_as_shown_share_a_place_and_the_next_comes_after_all_of_them(client: Client, scored) -> None:
    for handle, score in [("Alice", 60.0), ("Bob", 50.04), ("Charlie", 49.96), ("Dora", 41.25), ("Emil", 41.2)]:
        scored(handle, score)
    rank()
    # 41.25 is written as 41.2: both stand at place 4.
    assert places(client) == [(1, "Alice"), (2, "Bob"), (2, "Charlie"), (4, "Dora"), (4, "Emil")]


def test_places_follow_the_scores_of_the_next_run(client: Client, scored) -> None:
    alice = scored("Alice", 60.0)
    scored("Bob", 50.0)
    rank()
    Score.objects.filter(person=alice).update(score=40.0)
    rank()
    assert places(client) == [(1, "Bob"), (2, "Alice")]
    Score.objects.filter(person=alice).delete()
    rank()
    assert places(client) == [(1, "Bob")]


@pytest.mark.parametrize(
    "change",
    [
        {"visibility": "hidden"},
        {"shown": {"leaderboards": "hidden"}},
        {"shown": {"leaderboards": "nonsense"}},
        {"birth_year": 2025},
        "unclaimed",
        "erasing",
    ],
)
def test_who_may_not_be_seen_has_no_place_and_vanishes_at_once(client: Client, scored, change) -> None:
    alice, bob = scored("Alice", 60.0, country="PT"), scored("Bob", 50.0, country="PT")
    topic = Topic.objects.create(slug="tide-tables", name="Tide tables")
    for person in (alice, bob):
        PersonTopic.objects.create(person=person, topic=topic, chosen=True, added_at=timezone.now())
    rank()
    if change == "unclaimed":
        alice.membership_set.all().delete()
    elif change == "erasing":
        at = timezone.now()
        Erasure.objects.create(person=alice, requested_at=at, due_at=at, visibility="public")
    else:
        Person.objects.filter(pk=alice.pk).update(**change)
    for path in ("/leaderboards", "/leaderboards/country/PT", "/leaderboards/topic/tide-tables"):
        assert places(client, path) == [(2, "Bob")]
    rank()
    for path in ("/leaderboards", "/leaderboards/country/PT", "/leaderboards/topic/tide-tables"):
        assert places(client, path) == [(1, "Bob")]
    assert not Ranking.objects.filter(person=alice).exists()


@pytest.mark.parametrize("change", [{"visibility": "members"}, {"shown": {"leaderboards": "members"}}])
def test_members_see_who_is_for_members(client: Client, scored, change) -> None:
    scored("Alice", 60.0, **change)
    bob = scored("Bob", 50.0)
    rank()
    assert places(client) == [(2, "Bob")]
    client.force_login(user_of(bob))
    assert places(client) == [(1, "Alice"), (2, "Bob")]


def test_countries_have_places_of_their_own_and_a_list(client: Client, scored) -> None:
    for handle, score, country in [("Alice", 60.0, "PT"), ("Bob", 50.0, "IS"), ("Charlie", 40.0, "IS")]:
        scored(handle, score, country=country)
    rank()
    assert places(client, "/leaderboards/country/IS") == [(1, "Bob"), (2, "Charlie")]
    assert [code for _name, code in client.get("/leaderboards").context["countries"]] == ["IS", "PT"]
    assert client.get("/leaderboards?country=IS")["Location"] == "/leaderboards/country/IS"
    assert client.get("/leaderboards/country/is")["Location"] == "/leaderboards/country/IS"
    assert client.get("/leaderboards/country/XX").status_code == 404
    assert "Nobody has a place here yet" in text_of(client.get("/leaderboards/country/DE"))


@pytest.mark.parametrize("hide", [{"hidden": True}, {"shown": {"topics": "hidden"}}])
def test_topics_show_who_shows_that_they_have_it(client: Client, scored, hide) -> None:
    topic = Topic.objects.create(slug="tide-tables", name="Tide tables")
    people = [scored("Alice", 60.0), scored("Bob", 50.0)]
    scored("Charlie", 40.0)
    for person in people:
        PersonTopic.objects.create(person=person, topic=topic, chosen=True, added_at=timezone.now())
    rank()
    assert places(client, "/leaderboards/topic/tide-tables") == [(1, "Alice"), (2, "Bob")]
    topic.refresh_from_db()
    assert topic.ranked == 2
    if "hidden" in hide:
        PersonTopic.objects.filter(person=people[0]).update(**hide)
    else:
        Person.objects.filter(pk=people[0].pk).update(**hide)
    assert places(client, "/leaderboards/topic/tide-tables") == [(2, "Bob")]
    rank()
    assert places(client, "/leaderboards/topic/tide-tables") == [(1, "Bob")]
    assert client.get("/leaderboards/topic/nothing").status_code == 404


def test_organisations_and_people_can_be_shown_alone(client: Client, scored) -> None:
    scored("Alice", 60.0, country="PT")
    scored("Larkhaven", 50.0, kind="organisation", country="PT")
    rank()
    for path in ("/leaderboards", "/leaderboards/country/PT"):
        assert places(client, f"{path}?kind=organisation") == [(2, "Larkhaven")]
        assert places(client, f"{path}?kind=person") == [(1, "Alice")]
        assert places(client, f"{path}?kind=nonsense") == [(1, "Alice"), (2, "Larkhaven")]


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize("score", [None, 40.0])
def test_pages_by_key_show_everybody_once(client: Client, scored, monkeypatch, score: float | None) -> None:
    monkeypatch.setattr(boards, "PAGE", 3)
    monkeypatch.setattr(boards, "READ_AT_FIRST", 4)
    people = [scored(f"person{number}", score or 60.0 - number) for number in range(11)]
    rank()
    Person.objects.filter(pk__in=[people[number].pk for number in (0, 3, 4, 5, 6)]).update(visibility="hidden")
    path, seen = "/leaderboards", []
    for _ in range(5):
        page = client.get(path).context["page"]
        seen += [line.person.handle for line in page.lines]
        if not page.after:
            break
        path = f"/leaderboards?after={page.after}"
    assert sorted(seen) == sorted(f"person{number}" for number in (1, 2, 7, 8, 9, 10))
    assert len(seen) == 6


@pytest.mark.parametrize("after", ["nonsense", "-1", "99999999999999999999", "1,\x00", "5,nobody", ","])
def test_any_key_is_answered(client: Client, scored, after: str) -> None:
    scored("Alice", 60.0)
    rank()
    assert client.get("/leaderboards", {"after": after}).status_code == 200


# ---------------------------------------------------------------- one's own place


def test_ones_own_place_is_told_with_how_far_it_is_to_the_next(client: Client, scored) -> None:
    scored("Alice", 60.0, country="PT")
    scored("Bob", 50.31, country="IS")
    charlie = scored("Charlie", 49.96, country="IS")
    rank()
    client.force_login(user_of(charlie))
    response = client.get("/leaderboards")
    assert "You are at place 3 0.3 to place 2" in text_of(response)
    assert 'aria-current="true">' in response.content.decode()
    assert "You are at place 2 0.3 to place 1" in text_of(client.get("/leaderboards/country/IS"))
    assert "You are in the list of another country." in text_of(client.get("/leaderboards/country/PT"))
    client.force_login(user_of(Person.objects.get(handle="Alice")))
    assert "You are at place 1 Nobody stands above you." in text_of(client.get("/leaderboards"))


def test_who_joined_after_the_last_run_is_told_where_they_would_stand(client: Client, scored, join) -> None:
    scored("Alice", 60.0)
    scored("Bob", 50.0)
    rank()
    charlie = scored("Charlie", 55.0)
    client.force_login(user_of(charlie))
    assert "You would stand at place 2." in text_of(client.get("/leaderboards"))
    client.force_login(user_of(join("Dora")))
    assert "You have no score yet" in text_of(client.get("/leaderboards"))


def test_who_left_is_told_the_place_they_had_also_where_nobody_stands_below(client: Client, scored) -> None:
    scored("Alice", 60.0)
    bob = scored("Bob", 50.0)
    scored("Charlie", 50.0)
    dora = scored("Dora", 40.0)
    rank()
    for person, place in ((dora, 4), (bob, 2)):
        client.force_login(user_of(person))
        assert f"You are at place {place}" in text_of(client.get("/leaderboards"))
        response = client.post("/leaderboards", {"action": "leave"}, follow=True)
        assert f"You would stand at place {place}; only you see this." in text_of(response)


def test_who_came_back_waits_for_the_next_count_in_their_country_and_topics_too(client: Client, scored) -> None:
    alice = scored("Alice", 60.0, country="PT")
    scored("Bob", 50.0, country="IS")
    topic = Topic.objects.create(slug="tides", name="Tides")
    PersonTopic.objects.create(person=alice, topic=topic, chosen=True, added_at=timezone.now())
    Topic.objects.create(slug="boats", name="Boats")
    rank()
    client.force_login(user_of(alice))
    client.post("/leaderboards", {"action": "leave"})
    response = client.post("/leaderboards", {"action": "come back", "next": "/leaderboards/country/PT"}, follow=True)
    waits = "Counts from the next daily run on. Leave me out"
    assert waits in text_of(response)
    assert waits in text_of(client.get("/leaderboards/topic/tides"))
    assert "You are in the list of another country." in text_of(client.get("/leaderboards/country/IS"))
    assert "This is none of your topics so far." in text_of(client.get("/leaderboards/topic/boats"))


@pytest.mark.parametrize("back", ["0", "2026-11-01:9", "a\x00b", "//elsewhere.example", "http://["])
def test_where_a_form_goes_on_is_a_page_of_this_site(client: Client, scored, back: str) -> None:
    client.force_login(user_of(scored("Alice", 60.0)))
    assert client.post("/leaderboards", {"action": "leave", "next": back})["Location"] == "/leaderboards"
    assert client.post("/lists", {"name": "Friends", "next": back})["Location"].startswith("/lists/")


def test_leaving_takes_effect_at_once_and_can_be_undone(client: Client, scored) -> None:
    alice = scored("Alice", 60.0)
    scored("Bob", 50.0)
    Person.objects.filter(pk=alice.pk).update(shown={"chart": "members"})
    rank()
    visitor = Client()
    client.force_login(user_of(alice))
    response = client.post("/leaderboards", {"action": "leave"}, follow=True)
    assert "You are on no leaderboard any more." in text_of(response)
    assert "You are left out, as you asked for." in text_of(response)
    assert places(visitor) == [(2, "Bob")]
    alice.refresh_from_db()
    assert alice.shown == {"chart": "members", "leaderboards": "hidden"}
    rank()
    assert places(visitor) == [(1, "Bob")]
    client.post("/leaderboards", {"action": "come back"})
    rank()
    assert places(visitor) == [(1, "Alice"), (2, "Bob")]
    alice.refresh_from_db()
    assert alice.shown == {"chart": "members"}


def test_nobody_else_can_take_a_person_off(client: Client, scored) -> None:
    alice = scored("Alice", 60.0)
    assert client.post("/leaderboards", {"action": "leave"})["Location"].startswith("/accounts/login/")
    Membership.objects.filter(person=alice).update(role="viewer")
    client.force_login(user_of(alice))
    assert client.post("/leaderboards", {"action": "leave"}).status_code == 404
    alice.refresh_from_db()
    assert alice.shown == {}


def test_it_leads_back_to_this_site_alone(client: Client, scored) -> None:
    client.force_login(user_of(scored("Alice", 60.0)))
    answer = client.post("/leaderboards", {"action": "leave", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/leaderboards"


# ---------------------------------------------------------------- people one follows


def test_people_one_follows_are_placed_among_themselves_with_oneself(client: Client, scored) -> None:
    alice, bob, charlie, dora = (
        scored(handle, score) for handle, score in [("Alice", 60.0), ("Bob", 50.0), ("Charlie", 40.0), ("Dora", 30.0)]
    )
    for influencer, follows in [(bob, True), (dora, True), (alice, False)]:
        Tie.objects.create(influencer=influencer, influencee=charlie, weight=1.0, reactions=3, follows=follows)
    Tie.objects.create(influencer=charlie, influencee=alice, weight=1.0, reactions=3, follows=True)
    rank()
    assert client.get("/leaderboards/following").status_code == 302
    client.force_login(user_of(charlie))
    assert places(client, "/leaderboards/following") == [(1, "Bob"), (2, "Charlie"), (3, "Dora")]
    Person.objects.filter(pk=bob.pk).update(visibility="hidden")
    assert places(client, "/leaderboards/following") == [(1, "Charlie"), (2, "Dora")]


def test_following_nobody_here_says_what_to_do(client: Client, scored) -> None:
    alice = scored("Alice", 60.0)
    rank()
    client.force_login(user_of(alice))
    text = text_of(client.get("/leaderboards/following"))
    assert "Nobody whom you follow is here yet" in text
    assert "Link a network" in text


# ---------------------------------------------------------------- the page


def test_it_says_of_which_day_it_is_and_what_to_do_where_it_is_empty(client: Client, scored) -> None:
    assert "No places so far" in text_of(client.get("/leaderboards"))
    scored("Alice", 60.0)
    rank()
    assert "As of 1 November 2026" in text_of(client.get("/leaderboards"))


@pytest.mark.parametrize(
    "path",
    ["/leaderboards", "/leaderboards?after=1,person1", "/leaderboards/country/PT", "/leaderboards/topic/tide-tables"],
)
def test_boards_take_few_queries_however_long(client: Client, scored, path, django_assert_max_num_queries) -> None:
    topic = Topic.objects.create(slug="tide-tables", name="Tide tables")

    def add(number: int) -> Person:
        person = scored(f"person{number}", 60.0 - number, country="PT")
        PersonTopic.objects.create(person=person, topic=topic, chosen=True, added_at=timezone.now())
        return person

    def queries() -> int:
        rank()
        with django_assert_max_num_queries(12) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    add(1)
    client.force_login(user_of(add(2)))
    few = queries()
    for number in range(3, 12):
        add(number)
    assert queries() == few


def test_the_daily_run_gives_places(client: Client, join, happen) -> None:
    from datetime import UTC, datetime

    from scoring import daily
    from tests.scoring.conftest import names, replies

    join("Alice", twitter="1")
    join("Bob", twitter="2")
    happen([*replies("1", names("fan", 30)), *replies("2", names("fan", 3))])
    daily.run(as_of=date(2026, 11, 1), at=datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert places(client) == [(1, "Alice"), (2, "Bob")]
