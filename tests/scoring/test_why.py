"""The page that explains a score: its lines add up, lead on to posts and reactions, and keep what is kept back."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, Pause, Person
from scoring.models import Component, DayChange, HiddenMoment, Moment, Post, Score, ScoreRun, Suspicion
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.reading import text_of, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1", mastodon="2")
    publish_score(person, history={1: 49.0, 30: 53.0})
    return person


def account(person: Person, network: str) -> int:
    return person.links.get(account__network=network).account_id


def moment(person: Person, post: int, points: float, *, network: str = "twitter", change: float = 0.0) -> None:
    at = datetime(2026, 10, post, 12, tzinfo=UTC)
    url = f"https://x.example/{post}"
    of = account(person, network)
    Post.objects.create(account=of, post=post, external_id=str(post), url=url, posted_at=at)
    Moment.objects.create(
        person=person, account=of, post=post, points=points, change=change, people=3, reactions=4, posted_at=at
    )


class Tree(HTMLParser):
    """The tree of a page: (depth, label, points) of each line, in order; what lies beyond a leaf is none."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.within = ""
        self.lines: list[tuple[int, str, float]] = []
        self.label = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        name = dict(attrs).get("class") or ""
        if tag == "ul" and (self.depth or name == "tree"):
            self.depth += 1
        if self.depth and name in {"label", "amount"}:
            self.within, self.label = name, self.label if name == "amount" else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "ul" and self.depth:
            self.depth -= 1
        if tag == "summary":
            self.within = ""

    def handle_data(self, data: str) -> None:
        if not self.depth or not data.strip():
            return
        if self.within == "amount":
            self.lines.append((self.depth, self.label, float(data)))
            self.within = ""
        elif self.within == "label":
            self.label += data.strip()


def tree_of(client: Client, path: str) -> list[tuple[int, str, float]]:
    parser = Tree()
    parser.feed(client.get(path).content.decode())
    return parser.lines


# ---------------------------------------------------------------- who sees it


@pytest.mark.parametrize("change", [{"visibility": "hidden"}, {"shown": {"why": "hidden"}}, {"birth_year": 2025}])
def test_an_explanation_that_is_kept_back_is_answered_as_nobodys(client: Client, alice, change: Any) -> None:
    assert client.get("/alice/why").status_code == 200
    Person.objects.filter(pk=alice.pk).update(**change)
    answer, unknown = client.get("/alice/why"), client.get("/nobody/why")
    assert (answer.status_code, answer.content) == (404, unknown.content)
    client.force_login(user_of(alice))
    assert client.get("/alice/why").status_code == 200


def test_who_keeps_the_networks_back_is_explained_by_parts_alone(client: Client, alice) -> None:
    moment(alice, 3, 0.5, change=0.4)
    DayChange.objects.create(
        person=alice, as_of=AS_OF, since=AS_OF - timedelta(days=1), points=0.4, moments=0.4, decay=0.0, rest=0.0
    )
    Person.objects.filter(pk=alice.pk).update(shown={"networks": "hidden"})
    response = client.get("/alice/why?by=network")
    text, markup = text_of(response), response.content.decode()
    assert [label for _, label, _ in tree_of(client, "/alice/why?by=network")] == ["Reach", "Amplification", "Network"]
    assert "Alice does not show which networks these points come from." in text
    for word in ("Twitter", "Mastodon", "x.example", "boosted"):
        assert word not in markup
    client.force_login(user_of(alice))
    assert "Mastodon" in text_of(client.get("/alice/why"))
    assert "Mastodon" not in text_of(client.get("/alice/why?as=public"))


def test_what_counts_less_is_told_to_nobody_else(client: Client, alice) -> None:
    Suspicion.objects.create(
        person=alice, account=account(alice, "twitter"), reason="burst", people=9.0, counted_as=2.0, points=1.5
    )
    assert "What counts less" not in text_of(client.get("/alice/why"))
    client.force_login(user_of(alice))
    assert "takes off 1.5 points" in text_of(client.get("/alice/why"))
    assert "What counts less" not in text_of(client.get("/alice/why?as=members"))


def test_a_rest_that_goes_on_is_told_to_nobody_else(client: Client, alice) -> None:
    Pause.objects.create(person=alice, reason="rest", started_at=datetime.now(tz=UTC) - timedelta(days=3))
    assert "While you rest" not in text_of(client.get("/alice/why"))
    client.force_login(user_of(alice))
    assert "While you rest" in text_of(client.get("/alice/why"))


