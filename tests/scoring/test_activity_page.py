"""The page of what was counted: for whose it is alone, members by name only as long as they may be seen."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import erasure
from accounts.models import Membership, Person, User
from accounts.networks.base import VERBS
from scoring.engine import steps
from scoring.engine.activity import DAYS
from scoring.engine.graph import UNKNOWN
from scoring.features.base import ONE
from scoring.features.catalogue import WINDOWS
from scoring.models import Activity, HiddenMoment, Moment, Post
from scoring.views.activity_lines import LINES
from tests.scoring.published import publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 30)
PATH = "/alice/activity"
BOB_TWICE = "Bob (2 \N{MULTIPLICATION SIGN}) 1.25"


def account_of(person: Person, network: str = "twitter") -> int:
    return person.links.get(account__network=network).account_id


def count(
    person: Person,
    *,
    verb: str = "like",
    post: int = 11,
    day: date = DAY,
    actor: Person | None = None,
    people: int = 1,
    reactions: int = 1,
    weight: float = 0.5,
    network: str = "twitter",
) -> Activity:
    return Activity.objects.create(
        person=person,
        day=day,
        account=account_of(person, network),
        network=network,
        verb=VERBS[verb],
        post=post,
        actor=actor,
        people=people,
        reactions=reactions,
        weight=weight,
    )


@pytest.fixture
def alice(join: Callable[..., Person]) -> Person:
    """Bob and Charlie liked her post, two times and once; so did three people who never joined, and four unnamed."""
    alice, bob, charlie = join("Alice", twitter="1", mastodon="2"), join("Bob"), join("Charlie")
    publish_score(alice)
    at = datetime(2026, 10, 29, 9, tzinfo=UTC)
    account = account_of(alice)
    Post.objects.create(account=account, post=11, external_id="11", url="https://twitter.example/11", posted_at=at)
    Moment.objects.create(person=alice, account=account, post=11, points=1, people=5, reactions=10, posted_at=at)
    count(alice, actor=bob, reactions=2, weight=1.25)
    count(alice, actor=charlie, weight=0.75)
    count(alice, people=3, reactions=3, weight=1.5)
    count(alice, people=0, reactions=4, weight=0.25)
    count(alice, verb="follow", post=0, day=DAY - timedelta(days=1), people=2, reactions=2, weight=1.2)
    count(alice, verb="share", post=21, day=DAY - timedelta(days=2), weight=0.0, network="mastodon")
    return alice


def page(client: Client, path: str = PATH) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return text_of(response)


# ---------------------------------------------------------------- for whom


def test_it_is_for_who_speaks_for_the_person_and_for_nobody_else(client: Client, alice) -> None:
    for path in (PATH, f"{PATH}.csv"):
        client.logout()
        nobody = client.get(path.replace("alice", "nobody"))
        assert client.get(path)["Location"].replace("alice", "nobody") == nobody["Location"]
        client.force_login(user_of(Person.objects.get(handle="Bob")))
        answer, unknown = client.get(path), client.get(path.replace("alice", "nobody"))
        assert (answer.status_code, answer.content) == (404, unknown.content)
        viewer = User.objects.create_user(f"viewer{len(path)}@example.com", "a long pass phrase")
        Membership.objects.create(user=viewer, person=alice, role="viewer")
        client.force_login(viewer)
        assert client.get(path).status_code == 200
        # As others see her there is no such page.
        assert client.get(f"{path}?as=public").status_code == 404


def test_it_is_kept_by_no_cache(client: Client, alice) -> None:
    client.force_login(user_of(alice))
    assert "no-store" in client.get(PATH)["Cache-Control"]
    assert "no-store" in client.get(f"{PATH}.csv")["Cache-Control"]


# ---------------------------------------------------------------- what it says


def test_a_line_says_what_who_and_how_much_it_weighs(client: Client, alice) -> None:
    client.force_login(user_of(alice))
    text = page(client)
    assert "13 reactions, which together weigh 4.95 today." in text
    assert "30 October 2026 10 reactions, weight 3.75" in text
    assert "10 likes to the post of 29 October 2026" in text
    assert "Twitter/X @alice" in text
    assert f"{BOB_TWICE} Charlie 0.75 3 other people 1.50 4 more, without names 0.25" in text
    assert "Weight 3.75 each 38% of a fresh one" in text
    assert "29 October 2026 2 reactions, weight 1.20 2 follows" in text
    # A guard may take everything away.
    assert "1 share to a post" in text
    assert "Weight 0.00 counts nothing" in text
    assert text.index("30 October") < text.index("2 follows") < text.index("1 share")


def test_what_it_says_of_weights_is_what_the_engine_does(client: Client, alice) -> None:
    client.force_login(user_of(alice))
    text = page(client)
    assert WINDOWS["recent"] == 30
    assert "after 30 days half of it is left" in text
    # 3 d / (d + 2) never reaches three.
    assert "3 d / (d + 2)" in Path(steps.__file__).read_text()
    assert "never counts as more than three" in text
    assert f"weighs about {UNKNOWN / ONE:.1f}." in text
    assert f"Every reaction of the last {DAYS} days" in text


def test_a_post_leads_to_its_moment_and_the_moment_back(client: Client, alice) -> None:
    client.force_login(user_of(alice))
    (address,) = re.findall(r'href="(/alice/moments\?post=[^"]+)"', client.get(PATH).content.decode())
    response = client.get(address)
    assert "+1.00" in text_of(response)
    (back,) = re.findall(r'href="(/alice/activity\?post=[^"]+)"', response.content.decode())
    text = page(client, back)
    assert "10 likes" in text
    assert "2 follows" not in text
    # Hidden from others, it is still the author's.
    HiddenMoment.objects.create(person=alice, account=account_of(alice), post=11)
    assert "+1.00" in page(client, address)


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("network=mastodon", {"1 share"}),
        ("network=twitter", {"10 likes", "2 follows"}),
        ("verb=follow", {"2 follows"}),
        ("verb=follow&network=mastodon", set()),
        ("verb=nonsense&network=nowhere&account=x&post=1&after=2026-10-30:x", {"10 likes", "2 follows", "1 share"}),
        ("after=2026-10-30:1:99999999:1", {"10 likes", "2 follows", "1 share"}),
        ("after=2026-10-29:0:0:0", {"2 follows", "1 share"}),
    ],
)
def test_it_is_filtered_by_its_address(client: Client, alice, query: str, seen: set[str]) -> None:
    client.force_login(user_of(alice))
    text = page(client, f"{PATH}?{query}")
    assert {words for words in ("10 likes", "2 follows", "1 share") if words in text} == seen
    assert ("Nothing like that was counted" in text) == (not seen)


def test_the_pages_together_hold_every_line_once(client: Client, alice) -> None:
    Activity.objects.all().delete()
    for number in range(2 * LINES + 7):
        day = DAY - timedelta(days=number % 3)
        count(alice, post=1000 + number, day=day, verb=("like", "share")[number % 2], reactions=1000 + number)
        # Two rows of one line never part.
        count(alice, post=1000 + number, day=day, verb=("like", "share")[number % 2], people=0, reactions=1_000_000)
    client.force_login(user_of(alice))
    found: list[str] = []
    path = PATH
    for _ in range(3):
        response = client.get(path)
        found += re.findall(r"1,001,(\d+) (?:likes|shares)", text_of(response))
        further = re.search(r'href="([^"]+)" rel="next"', response.content.decode())
        path = further[1].replace("&amp;", "&") if further else ""
    assert sorted(map(int, found)) == list(range(2 * LINES + 7))
    assert path == ""


def test_who_has_nothing_is_told_what_brings_something(client: Client, join) -> None:
    dora = join("Dora", twitter="4")
    client.force_login(user_of(dora))
    assert "Nothing counted yet" in page(client, "/dora/activity")


def test_an_address_of_a_post_that_is_none_is_no_link(client: Client, alice) -> None:
    Post.objects.update(url="javascript:alert(1)")
    client.force_login(user_of(alice))
    assert "javascript:" not in client.get(PATH).content.decode()
    assert b"javascript:" not in client.get(f"{PATH}.csv").getvalue()


# ---------------------------------------------------------------- who is named


@pytest.mark.parametrize(
    "change",
    [{"visibility": "hidden"}, {"birth_year": 2025}, {"shown": {"ties": "hidden"}}, "erasing", "unclaimed", "erased"],
)
def test_a_member_who_may_not_be_seen_is_one_of_the_others(client: Client, alice, change) -> None:
    bob = Person.objects.get(handle="Bob")
    if change == "erasing":
        erasure.ask(person=bob, at=datetime(2026, 11, 1, tzinfo=UTC))
    elif change == "unclaimed":
        bob.membership_set.all().delete()
    elif change == "erased":
        # As if a run had written the row in that very moment: no foreign key holds it.
        row = Activity.objects.get(actor=bob)
        bob.delete()
        row.pk = None
        row.save()
    else:
        Person.objects.filter(pk=bob.pk).update(**change)
    client.force_login(user_of(alice))
    text = page(client)
    assert "Bob" not in text
    # No line of their own tells of them either.
    assert "Charlie 0.75 4 other people 2.75 4 more, without names 0.25" in text
    assert "10 likes" in text
    rows = list(csv.reader(io.StringIO(client.get(f"{PATH}.csv").getvalue().decode())))
    assert [row[5:] for row in rows if row[3] == "like"] == [
        ["Charlie", "1", "1", "0.750000"],
        ["others", "4", "5", "2.750000"],
        ["without names", "0", "4", "0.250000"],
    ]


def test_a_member_whom_members_may_see_is_named(client: Client, alice) -> None:
    Person.objects.filter(handle="Bob").update(visibility="members", shown={"ties": "members"})
    client.force_login(user_of(alice))
    assert BOB_TWICE in page(client)


# ---------------------------------------------------------------- as a file


def test_the_file_has_every_line_and_keeps_to_the_filter(client: Client, alice) -> None:
    client.force_login(user_of(alice))
    response = client.get(f"{PATH}.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="alice-activity.csv"'
    rows = list(csv.reader(io.StringIO(response.getvalue().decode())))
    assert rows[0] == ["day", "network", "account", "verb", "post", "who", "people", "reactions", "weight"]
    # No spreadsheet takes a name for a formula.
    first = ["2026-10-30", "twitter", "'@alice", "like", "https://twitter.example/11"]
    assert rows[1] == [*first, "Bob", "1", "2", "1.250000"]
    assert len(rows) == 7
    assert sum(float(row[-1]) for row in rows[1:]) == pytest.approx(4.95)
    # Programs read it: it is the same in every language.
    german = client.get(f"{PATH}.csv", headers={"accept-language": "de"})
    assert german.getvalue() == client.get(f"{PATH}.csv").getvalue()
    filtered = client.get(f"{PATH}.csv?verb=follow").getvalue().decode()
    assert len(filtered.splitlines()) == 2
    assert f'href="{PATH}.csv?verb=follow"' in client.get(f"{PATH}?verb=follow").content.decode()


# ---------------------------------------------------------------- queries


def test_it_takes_the_same_few_queries_however_much_there_is(client: Client, alice, join) -> None:
    def queries() -> int:
        client.get(PATH)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PATH).status_code == 200
        return len(captured)

    client.force_login(user_of(alice))
    few = queries()
    people = [join(f"friend{number}") for number in range(10)]
    for number in range(120):
        count(alice, post=100 + number, day=DAY - timedelta(days=number % 30), actor=people[number % 10])
    assert queries() == few <= 12
