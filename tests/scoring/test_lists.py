"""Lists of people one keeps an eye on: nobody else sees them, nobody is told, who hides vanishes meanwhile."""

from datetime import timedelta

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import watching
from accounts.models import Notification, Person, User, Watched, WatchList
from tests.scoring.published import publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(join, client: Client) -> Person:
    """Who is logged in."""
    person = join("Alice", twitter="1")
    client.force_login(user_of(person))
    return person


@pytest.fixture
def friends(alice) -> WatchList:
    return watching.create(owner=alice, name="Friends", at=timezone.now())


def on(client: Client, watch_list: WatchList) -> list[str]:
    response = client.get(f"/lists/{watch_list.pk}")
    assert response.status_code == 200
    return [person.handle for person, _score, _change in response.context["rows"]]


def post(client: Client, watch_list: WatchList, action: str, **words: str):
    return client.post(f"/lists/{watch_list.pk}", {"action": action, **words})


def test_a_list_is_made_renamed_and_deleted(client: Client, alice) -> None:
    assert "No list yet" in text_of(client.get("/lists"))
    answer = client.post("/lists", {"name": "  Friends "})
    made = WatchList.objects.get(owner=alice)
    assert (made.name, answer["Location"]) == ("Friends", f"/lists/{made.pk}")
    assert "Friends 0 people" in text_of(client.get("/lists"))
    post(client, made, "rename", name="Rivals")
    assert "Rivals" in text_of(client.get("/lists"))
    assert post(client, made, "delete")["Location"] == "/lists"
    assert not WatchList.objects.exists()


def test_names_are_needed_short_and_used_once(client: Client, friends) -> None:
    for name, words in [
        ("Friends", "a list of this name already"),
        (" ", "Give the list a name"),
        ("x" * 61, "a name"),
    ]:
        assert words in text_of(client.post("/lists", {"name": name}))
    other = watching.create(owner=friends.owner, name="Rivals", at=timezone.now())
    assert "a list of this name already" in text_of(post(client, other, "rename", name="Friends"))
    assert sorted(WatchList.objects.values_list("name", flat=True)) == ["Friends", "Rivals"]


def test_people_are_added_by_handle_and_removed_and_are_not_told(client: Client, friends, join) -> None:
    bob = join("Bob", twitter="2")
    publish_score(bob, history={7: 20.0})
    post(client, friends, "add", handle=" @BOB ")
    post(client, friends, "add", handle="bob")
    assert on(client, friends) == ["Bob"]
    text = text_of(client.get(f"/lists/{friends.pk}"))
    assert f"Bob @Bob {bob.score.score:.1f} +{bob.score.score - 20:.1f}" in text
    assert not Notification.objects.exists()
    post(client, friends, "remove", handle="Bob")
    assert on(client, friends) == []


def test_who_is_not_there_or_oneself_is_not_added(client: Client, friends, join) -> None:
    join("Bob", visibility="hidden")
    for handle in ("bob", "nobody", "", "\x00", "bob\x00"):
        assert "There is nobody with this handle." in text_of(post(client, friends, "add", handle=handle))
    assert "That is you" in text_of(post(client, friends, "add", handle="alice"))
    assert not Watched.objects.exists()


def test_who_hides_vanishes_and_is_there_again_when_visible(client: Client, friends, join) -> None:
    bob = join("Bob")
    post(client, friends, "add", handle="bob")
    for change in ({"visibility": "hidden"}, {"visibility": "public", "birth_year": 2025}):
        Person.objects.filter(pk=bob.pk).update(**change)
        assert on(client, friends) == []
    Person.objects.filter(pk=bob.pk).update(birth_year=None)
    assert on(client, friends) == ["Bob"]


def test_nobody_else_sees_or_changes_a_list(client: Client, friends, join) -> None:
    bob = join("Bob")
    client.force_login(user_of(bob))
    assert client.get(f"/lists/{friends.pk}").status_code == 404
    assert post(client, friends, "delete").status_code == 404
    assert "Friends" not in text_of(client.get("/lists"))
    client.logout()
    assert client.get(f"/lists/{friends.pk}")["Location"].startswith("/accounts/login/")
    assert WatchList.objects.filter(pk=friends.pk).exists()