# ---------------------------------------------------------------- the tree


@pytest.mark.parametrize("by", ["part", "network"])
def test_every_level_of_the_tree_adds_up_to_the_line_above(client: Client, alice, by: str) -> None:
    lines = tree_of(client, f"/alice/why?by={by}")
    assert len(lines) > 15
    # Shown to hundredths, so a sum of n lines may be off by n half hundredths.
    assert sum(points for depth, _, points in lines if depth == 1) == pytest.approx(alice.score.score, abs=0.02)
    for place, (depth, label, points) in enumerate(lines):
        below = []
        for inner_depth, _, inner in lines[place + 1 :]:
            if inner_depth <= depth:
                break
            if inner_depth == depth + 1:
                below.append(inner)
        assert not below or sum(below) == pytest.approx(points, abs=0.006 * (len(below) + 1)), label


def test_the_tree_rolls_up_by_part_or_by_network(client: Client, alice) -> None:
    tops = [label for depth, label, _ in tree_of(client, "/alice/why") if depth == 1]
    assert tops == ["Reach", "Amplification", "Network"]
    tops = [label for depth, label, _ in tree_of(client, "/alice/why?by=network") if depth == 1]
    assert tops == ["The point everybody starts with", "Mastodon @alice", "Twitter/X @alice"]
    assert tree_of(client, "/alice/why?by=nonsense")[0][1] == "Reach"


def test_leaves_are_named_in_plain_language_and_small_ones_are_one(client: Client, alice) -> None:
    labels = [label for _, label, _ in tree_of(client, "/alice/why")]
    assert any(label.startswith("People who shared something recently") and "12 people" in label for label in labels)
    assert ("Other small", 0.05) in [(label, points) for _, label, points in tree_of(client, "/alice/why")]
    assert not any("_" in label for label in labels)


def test_a_leaf_says_how_it_fades(client: Client, alice) -> None:
    assert "Fades by half every 30 days." in text_of(client.get("/alice/why"))


def test_leaves_lead_to_the_posts_behind_them(client: Client, alice) -> None:
    of = account(alice, "twitter")
    assert f"#posts-{of}" not in client.get("/alice/why").content.decode()
    for post in range(1, 8):
        moment(alice, post, post / 10)
    moment(alice, 9, 0.01)
    markup = client.get("/alice/why").content.decode()
    assert f'href="#posts-{of}"' in markup
    # Followers and lists have no posts.
    assert markup.count(f'href="#posts-{of}"') == 3
    section = markup[markup.index(f'id="posts-{of}"') :]
    # Five, those that bring most first.
    assert re.findall(r'<a href="https://x.example/(\d)"', section) == ["7", "6", "5", "4", "3"]


def test_hidden_posts_are_the_owners_alone(client: Client, alice) -> None:
    moment(alice, 3, 0.5)
    HiddenMoment.objects.create(person=alice, account=account(alice, "twitter"), post=3)
    assert "x.example/3" not in client.get("/alice/why").content.decode()
    client.force_login(user_of(alice))
    response = client.get("/alice/why")
    assert "x.example/3" in response.content.decode()
    assert "Only you see this one" in text_of(response)
    assert "x.example/3" not in client.get("/alice/why?as=public").content.decode()


def test_moments_that_are_kept_back_are_not_behind_anything(client: Client, alice) -> None:
    moment(alice, 3, 0.5)
    Person.objects.filter(pk=alice.pk).update(shown={"moments": "members"})
    assert "x.example" not in client.get("/alice/why").content.decode()


def test_only_the_owner_is_led_to_the_log_of_reactions(client: Client, alice) -> None:
    of = account(alice, "twitter")
    moment(alice, 3, 0.5)
    assert "/alice/activity" not in client.get("/alice/why").content.decode()
    client.force_login(user_of(alice))
    markup = client.get("/alice/why").content.decode()
    assert f'href="/alice/activity?account={of}&amp;verb=share"' in markup
    assert f'href="/alice/activity?account={of}&amp;verb=follow"' in markup
    # All kinds of reactions together have no verb.
    assert f'href="/alice/activity?account={of}"' in markup
    assert f'href="/alice/activity?post={of}%3A3"' in markup
    log = client.get(f"/alice/activity?account={of}&verb=share")
    assert log.status_code == 200
    assert "/alice/activity" not in client.get("/alice/why?as=members").content.decode()


def test_an_address_of_a_post_leads_nowhere_but_to_the_web(client: Client, alice) -> None:
    moment(alice, 3, 0.5)
    Post.objects.update(url="javascript:alert(1)")
    assert "javascript:" not in client.get("/alice/why").content.decode()


