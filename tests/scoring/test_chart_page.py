"""The page of the chart: what can be chosen on it, who sees it, its table and its file."""

import csv
import gzip
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import FormerHandle, Pause, Person
from scoring.models import HiddenMoment, Moment, Post, ScoreHistory
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1", mastodon="2")
    publish_score(person, history={day: 40.0 + day / 10 for day in range(1, 120) if day not in {20, 21}})
    Person.objects.filter(pk=person.pk).update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    return person


def moment(person: Person, post: int, points: float) -> None:
    account = person.links.order_by("pk")[0].account_id
    at = datetime(2026, 10, 1 + 3 * post, 12, tzinfo=UTC)
    url = f"https://x.example/{post}"
    Post.objects.create(account=account, post=post, external_id=str(post), url=url, posted_at=at)
    Moment.objects.create(person=person, account=account, post=post, points=points, people=3, reactions=4, posted_at=at)


def days_of(response: Any) -> list[str]:
    return re.findall(r'<th scope="row">(\d+ \w+ \d+)', response.content.decode())


# ---------------------------------------------------------------- who sees it


@pytest.mark.parametrize("path", ["/alice/chart", "/alice/chart.csv"])
@pytest.mark.parametrize("change", [{"visibility": "hidden"}, {"shown": {"chart": "hidden"}}, {"birth_year": 2025}])
def test_a_chart_that_may_not_be_seen_is_answered_as_nobodys(client: Client, alice, path: str, change: Any) -> None:
    assert client.get(path).status_code == 200
    Person.objects.filter(pk=alice.pk).update(**change)
    answer, unknown = client.get(path), client.get(path.replace("alice", "nobody"))
    assert (answer.status_code, answer.content) == (404, unknown.content)
    client.force_login(user_of(alice))
    assert client.get(path).status_code == 200


def test_a_chart_for_members_is_shown_to_who_is_logged_in(client: Client, alice, join) -> None:
    Person.objects.filter(pk=alice.pk).update(shown={"chart": "members"})
    assert client.get("/alice/chart").status_code == 404
    client.force_login(user_of(join("Bob")))
    assert client.get("/alice/chart").status_code == 200


def test_capitals_and_former_handles_lead_to_the_chart_of_today(client: Client, alice) -> None:
    FormerHandle.objects.create(handle="tideswriter", person=alice, given_up_at=datetime(2026, 1, 1, tzinfo=UTC))
    for path in ("/Alice/chart?days=7", "/tideswriter/chart?days=7"):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (301, "/alice/chart?days=7")


def test_a_preview_is_kept_in_the_links_of_the_page(client: Client, alice) -> None:
    client.force_login(user_of(alice))
    markup = client.get("/alice/chart?as=public").content.decode()
    assert 'href="?days=7&amp;as=public"' in markup
    assert 'href="?days=7"' in client.get("/alice/chart").content.decode()


def test_only_reading_is_allowed(client: Client, alice) -> None:
    assert client.post("/alice/chart").status_code == 405
    assert client.post("/alice/chart.csv").status_code == 405


# ---------------------------------------------------------------- what it shows


@pytest.mark.parametrize(
    ("query", "begin", "days"),
    [
        ("?days=7", "25 October", 8),
        ("?days=30", "2 October", 29),
        ("", "3 August", 89),
        ("?days=nonsense", "3 August", 89),
        ("?days=all", "5 July", 100),
    ],
)
def test_a_range_is_drawn_said_and_listed(client: Client, alice, query: str, begin: str, days: int) -> None:
    response = client.get(f"/alice/chart{query}")
    assert f"From {begin} to 1 November 2026 the score" in text_of(response)
    listed = days_of(response)
    assert (len(listed), listed[0]) == (days, "1 Nov 2026")
    assert 'role="img"' in response.content.decode()