def test_there_are_bounds(client: Client, friends, join, monkeypatch) -> None:
    assert (watching.MOST_LISTS, watching.MOST_PEOPLE) == (50, 500)
    monkeypatch.setattr(watching, "MOST_LISTS", 1)
    monkeypatch.setattr(watching, "MOST_PEOPLE", 1)
    join("Bob")
    join("Charlie")
    assert "50 lists" in text_of(client.post("/lists", {"name": "Rivals"}))
    post(client, friends, "add", handle="bob")
    with pytest.raises(watching.ListFull):
        watching.add(watch_list=friends, handle="charlie", user=user_of(friends.owner), at=timezone.now())
    assert on(client, friends) == ["Bob"]


def test_the_highest_scores_come_first_and_the_first_four_can_be_compared(client: Client, friends, join) -> None:
    for number in range(6):
        person = join(f"person{number}")
        Watched.objects.create(watch_list=friends, person=person, added_at=timezone.now())
        if number != 5:
            publish_score(person, features=[("reach", "follow_actors_ever", 1.0, 2.0 + number)])
    person = Person.objects.get(handle="person4")
    person.score.score = 50.0
    person.score.save()
    response = client.get(f"/lists/{friends.pk}")
    # None of them is linked anywhere, so that all but one stand at 1; who has no score stands last.
    assert on(client, friends) == ["person4", "person0", "person1", "person2", "person3", "person5"]
    assert "/compare?people=person4,person0,person1,person2" in response.content.decode()


def test_a_list_takes_few_queries_and_goes_on_by_pages(
    client: Client, friends, join, django_assert_max_num_queries
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(12) as captured:
            client.get(f"/lists/{friends.pk}")
        return len(captured)

    def add(number: int) -> None:
        person = join(f"person{number}")
        publish_score(person, history={7: 1.0})
        Watched.objects.create(watch_list=friends, person=person, added_at=timezone.now() + timedelta(seconds=number))

    add(0)
    few = queries()
    for number in range(1, 5):
        add(number)
    assert queries() == few
    from scoring.views import lists

    lists.PAGE, before = 3, lists.PAGE
    try:
        pages = [client.get(f"/lists/{friends.pk}?page={number}").context["rows"] for number in (1, 2)]
        beyond = client.get(f"/lists/{friends.pk}?page=99").context["rows"]
    finally:
        lists.PAGE = before
    assert [len(page) for page in pages] == [3, 2]
    assert beyond == pages[1]


def test_what_was_typed_stays_where_it_was_wrong(client: Client, friends) -> None:
    client.force_login(user_of(friends.owner))
    assert 'value="nobodyhere" autofocus' in post(client, friends, "add", handle="nobodyhere").content.decode()
    page = post(client, friends, "rename", name="x" * 61).content.decode()
    assert f'value="{"x" * 61}"' in page
    assert "<h1>Friends</h1>" in page


# ---------------------------------------------------------------- the button on profiles


def button(person: Person, user: User | None) -> str:
    request = RequestFactory().get("/bob")
    from django.contrib.auth.models import AnonymousUser

    request.user = user or AnonymousUser()
    return Template("{% load lists %}{% watch_button person %}").render(Context({"request": request, "person": person}))


def test_the_button_adds_and_removes_and_leads_back(client: Client, friends, join) -> None:
    bob, alices = join("Bob"), user_of(friends.owner)
    assert "Put on “Friends”" in button(bob, alices)
    assert post(client, friends, "add", handle="Bob", next="/bob")["Location"] == "/bob"
    assert "Take off “Friends”" in button(bob, alices)
    assert (
        post(client, friends, "remove", handle="Bob", next="//elsewhere.example")["Location"] == f"/lists/{friends.pk}"
    )
    assert "Put on “Friends”" in button(bob, alices)


def test_the_button_makes_a_first_list(client: Client, alice, join) -> None:
    bob = join("Bob")
    assert "Put on a new list" in button(bob, user_of(alice))
    client.post("/lists", {"name": "People I watch", "handle": "Bob", "next": "/bob"})
    assert Watched.objects.get().person == bob


def test_the_button_stands_on_profiles_of_others(client: Client, friends, join) -> None:
    join("Bob")
    client.force_login(user_of(friends.owner))
    assert "Put on “Friends”" in client.get("/bob").content.decode()
    assert "Keep an eye on" not in client.get("/alice").content.decode()
    assert "Keep an eye on" not in Client().get("/bob").content.decode()


def test_visitors_and_oneself_get_no_button(alice, join) -> None:
    assert button(join("Bob"), None).strip() == ""
    assert button(alice, user_of(alice)).strip() == ""