def test_names_from_outside_are_text(client: Client, alice) -> None:
    Account.objects.filter(network="twitter").update(handle='"><script>alert(1)</script>')
    moment(alice, 3, 0.5)
    assert "<script>" not in client.get("/alice/why").content.decode()


# ---------------------------------------------------------------- beside the tree


def test_the_day_is_taken_apart(client: Client, alice) -> None:
    moment(alice, 3, 0.5, change=0.9)
    moment(alice, 4, 0.5, change=0.3)
    HiddenMoment.objects.create(person=alice, account=account(alice, "twitter"), post=3)
    DayChange.objects.create(
        person=alice, as_of=AS_OF, since=AS_OF - timedelta(days=1), points=0.6, moments=1.2, decay=-0.6, rest=0.0
    )
    response = client.get("/alice/why")
    text = text_of(response)
    assert "Since the day before: +0.6" in text
    assert "+1.2 from 2 posts \N{MINUS SIGN}0.6 faded" in text
    markup = response.content.decode()
    assert "x.example/4" in markup
    assert "x.example/3" not in markup


def test_it_says_how_sure_it_is_by_which_formula_and_run(client: Client, alice) -> None:
    Score.objects.filter(person=alice).update(low=45.0, high=54.0)
    text = text_of(client.get("/alice/why"))
    assert "Fair: enough people reacted" in text
    assert "from 45.0 to 54.0" in text
    assert f"Formula v1 Run {alice.score.run_id}" in text
    assert "Counts what happened before 1 November 2026, 0:00 UTC" in text


def test_a_provisional_score_says_when_it_was_taken_and_explains_no_day(client: Client, alice) -> None:
    DayChange.objects.create(
        person=alice, as_of=AS_OF, since=AS_OF - timedelta(days=1), points=0.6, moments=0.6, decay=0.0, rest=0.0
    )
    ScoreRun.objects.update(kind="provisional", finished_at=datetime(2026, 11, 1, 14, 5, tzinfo=UTC))
    Score.objects.update(confidence="provisional")
    response = client.get("/alice/why")
    text = text_of(response)
    assert "Counts what was known on 1 November 2026, 14:05 UTC" in text
    assert "Since the day before" not in text
    assert 'content="noindex"' in response.content.decode()


def test_youtube_stands_apart(client: Client, alice) -> None:
    Score.objects.update(apart=3.21)
    text = text_of(client.get("/alice/why"))
    assert "YouTube, apart from the score: +3.2." in text
    assert text.count("49.60") >= 2


def test_what_rests_on_an_upload_alone_is_marked(client: Client, alice) -> None:
    assert "From an upload" not in text_of(client.get("/alice/why"))
    Component.objects.filter(feature="share_actors_recent").update(feature="share_actors_recent~upload")
    text = text_of(client.get("/alice/why"))
    assert "People who shared something recently, from an upload" in text
    assert "“From an upload” marks" in text


def test_without_a_score_there_is_nothing_to_explain(client: Client, join) -> None:
    join("Bob", twitter="9")
    assert "there is nothing to explain" in text_of(client.get("/bob/why"))


def test_it_takes_the_same_few_queries_however_much_there_is(
    client: Client, alice, join, django_assert_max_num_queries
) -> None:
    def queries(path: str) -> int:
        with django_assert_max_num_queries(12) as captured:
            assert client.get(path).status_code == 200
        # When somebody was last here is written now and then, not on every page.
        return sum(not query["sql"].startswith("UPDATE") for query in captured)

    bob = join("Bob", twitter="30", mastodon="31", facebook="32")
    publish_score(bob, features=[("reach", f"feature_{number}", 1.0, 0.1) for number in range(100)])
    for post in range(1, 20):
        moment(bob, post, 0.1, change=0.1)
    for reason in ("burst", "circle", "followers"):
        Suspicion.objects.create(
            person=bob, account=account(bob, "twitter"), reason=reason, people=9.0, counted_as=2.0, points=1.5
        )
    DayChange.objects.create(
        person=bob, as_of=AS_OF, since=AS_OF - timedelta(days=1), points=0.6, moments=0.6, decay=0.0, rest=0.0
    )
    client.force_login(user_of(alice))
    little = queries("/alice/why")
    client.force_login(user_of(bob))
    assert queries("/bob/why?by=network") == little
    client.logout()
    assert queries("/bob/why") <= little