def test_lines_are_added_and_taken_away_by_links(client: Client, alice) -> None:
    markup = client.get("/alice/chart?days=30").content.decode()
    assert re.findall(r'class="curve (\w+)" d=', markup) == ["score", "score"]
    assert 'href="?days=30&amp;show=score,reach"' in markup
    markup = client.get("/alice/chart?days=30&show=score,reach").content.decode()
    assert re.findall(r'class="curve (\w+)" d=', markup) == ["score", "score", "reach", "reach"]
    assert 'href="?days=30"' in markup
    assert 'href="?days=30&amp;show=reach"' in markup


def test_the_last_line_cannot_be_taken_away(client: Client, alice) -> None:
    markup = client.get("/alice/chart?show=network").content.decode()
    assert re.findall(r'class="curve (\w+)" d=', markup) == ["network", "network"]
    assert 'href="?days=90&amp;show="' not in markup
    assert re.findall(r'class="curve (\w+)" d=', client.get("/alice/chart?show=%00,x").content.decode())[0] == "score"


def test_gaps_formulas_and_rests_are_drawn_and_said(client: Client, alice) -> None:
    ScoreHistory.objects.filter(as_of__lt=AS_OF - timedelta(days=40)).update(formula="v0")
    begun = datetime(2026, 9, 1, 8, tzinfo=UTC)
    Pause.objects.create(person=alice, reason="rest", started_at=begun, ended_at=begun + timedelta(days=5))
    response = client.get("/alice/chart")
    text, markup = text_of(response), response.content.decode()
    assert "On 2 days in between there was no score." in text
    assert "a gap: days without a score" in text
    assert "Since 22 September 2026 it is counted by the formula v1, before that by v0." in text
    assert "another formula begins to count" in text
    assert "22 Sep 2026 Formula v1 from here on" in text
    assert "From 1 September 2026 to 5 September 2026 the score rested" in text
    assert markup.count('class="turn"') == 2  # one in the picture, one in its legend
    assert markup.count('class="resting"') == 2


def test_posts_are_numbered_dots_that_lead_to_their_place_on_the_page(client: Client, alice) -> None:
    for post, points in enumerate([0.6, -0.3], start=1):
        moment(alice, post, points)
    response = client.get("/alice/chart?days=30")
    markup = response.content.decode()
    assert re.findall(r'<a href="#(post-\d)" aria-label="([^"]+)"', markup) == [
        ("post-1", "1 post of 4 October 2026: +0.6"),
        ("post-2", "1 post of 7 October 2026: \N{MINUS SIGN}0.3"),
    ]
    assert markup.count('id="post-1"') == markup.count('id="post-2"') == 1
    assert '<a href="https://x.example/1" rel="nofollow noopener">' in markup
    HiddenMoment.objects.create(person=alice, account=alice.links.order_by("pk")[0].account_id, post=1)
    assert "https://x.example/1" not in client.get("/alice/chart?days=30").content.decode()
    client.force_login(user_of(alice))
    assert "Only you see this one" in text_of(client.get("/alice/chart?days=30"))


def test_a_post_leads_nowhere_but_to_the_web(client: Client, alice) -> None:
    moment(alice, 1, 0.6)
    Post.objects.update(url="javascript:alert(1)")
    assert "javascript:" not in client.get("/alice/chart?days=30").content.decode()


def test_what_a_script_reads_cannot_end_its_element(client: Client, alice) -> None:
    markup = client.get("/alice/chart?show=score,reach").content.decode()
    [data] = re.findall(r'<script id="chart-data" type="application/json">([^<]*)</script>', markup)
    found = json.loads(data)
    assert [line["name"] for line in found["lines"]] == ["score", "reach"]
    assert None in found["lines"][0]["values"]
    assert re.findall(r"<script(?! id=\"chart-data\" type=\"application/json\"| src=)", markup) == []


