"""The page of moments: what it lists for whom, that its sum agrees, and that what is hidden is seen by nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import privacy
from accounts.models import Membership, Person, User
from scoring import days
from scoring.models import DayChange, HiddenMoment, Moment, Post
from scoring.views.moment_lines import MOMENTS
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db
MINUS = "\N{MINUS SIGN}"
# post: points, change, days ago, network.
POSTS = {
    11: (2.0, 0.5, 3, "twitter"),
    12: (1.0, 0.0, 40, "mastodon"),
    13: (0.3, -0.7, 100, "twitter"),
    14: (0.03, 0.0, 5, "mastodon"),
    15: (0.001, 0.0, 6, "twitter"),
    16: (-0.2, 0.0, 1, "twitter"),
}


def publish_moments(person: Person, posts: dict[int, tuple[float, float, int, str]] | None = None) -> None:
    accounts = {link.account.network: link.account_id for link in person.links.select_related("account")}
    now = timezone.now()
    for post, (points, change, ago, network) in (POSTS if posts is None else posts).items():
        at = now - timedelta(days=ago)
        account = accounts[network]
        Moment.objects.create(
            person=person,
            account=account,
            post=post,
            points=points,
            change=change,
            people=post,
            reactions=2 * post,
            posted_at=at,
        )
        Post.objects.create(
            account=account, post=post, external_id=str(post), url=f"https://{network}.example/{post}", posted_at=at
        )
    Moment.objects.create(person=person, account=0, post=0, points=1.5, change=0.1, people=0, reactions=0)


@pytest.fixture
def alice(join: Callable[..., Person]) -> Person:
    person = join("Alice", twitter="1", mastodon="2")
    publish_score(person, history={1: 49.0, 30: 53.0})
    DayChange.objects.create(
        person=person, as_of=AS_OF, since=AS_OF - timedelta(days=1), points=0.0, moments=0.0, decay=0.0, rest=0.0
    )
    publish_moments(person)
    return person


def listed(client: Client, path: str = "/alice/moments") -> list[int]:
    """The posts of the list, by the links to them."""
    response = client.get(path)
    assert response.status_code == 200
    return [int(found) for found in re.findall(r'href="https://\w+\.example/(\d+)"', response.content.decode())]


def key(post: int) -> str:
    return f"{Moment.objects.get(post=post).account}:{post}"


# ---------------------------------------------------------------- what it says


def test_each_post_has_its_points_people_reactions_network_day_and_change(client: Client, alice) -> None:
    response = client.get("/alice/moments")
    text = text_of(response)
    posted = timezone.localtime(Moment.objects.get(post=11).posted_at)
    assert "+2.00 points" in text
    assert f"The post of {posted.day} {posted:%B %Y}" in text
    assert "Twitter/X @alice · 11 people by name, 22 reactions" in text
    assert "Among the strongest (5 of 5) +0.50 since 31 October" in text
    assert "Light (2 of 5)" in text or "Faint (1 of 5)" in text
    assert f"{MINUS}0.20 points" in text
    assert "Takes a little away (0 of 5)" in text
    # Of little two digits are left.
    assert "+0.030 points" in text
    assert "+0.0010 points" in text
    assert "As on 31 October" in text


def test_a_post_that_nobody_reacted_to_says_so(client: Client, alice) -> None:
    Moment.objects.filter(post=16).update(people=0, reactions=0, points=-0.000002)
    text = text_of(client.get("/alice/moments"))
    assert "nobody has reacted so far" in text
    assert f"less than {MINUS}0.0001 points" in text


def test_the_sum_agrees_and_says_what_no_single_post_explains(client: Client, alice) -> None:
    text = text_of(client.get("/alice/moments"))
    assert "6 posts, each by itself +3.13" in text
    assert "Other: what no single post explains, and posts that are not shown +1.50" in text
    assert "All posts together +4.63" in text
    text = text_of(client.get("/alice/moments?network=mastodon"))
    assert "The 2 posts of this list +1.03" in text
    assert "Posts that this list leaves out +2.10" in text
    assert "All posts together +4.63" in text


@pytest.mark.parametrize(
    ("query", "posts"),
    [
        ("", [11, 12, 13, 14, 15, 16]),
        ("?sort=impact", [11, 12, 13, 14, 15, 16]),
        ("?sort=date", [16, 11, 14, 15, 12, 13]),
        ("?sort=change", [13, 11]),
        ("?sort=nonsense&days=-3&network=nowhere&account=x&post=1&after=nothing", [11, 12, 13, 14, 15, 16]),
        ("?network=mastodon", [12, 14]),
        ("?days=30", [11, 14, 15, 16]),
        ("?days=7&sort=date&network=twitter", [16, 11, 15]),
    ],
)
def test_it_is_sorted_and_filtered_by_its_address(client: Client, alice, query: str, posts: list[int]) -> None:
    assert listed(client, f"/alice/moments{query}")[: len(posts)] == posts


def test_one_account_and_one_post_can_be_picked(client: Client, alice) -> None:
    twitter = alice.links.get(account__network="twitter").account_id
    assert listed(client, f"/alice/moments?account={twitter}") == [11, 13, 15, 16]
    assert listed(client, f"/alice/moments?post={key(14)}") == [14]
    assert "None of the posts is like that" in text_of(client.get("/alice/moments?account=99"))


@pytest.mark.parametrize("sort", ["impact", "date", "change"])
def test_the_pages_together_hold_every_post_once(client: Client, join, sort: str) -> None:
    bob = join("Bob", twitter="3")
    publish_score(bob)
    # Many alike: equal keys must not get lost between two pages.
    publish_moments(bob, {n: (0.1 * (n % 3), 0.1 * (n % 2), n % 4, "twitter") for n in range(1, 2 * MOMENTS + 8)})
    Moment.objects.filter(post__in=[5, 6]).update(posted_at=None)
    found: list[int] = []
    path = f"/bob/moments?sort={sort}"
    for _ in range(3):
        response = client.get(path)
        found += [int(post) for post in re.findall(r'href="https://\w+\.example/(\d+)"', response.content.decode())]
        further = re.search(r'href="([^"]+)" rel="next"', response.content.decode())
        path = further[1].replace("&amp;", "&") if further else ""
    assert sorted(found) == list(range(1, 2 * MOMENTS + 8))
    assert path == ""


def test_an_address_of_a_post_that_is_none_is_no_link(client: Client, alice) -> None:
    Post.objects.filter(post=11).update(url="javascript:alert(1)")
    assert "javascript:" not in client.get("/alice/moments").content.decode()


def test_who_has_no_moments_is_told_what_brings_them(client: Client, join) -> None:
    bob = join("Bob", twitter="3")
    assert "No post of Bob is known to have moved the score so far." in text_of(client.get("/bob/moments"))
    client.force_login(user_of(bob))
    assert "Moments come with the first score" in text_of(client.get("/bob/moments"))


def test_a_fragment_is_given_to_scripts_and_the_page_to_everybody_else(client: Client, alice) -> None:
    fragment = client.get("/alice/moments?network=mastodon", headers={"HX-Request": "true"})
    assert fragment.content.decode().startswith('<div id="moments">')
    assert "HX-Request" in fragment["Vary"]
    again = client.get("/alice/moments", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<!doctype html>" in again.content.decode()


# ---------------------------------------------------------------- for whom


@pytest.mark.parametrize(
    "change", [{"visibility": "hidden"}, {"visibility": "members"}, {"shown": {"moments": "members"}}]
)
def test_who_may_not_see_them_is_answered_as_if_nobody_were_there(client: Client, alice, join, change) -> None:
    Person.objects.filter(pk=alice.pk).update(**change)
    unknown = client.get("/nobody/moments")
    answer = client.get("/alice/moments")
    assert (answer.status_code, answer.content) == (404, unknown.content)
    client.force_login(user_of(join("Bob")))
    assert client.get("/alice/moments").status_code == (404 if change.get("visibility") == "hidden" else 200)


def test_who_hides_the_linked_networks_leads_nobody_to_them(client: Client, alice) -> None:
    Person.objects.filter(pk=alice.pk).update(shown={"networks": "hidden"})
    response = client.get("/alice/moments")
    assert not re.search(r"twitter|mastodon|@alice ·", response.content.decode(), re.IGNORECASE)
    assert "+2.00 points" in text_of(response)
    # Nor can it be found out by asking for one of them.
    assert "6 posts, each by itself" in text_of(client.get("/alice/moments?network=mastodon"))
    client.force_login(user_of(alice))
    assert listed(client, "/alice/moments?network=mastodon") == [12, 14]


def test_a_hidden_post_is_seen_by_its_author_alone_and_named_nowhere(client: Client, alice) -> None:
    user = user_of(alice)
    client.force_login(user)
    hidden = client.post("/alice/moments?sort=date", {"action": "hide", "post": key(11)})
    assert (hidden.status_code, hidden["Location"]) == (302, "/alice/moments?sort=date")
    own = client.get("/alice/moments")
    assert "Hidden: only you see it" in text_of(own)
    assert "Other: what no single post explains +1.50" in text_of(own)
    assert 11 in listed(client)
    # The author can look as others do.
    assert 11 not in listed(client, "/alice/moments?as=public")
    client.logout()
    response = client.get("/alice/moments")
    assert 11 not in listed(client)
    assert "5 posts, each by itself +1.13" in text_of(response)
    assert "and posts that are not shown +3.50" in text_of(response)
    assert "All posts together +4.63" in text_of(response)
    # The strongest of those that are shown is what the others are measured by.
    assert "+1.00 points" in text_of(response)
    assert text_of(response).index("Among the strongest") > text_of(response).index("+1.00 points")
    assert [row.post for row in days.with_urls(alice.pk).exclude(post=0).order_by("post")] == [12, 13, 14, 15, 16]
    day = days.day_of(alice.pk, AS_OF)
    assert day is not None
    assert [post.post for post in day.posts] == [13]
    client.force_login(user)
    client.post("/alice/moments", {"action": "show", "post": key(11)})
    client.logout()
    assert 11 in listed(client)


@pytest.mark.parametrize(("path", "own"), [("/dashboard", True), ("/alice", False), ("/alice/chart", False)])
def test_a_hidden_post_is_on_no_other_page(client: Client, alice, path: str, own: bool) -> None:
    if own:
        client.force_login(user_of(alice))
    # Where the posts of a chart stand follows from the day of the score.
    Moment.objects.filter(post=11).update(posted_at=datetime(2026, 10, 20, tzinfo=UTC))
    link = "https://twitter.example/11"
    assert link in client.get(path).content.decode()
    HiddenMoment.objects.create(person=alice, account=Moment.objects.get(post=11).account, post=11)
    assert link not in client.get(path).content.decode()


def test_nobody_else_hides_a_post(client: Client, alice, join) -> None:
    what = {"action": "hide", "post": key(11)}
    assert client.post("/alice/moments", what).status_code == 403
    bob = join("Bob")
    client.force_login(user_of(bob))
    assert client.post("/alice/moments", what).status_code == 403
    viewer = User.objects.create_user("viewer@example.com", "a long pass phrase")
    Membership.objects.create(user=viewer, person=alice, role="viewer")
    client.force_login(viewer)
    assert client.post("/alice/moments", what).status_code == 403
    assert 'value="hide"' not in client.get("/alice/moments").content.decode()
    # In a preview there is nothing to be done either.
    client.force_login(Membership.objects.get(person=alice, role="owner").user)
    assert client.post("/alice/moments?as=public", what).status_code == 403
    assert Client(enforce_csrf_checks=True).post("/alice/moments", what).status_code == 403
    assert not HiddenMoment.objects.exists()


@pytest.mark.parametrize("post", ["", "0:0", "1:99", "x:y", "1:99999999999999999999", "11"])
def test_what_is_no_moment_cannot_be_hidden(client: Client, alice, post: str) -> None:
    client.force_login(user_of(alice))
    assert client.post("/alice/moments", {"action": "hide", "post": post}).status_code == 404
    assert not HiddenMoment.objects.exists()


def test_it_takes_the_same_few_queries_however_many_there_are(client: Client, alice, join) -> None:
    def queries(handle: str) -> int:
        # The first one also notes that the device was used.
        client.get(f"/{handle}/moments")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/{handle}/moments").status_code == 200
        return len(captured)

    bob = join("Bob", twitter="30", mastodon="31", facebook="32")
    publish_score(bob)
    publish_moments(bob, {n: (n / 100, 0.0, n, "twitter") for n in range(1, 80)})
    client.force_login(user_of(alice))
    few = queries("alice")
    client.force_login(user_of(bob))
    assert queries("bob") == few <= 12


def test_days_are_those_of_the_reader(client: Client, alice) -> None:
    Moment.objects.filter(post=11).update(posted_at=datetime(2026, 10, 20, 23, 30, tzinfo=UTC))
    assert "The post of 20 October 2026" in text_of(client.get("/alice/moments"))
    Person.objects.filter(pk=alice.pk).update(time_zone="Pacific/Auckland")
    client.force_login(user_of(alice))
    assert "The post of 21 October 2026" in text_of(client.get("/alice/moments"))


def test_what_was_hidden_of_an_account_is_forgotten_with_it(client: Client, alice) -> None:
    link = alice.links.get(account__network="twitter")
    for post in (11, 12):
        HiddenMoment.objects.create(person=alice, account=Moment.objects.get(post=post).account, post=post)
    privacy.unlink(link=link, at=timezone.now())
    assert [row.post for row in HiddenMoment.objects.all()] == [12]
    assert listed(client) == [14]
    privacy.erase_person(person=alice, at=timezone.now())
    assert not HiddenMoment.objects.exists()
    assert not Moment.objects.exists()
