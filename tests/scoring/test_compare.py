"""People beside each other: one address for the same people, nothing that is kept back, few queries."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import FormerHandle, Person, Watched, WatchList
from scoring.models import ScoreHistory
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(join) -> dict[str, Person]:
    found = {}
    for number, name in enumerate(("Alice", "Bob", "Charlie", "Dora", "Erin")):
        found[name] = join(name, twitter=str(number))
        publish_score(found[name], history=dict.fromkeys(range(1, 40), 30.0 + number))
        Person.objects.filter(pk=found[name].pk).update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    return found


def address(*handles: str, days: str = "90") -> str:
    return f"/compare?people={','.join(handles)}&days={days}"


def lines_of(response: Any) -> list[dict[str, Any]]:
    found = re.findall(r'<script id="chart-data" type="application/json">([^<]*)</script>', response.content.decode())
    return json.loads(found[0])["lines"] if found else []


def row_of(response: Any, name: str) -> list[str]:
    """The cells of the table's row with this name."""
    markup = response.content.decode()
    [cells] = re.findall(rf'<th scope="row">{name}</th>(.*?)</tr>', markup, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub("<[^>]+>", "", cell)).strip() for cell in re.findall(r"<td.*?</td>", cells)]


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "asked",
    [
        "?people=bob,alice",
        "?people=bob&people=alice&days=90",
        "?people=Alice,@BOB&days=90",
        "?people=alice%2Cbob&days=90",
        "?people=alice,bob,alice&days=90",
        "?days=90&people=alice,bob",
        "?people=alice+bob&days=x",
        "?people=alice,bob&days=90&utm_source=x",
    ],
)
def test_the_same_people_have_one_address(client: Client, people, asked: str) -> None:
    response = client.get(f"/compare{asked}")
    assert (response.status_code, response["Location"]) == (302, address("alice", "bob"))
    assert client.get(response["Location"]).status_code == 200


@pytest.mark.parametrize("asked", ["?people=", "?people=%00,//evil.example", "?days=30", "?people=-,."])
def test_an_address_without_anybody_leads_to_the_form(client: Client, asked: str) -> None:
    response = client.get(f"/compare{asked}")
    assert (response.status_code, response["Location"]) == (302, "/compare")
    assert "Whom? Handles, with commas between them" in text_of(client.get("/compare"))


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/compare").status_code == 405


def test_five_are_too_many_and_it_says_so(client: Client, people) -> None:
    response = client.get(address("alice", "bob", "charlie", "dora", "erin"))
    assert "No more than 4 fit beside each other" in text_of(response)
    assert [line["label"] for line in lines_of(response)] == ["Alice", "Bob", "Charlie", "Dora"]
    assert "Erin" not in text_of(response)


def test_people_are_added_by_a_form_and_removed_by_links(client: Client, people) -> None:
    markup = client.get(address("alice", "bob")).content.decode()
    assert '<input type="hidden" name="people" value="alice,bob">' in markup
    assert 'href="?people=bob&amp;days=90">Remove<span class="unseen"> Alice</span>' in markup
    full = client.get(address("alice", "bob", "charlie", "dora")).content.decode()
    assert 'name="people"' not in full


def test_who_is_logged_in_is_offered_to_be_added(client: Client, people) -> None:
    client.force_login(user_of(people["Bob"]))
    assert 'href="?people=alice,bob&amp;days=90"' in client.get(address("alice")).content.decode()
    assert "Add me" not in text_of(client.get(address("alice", "bob")))
    assert 'href="?people=bob&amp;days=90"' in client.get("/compare").content.decode()


def test_people_on_ones_lists_are_offered_while_they_may_be_seen(client: Client, people) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    mine = WatchList.objects.create(owner=people["Bob"], name="Sailors", created_at=now)
    theirs = WatchList.objects.create(owner=people["Alice"], name="Bakers", created_at=now)
    for watch_list, name in [(mine, "Charlie"), (mine, "Dora"), (theirs, "Erin")]:
        Watched.objects.create(watch_list=watch_list, person=people[name], added_at=now)
    assert "From your lists" not in text_of(client.get(address("alice")))
    client.force_login(user_of(people["Bob"]))
    markup = client.get(address("alice")).content.decode()
    assert 'href="?people=alice,charlie&amp;days=90"' in markup
    assert 'href="?people=alice,dora&amp;days=90"' in markup
    assert "Erin" not in markup
    Person.objects.filter(handle="Dora").update(visibility="hidden")
    assert "Dora" not in client.get(address("alice")).content.decode()


# ---------------------------------------------------------------- who is seen


@pytest.mark.parametrize("change", [{"visibility": "hidden"}, {"visibility": "members"}, {"birth_year": 2025}])
def test_who_may_not_be_seen_is_not_found_like_who_does_not_exist(client: Client, people, change: Any) -> None:
    Person.objects.filter(handle="Bob").update(**change)
    hidden = client.get(address("alice", "bob"))
    unknown = client.get(address("alice", "boz"))
    assert "Not found: @bob." in text_of(hidden)
    assert hidden.content.decode().replace("@bob", "@boz") == unknown.content.decode()


def test_who_is_not_found_is_named_once_and_not_kept_in_links(client: Client, people) -> None:
    markup = client.get(address("alice", "nobody1", "nobody2")).content.decode()
    assert markup.count("nobody1") == 1
    assert "Not found: @nobody1, @nobody2." in markup