def test_the_table_is_paged_and_goes_on_where_it_ended(client: Client, alice) -> None:
    first = client.get("/alice/chart?days=all")
    [older] = re.findall(r'href="(\?[^"]+)#table" rel="next"', first.content.decode())
    second = client.get(f"/alice/chart{older.replace('&amp;', '&')}")
    listed = [*days_of(first), *days_of(second)]
    assert len(listed) == len(set(listed)) == 118
    assert "The newest days" in text_of(second)
    assert 'id="table" open' in second.content.decode()


@pytest.mark.parametrize("before", ["2026-13-01", "", "x", "0000-00-00", "99999999"])
def test_a_day_that_is_none_begins_the_table_with_the_newest(client: Client, alice, before: str) -> None:
    response = client.get("/alice/chart", {"before": before})
    assert days_of(response)[0] == "1 Nov 2026"


def test_without_a_score_it_says_so(client: Client, join) -> None:
    join("Bob")
    response = client.get("/bob/chart")
    assert response.status_code == 200
    assert "there is nothing to draw" in text_of(response)
    assert client.get("/bob/chart.csv").status_code == 404


def test_the_first_day_is_no_line_yet(client: Client, join) -> None:
    bob = join("Bob", twitter="9")
    publish_score(bob)
    response = client.get("/bob/chart")
    assert "The first score is of 1 November 2026" in text_of(response)


# ---------------------------------------------------------------- the file


def test_the_file_has_every_day_of_the_range(client: Client, alice) -> None:
    response = client.get("/alice/chart.csv?days=30")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="alice-30-days.csv"'
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert len(rows) == 29
    assert (rows[0]["day"], rows[-1]["day"]) == ("2026-10-02", "2026-11-01")
    assert (rows[0]["score"], rows[0]["reach"], rows[0]["formula"]) == ("43.00", "21.50", "v1")
    everything = client.get("/alice/chart.csv?days=all")
    assert everything["Content-Disposition"] == 'attachment; filename="alice-all.csv"'
    assert len(everything.content.decode().splitlines()) == 119


def test_the_file_names_no_network_that_is_kept_back(client: Client, alice) -> None:
    ScoreHistory.objects.update(networks={"twitter": 12.0})
    assert "points_twitter" in client.get("/alice/chart.csv").content.decode()
    Person.objects.filter(pk=alice.pk).update(shown={"networks": "hidden"})
    assert "twitter" not in client.get("/alice/chart.csv").content.decode()


# ---------------------------------------------------------------- what it takes


def test_it_takes_the_same_few_queries_however_much_there_is(
    client: Client, alice, join, django_assert_max_num_queries
) -> None:
    def queries(path: str) -> int:
        with django_assert_max_num_queries(12) as captured:
            assert client.get(path).status_code == 200
        # When somebody was last here is written now and then, not on every page.
        return sum(not query["sql"].startswith("UPDATE") for query in captured)

    bob = join("Bob", twitter="30", mastodon="31", facebook="32")
    publish_score(bob, history={day: 40.0 + day / 10 for day in range(1, 600)})
    for post in range(1, 9):
        moment(bob, post, 0.2 * post)
    begun = datetime(2026, 9, 1, 8, tzinfo=UTC)
    for number in range(3):
        start = begun + timedelta(days=9 * number)
        Pause.objects.create(person=bob, reason="rest", started_at=start, ended_at=start + timedelta(days=2))
    carol = join("Carol", twitter="40")
    publish_score(carol, history={1: 30.0})
    client.force_login(user_of(carol))
    little = queries("/carol/chart?days=365")
    client.force_login(user_of(bob))
    assert queries("/bob/chart?days=365&show=score,reach,amplification,network") == little
    # A thinned time asks once more, for the table.
    assert queries("/bob/chart?days=all") <= little + 1


def test_a_page_is_light(client: Client, alice) -> None:
    markup = client.get("/alice/chart").content.decode()
    files = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js))"', markup)
    assert "vendor/uplot/uPlot.iife.min.js" in files
    assert sum(len(gzip.compress((settings.BASE_DIR / "static" / name).read_bytes())) for name in files) < 60_000
