"""Search: who is found, by which words, in which order, and who never is; whatever way the rows were written."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Erasure, Findable, LinkedAccount, Person
from scoring import finding, rankings
from scoring.models import Topic
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


def found(client: Client, asked: str) -> list[str]:
    """The handles of the people that a search lists, in order."""
    response = client.get("/search", {"q": asked})
    assert response.status_code == 200
    return [one.person.handle for one in response.context["answer"].people]


def named(person: Person, name: str) -> Person:
    Person.objects.filter(pk=person.pk).update(name=name)
    return person


# ---------------------------------------------------------------- by which words


@pytest.mark.parametrize(
    "asked", ["Zoë Müller-Łukasz", "zoe", "MULLER", "lukasz", "muller zoe", "mül", "@zoe_m", "ZOE_M", "zoem", "zoe m"]
)
def test_people_are_found_by_parts_of_name_and_handle_whatever_the_accents(client: Client, join, asked: str) -> None:
    named(join("zoe_m"), "Zoë Müller-Łukasz")
    join("Bob")
    assert found(client, asked) == ["zoe_m"]


@pytest.mark.parametrize(
    "asked", ["charlie", "carlie", "charllie", "chralie", "chaxlie", "charli", "charlei", "almeyda", "charlie almeda"]
)
def test_a_slip_of_the_finger_is_forgiven(client: Client, join, asked: str) -> None:
    named(join("charlie"), "Charlie Almeida")
    named(join("bob"), "Bob Baker")
    assert found(client, asked) == ["charlie"]


def test_longer_names_forgive_more(client: Client, join) -> None:
    named(join("arnold"), "Arnold Schwarzenegger")
    assert found(client, "schwartzeneger") == ["arnold"]


def test_nothing_like_it_is_not_found(client: Client, join) -> None:
    named(join("charlie"), "Charlie Almeida")
    assert found(client, "xqzvwpt") == []
    assert "Nothing found for “xqzvwpt”" in text_of(client.get("/search?q=xqzvwpt"))


def test_other_alphabets_are_found_too(client: Client, join) -> None:
    named(join("ivan"), "Иван Петров")
    named(join("taro"), "山田 太郎")
    assert found(client, "петров") == ["ivan"]
    assert found(client, "山田") == ["taro"]


@pytest.mark.parametrize("asked", ["'", "& | !", "a:*", "%", "\\", "\x00", "<script>", "()", "x" * 3000])
def test_signs_are_no_commands(client: Client, join, asked: str) -> None:
    join("Bob")
    assert found(client, asked) == []


def test_the_exact_handle_comes_first_then_words_then_beginnings_then_what_is_similar(client: Client, join) -> None:
    for handle, name in [("anna", "Q"), ("q1", "Anna Smith"), ("q2", "Annabel"), ("q3", "Ana")]:
        named(join(handle), name)
    assert found(client, "anna") == ["anna", "q1", "q2"]
    assert found(client, "annab") == ["q2", "anna", "q1"]


def test_among_equal_matches_the_higher_score_comes_first(client: Client, join) -> None:
    alice, bob, charlie = (join(handle, twitter=handle) for handle in ("alice", "bob", "charlie"))
    for person in (alice, bob, charlie):
        named(person, "Kim Lee")
    publish_score(bob)
    publish_score(charlie, features=[("reach", "follow_actors_ever", 1.0, 2.0)])
    assert found(client, "kim") == ["bob", "charlie", "alice"]


def test_the_foremost_are_found_first_and_the_rest_all_the_same(client: Client, join, monkeypatch) -> None:
    people = [join(f"person{letter}", twitter=letter) for letter in "abc"]
    for number, person in enumerate(people):
        named(person, "Kim Lee")
        publish_score(person, features=[("reach", "follow_actors_ever", 1.0, 2.0 + number)])
    monkeypatch.setattr(rankings, "FOREMOST", 1)
    monkeypatch.setattr(rankings, "KNOWN", 2)
    rankings.write(as_of=AS_OF)
    assert sorted(Findable.objects.values_list("tier", flat=True)) == [0, 1, 2]
    assert found(client, "kim") == found(client, "kmi") == ["personc", "personb", "persona"]


# ---------------------------------------------------------------- networks


@pytest.mark.parametrize("asked", ["tidewatcher", "@tidewatcher@town.example", "tidewatch", "tidewathcer"])
def test_people_are_found_by_a_handle_on_a_network_which_is_told(client: Client, join, asked: str) -> None:
    alice = join("Alice", mastodon="1")
    Account.objects.update(handle="tidewatcher@town.example")
    assert found(client, asked) == [alice.handle]
    text = text_of(client.get("/search", {"q": "tidewatcher"}))
    assert "@tidewatcher@town.example on Mastodon" in text


def test_the_server_of_a_handle_finds_nobody(client: Client, join) -> None:
    join("Alice", mastodon="1")
    Account.objects.update(handle="tidewatcher@town.example")
    assert found(client, "town") == []


@pytest.mark.parametrize(("who", "visitor", "member"), [("members", [], ["Alice"]), ("hidden", [], [])])
def test_networks_that_are_kept_from_somebody_find_nobody_for_them(
    client: Client, join, who: str, visitor: list[str], member: list[str]
) -> None:
    alice, bob = join("Alice", twitter="1"), join("Bob")
    Account.objects.update(handle="tidewatcher")
    Person.objects.filter(pk=alice.pk).update(shown={"networks": who})
    assert found(client, "tidewatcher") == found(client, "tidewacher") == visitor
    client.force_login(user_of(bob))
    assert found(client, "tidewatcher") == member


# ---------------------------------------------------------------- who is never found


@pytest.mark.parametrize(
    "change",
    [
        {"visibility": "hidden"},
        {"visibility": "members"},
        {"birth_year": 2025},
        {"shown": {"search": "hidden"}},
        {"shown": {"search": "members"}},
        {"shown": {"search": "nonsense"}},
        "unclaimed",
        "erasing",
        "erased",
    ],
)
def test_who_may_not_be_seen_is_not_found_by_anything(client: Client, join, change) -> None:
    alice = named(join("Alice", twitter="1"), "Alice Almeida")
    assert found(client, "alice") == ["Alice"]
    if change == "unclaimed":
        alice.membership_set.all().delete()
    elif change == "erasing":
        at = timezone.now()
        Erasure.objects.create(person=alice, requested_at=at, due_at=at, visibility="public")
    elif change == "erased":
        alice.delete()
    else:
        Person.objects.filter(pk=alice.pk).update(**change)
    for asked in ("alice", "Almeida", "alic", "alcie"):
        assert found(client, asked) == [], asked
    assert client.get("/search?q=alice").context["answer"].guesses == []


def test_members_find_who_is_for_members(client: Client, join) -> None:
    Person.objects.filter(pk=join("Alice").pk).update(shown={"search": "members"})
    client.force_login(user_of(join("Bob")))
    assert found(client, "alice") == found(client, "alcie") == ["Alice"]


def test_guesses_are_of_people_who_may_be_found(client: Client, join) -> None:
    alice = named(join("Alice", twitter="1"), "Alice Almeida")
    publish_score(alice)
    rankings.write(as_of=AS_OF)
    guesses = client.get("/search?q=almarudo").context["answer"].guesses
    assert [one.person.handle for one in guesses] == ["Alice"]
    assert "Did you mean one of these?" in text_of(client.get("/search?q=almarudo"))
    Person.objects.filter(pk=alice.pk).update(visibility="hidden")
    assert client.get("/search?q=almarudo").context["answer"].guesses == []


# ---------------------------------------------------------------- kept by the database


def test_bulk_writes_and_plain_sql_are_followed(client: Client, join) -> None:
    alice, bob = join("Alice", twitter="1"), join("Bob")
    Person.objects.bulk_update([Person(pk=alice.pk, name="Dora Delgado")], ["name"])
    assert found(client, "delgado") == ["Alice"]
    assert found(client, "alice") == ["Alice"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_account SET handle = 'tidewatcher'")
    assert found(client, "tidewatcher") == ["Alice"]
    LinkedAccount.objects.update(person=bob)
    assert found(client, "tidewatcher") == ["Bob"]
    LinkedAccount.objects.all().delete()
    assert found(client, "tidewatcher") == []
    Person.objects.filter(pk=alice.pk).update(visibility="hidden")
    assert not Findable.objects.filter(person=alice).exists()
    Person.objects.filter(pk=alice.pk).update(visibility="public")
    assert found(client, "delgado") == ["Alice"]


def test_an_account_of_nobody_makes_nobody_findable(client: Client, join) -> None:
    join("Alice")
    account = Account.objects.create(network="twitter", external_id="5", handle="tidewatcher")
    Account.objects.filter(pk=account.pk).update(handle="stormwatcher")
    assert found(client, "stormwatcher") == found(client, "tidewatcher") == []


def test_what_nobody_is_to_know_stays_out_of_what_is_kept(client: Client, join) -> None:
    alice = join("Alice", twitter="1")
    Account.objects.update(handle="tidewatcher")
    Person.objects.filter(pk=alice.pk).update(shown={"networks": "hidden"})
    row = Findable.objects.get(person=alice)
    assert "tidewatcher" not in row.words + row.text


# ---------------------------------------------------------------- topics, the page


def test_topics_are_found_in_any_language_and_lead_to_their_page(client: Client) -> None:
    Topic.objects.create(slug="tide-tables", name="Tide tables", names={"de": "Gezeitentafeln"})
    for asked in ("tide", "tables", "Gezeiten", "gezeitentafel", "tide tabels"):
        response = client.get("/search", {"q": asked})
        assert 'href="/topics/tide-tables"' in response.content.decode(), asked


def test_htmx_gets_the_results_alone(client: Client, join) -> None:
    join("Alice")
    page = client.get("/search?q=alice")
    alone = client.get("/search?q=alice", headers={"HX-Request": "true"})
    assert "<html" in page.content.decode()
    assert "<html" not in alone.content.decode()
    assert "@Alice" in alone.content.decode()
    assert "HX-Request" in page["Vary"]
    assert "HX-Request" in alone["Vary"]


def test_an_empty_search_says_what_can_be_found(client: Client) -> None:
    assert "What can be found" in text_of(client.get("/search"))
    assert "Nothing found" not in text_of(client.get("/search?q=+"))


def test_a_search_takes_few_queries_however_many_are_found(client: Client, join, django_assert_max_num_queries) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(12) as captured:
            client.get("/search?q=kim")
        return len(captured)

    named(join("person0", twitter="0"), "Kim Lee")
    client.force_login(user_of(join("Alice")))
    few = queries()
    for number in range(1, 20):
        named(join(f"person{number}", twitter=str(number)), "Kim Lee")
    Account.objects.update(handle="somebody")
    assert queries() <= few
    with django_assert_max_num_queries(12):
        client.get("/search?q=xqzvwpt")


def test_search_only_allows_reading(client: Client) -> None:
    assert client.post("/search").status_code == 405


def test_today_counts_for_who_is_old_enough(client: Client, join) -> None:
    year = datetime.now(UTC).year
    Person.objects.filter(pk=join("Alice").pk).update(birth_year=year - 17)
    Person.objects.filter(pk=join("Alicia").pk).update(birth_year=year - 16)
    assert found(client, "alic") == ["Alice"]


def test_of_several_words_short_ones_tell_by_their_beginning_among_the_known_alone(monkeypatch) -> None:
    """Among a million, everybody whose name begins with some letter would be gone through for each of the words."""
    asked: dict[str, str] = {}
    monkeypatch.setattr(finding, "run", lambda _steps, parameters, _limit: asked.update(parameters) or [])
    finding.matching("a b", ["a", "b", "cha"], member=True)
    assert (asked["begun"].count("*"), asked["rest"].count("*")) == (3, 1)
    finding.matching("a", ["a"], member=True)
    assert asked["rest"].count("*") == 1