def test_an_old_handle_leads_to_its_person_while_that_may_be_seen(client: Client, people) -> None:
    FormerHandle.objects.create(
        handle="tideswriter", person=people["Bob"], given_up_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert [line["label"] for line in lines_of(client.get(address("alice", "tideswriter")))] == ["Alice", "Bob"]
    assert [line["label"] for line in lines_of(client.get(address("bob", "tideswriter")))] == ["Bob"]
    Person.objects.filter(handle="Bob").update(visibility="hidden")
    assert "Not found: @tideswriter." in text_of(client.get(address("alice", "tideswriter")))


def test_days_that_are_kept_back_are_not_drawn_and_no_change_is_told(client: Client, people) -> None:
    Person.objects.filter(handle="Bob").update(shown={"chart": "members"})
    response = client.get(address("alice", "bob"))
    assert [line["label"] for line in lines_of(response)] == ["Alice"]
    assert "Bob does not show the score of past days." in text_of(response)
    assert row_of(response, "Change over 7 days") == ["\N{MINUS SIGN}4.7", "—"]
    assert row_of(response, "Score") == ["25.3", "25.3"]
    client.force_login(user_of(people["Charlie"]))
    assert [line["label"] for line in lines_of(client.get(address("alice", "bob")))] == ["Alice", "Bob"]


def test_networks_that_are_kept_back_are_not_told(client: Client, people) -> None:
    ScoreHistory.objects.filter(as_of=AS_OF).update(networks={"twitter": 24.3})
    assert row_of(client.get(address("alice", "bob")), "Twitter/X") == ["24.3", "24.3"]
    Person.objects.filter(handle="Bob").update(shown={"networks": "hidden"})
    assert row_of(client.get(address("alice", "bob")), "Twitter/X") == ["24.3", "not shown"]
    client.force_login(user_of(people["Bob"]))
    assert row_of(client.get(address("alice", "bob")), "Twitter/X") == ["24.3", "24.3"]


# ---------------------------------------------------------------- what it shows


def test_lines_have_dashes_and_names_of_their_own(client: Client, people) -> None:
    markup = client.get(address("alice", "bob", "charlie", "dora")).content.decode()
    assert re.findall(r'class="curve (\w+)" d=', markup) == ["first", "second", "third", "fourth"]
    assert re.findall(r'class="tag-label \w+"[^>]*>([^<]+)<', markup) == ["Alice", "Bob", "Charlie", "Dora"]


def test_the_table_has_what_each_stands_at(client: Client, people, join) -> None:
    join("Newcomer")
    response = client.get(address("alice", "newcomer"))
    assert row_of(response, "Score") == ["25.3", "—"]
    assert row_of(response, "Higher than") == ["83.2%", "—"]
    assert row_of(response, "Change over 1 day") == ["\N{MINUS SIGN}4.7", "—"]
    assert row_of(response, "Reach") == ["11.1", "—"]
    assert row_of(response, "Confidence") == ["fair", "—"]
    assert "no score yet" in text_of(response)


def test_what_is_drawn_is_said(client: Client, people) -> None:
    text = text_of(client.get(address("alice", "bob", days="30")))
    assert "Alice has 25.3, \N{MINUS SIGN}4.7 since 2 October 2026. Bob has 25.3" in text


def test_only_the_days_that_were_asked_for_are_drawn(client: Client, people) -> None:
    assert [len(line["days"]) for line in lines_of(client.get(address("alice", days="7")))] == [8]
    assert [len(line["days"]) for line in lines_of(client.get(address("alice", days="all")))] == [40]


def test_people_whose_days_end_apart_keep_their_own_ends(client: Client, people, join) -> None:
    late = join("Late", twitter="77")
    publish_score(late, as_of=AS_OF - timedelta(days=10), history={1: 20.0})
    lines = {line["label"]: line for line in lines_of(client.get(address("alice", "late", days="30")))}
    assert lines["Alice"]["days"][-1] == 30
    assert lines["Late"]["days"] == [19, 20]


def test_it_takes_the_same_few_queries_for_one_and_for_four(
    client: Client, people, django_assert_max_num_queries
) -> None:
    def queries(path: str) -> int:
        with django_assert_max_num_queries(12) as captured:
            assert client.get(path).status_code == 200
        # When somebody was last here is written now and then, not on every page.
        return sum(not query["sql"].startswith("UPDATE") for query in captured)

    client.force_login(user_of(people["Erin"]))
    one = queries(address("alice", days="7"))
    # Nobody can be added to four, so that nobody is offered.
    assert queries(address("alice", "bob", "charlie", "dora", days="all")) == one - 1
    assert queries(address("alice", "bob", "charlie", days="all")) == one
    # Who is not found may have had another handle.
    assert queries(address("alice", "nobody1", "nobody2")) == one + 1


def test_names_from_outside_are_text(client: Client, people) -> None:
    Person.objects.filter(handle="Bob").update(name="</script><script>alert(1)</script>")
    markup = client.get(address("alice", "bob")).content.decode()
    assert "<script>alert" not in markup
    assert lines_of(client.get(address("alice", "bob")))[1]["label"].startswith("</script>")
