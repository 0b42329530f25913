"""Home and profile as a visitor gets them: who is shown to whom, what a profile says, and that its points add up."""

import gzip
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Account, Membership, Person, User
from scoring import formula
from scoring.formula import population
from scoring.models import Award, Component, Score, ScoreRun
from tests.scoring.published import AS_OF, publish_score

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(join) -> Person:
    person = join("Alice", twitter="1", mastodon="2")
    publish_score(person, history={1: 49.0, 30: 53.0})
    return person


def text_of(response: Any) -> str:
    """What can be read on a page, spaces run together."""
    pieces: list[str] = []
    parser = HTMLParser()
    parser.handle_data = pieces.append  # type: ignore[method-assign]
    parser.feed(response.content.decode())
    return re.sub(r"\s+", " ", " ".join(pieces))


def user_of(person: Person) -> User:
    return Membership.objects.get(person=person).user


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
    assert client.get("/no/such/page").content == unknown.content


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


@pytest.mark.parametrize("path", ["/al%00ice", "/al ice", "/%C3%A4lice", "/-alice", "/" + "a" * 3000])
def test_what_cannot_be_a_handle_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/alice", "/nobody"])
def test_pages_only_allow_reading(client: Client, alice, path: str) -> None:
    assert client.post(path).status_code == 405


def test_the_admin_is_not_taken_for_a_handle(client: Client) -> None:
    assert client.get("/admin")["Location"] == "/admin/"


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
    assert "Higher than 83.2% of everybody scored." in text
    assert "Counts what happened before 1 November 2026, 0:00 UTC" in text
    assert f"Formula v1 Run {alice.score.run_id}" in text
    assert "Fair: enough people reacted" in text


@pytest.mark.parametrize(
    ("population", "said"),
    [
        (1, "Nobody else is scored here yet."),
        (3, "Higher than 83.2% of everybody scored. That is only 3 so far."),
        (20, "Higher than 83.2% of everybody scored. 1 day"),
    ],
)
def test_a_percentile_among_few_says_among_how_few(client: Client, alice, population: int, said: str) -> None:
    run = alice.score.run
    run.counts = {"population": population}
    run.save()
    assert said in text_of(client.get("/alice"))


def test_the_days_are_a_picture_a_sentence_and_a_table(client: Client, alice) -> None:
    response = client.get("/alice")
    text, markup = text_of(response), response.content.decode()
    assert "From 2 October to 1 November 2026 the score fell by 3.4, from 53.0 to 49.6." in text
    assert "On 28 days in between there was no score." in text
    assert 'role="img" aria-labelledby="chart-title chart-description"' in markup
    assert re.findall(r'<th scope="row">([^<]+)</th>', markup) == ["1 Nov 2026", "31 Oct 2026", "2 Oct 2026"]


def test_the_newest_score_counts_where_history_has_an_older_one_of_the_day(client: Client, alice) -> None:
    alice.score.score = 60.0
    alice.score.save()
    assert "from 53.0 to 60.0" in text_of(client.get("/alice"))


class Tree(HTMLParser):
    """The tree of a page: (depth, label, points) of each line, in order."""

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

    def handle_data(self, data: str) -> None:
        if not self.depth or not data.strip():
            return
        if self.within == "amount":
            self.lines.append((self.depth, self.label, float(data)))
        elif self.within == "label":
            self.label += data.strip()
            return
        self.within = ""


def tree_of(client: Client, path: str) -> list[tuple[int, str, float]]:
    parser = Tree()
    parser.feed(client.get(path).content.decode())
    return parser.lines


@pytest.mark.parametrize("by", ["part", "network"])
def test_every_level_of_the_tree_adds_up_to_the_line_above(client: Client, alice, by: str) -> None:
    lines = tree_of(client, f"/alice?by={by}")
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
    tops = [label for depth, label, _ in tree_of(client, "/alice") if depth == 1]
    assert tops == ["Reach", "Amplification", "Network"]
    tops = [label for depth, label, _ in tree_of(client, "/alice?by=network") if depth == 1]
    assert tops == ["The point everybody starts with", "Mastodon @alice", "Twitter/X @alice"]
    assert tree_of(client, "/alice?by=nonsense")[0][1] == "Reach"


def test_leaves_are_named_in_plain_language_and_small_ones_are_one(client: Client, alice) -> None:
    labels = [label for _, label, _ in tree_of(client, "/alice")]
    assert any(label.startswith("People who shared something recently") and "12 people" in label for label in labels)
    assert ("Other small", 0.05) in [(label, points) for _, label, points in tree_of(client, "/alice")]
    assert not any("_" in label for label in labels)


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
    assert "Higher than 83.2% of everybody scored." not in text
    client.force_login(user_of(bob))
    assert reverse("import") in client.get("/bob").content.decode()


def test_a_provisional_score_says_so_and_when_it_was_taken(client: Client, alice) -> None:
    assert "Provisional" not in text_of(client.get("/alice"))
    ScoreRun.objects.update(kind="provisional", finished_at=datetime(2026, 11, 1, 14, 5, tzinfo=UTC))
    Score.objects.update(confidence="provisional")
    response = client.get("/alice")
    text = text_of(response)
    assert "of everybody scored. Provisional" in text
    assert "Counts what was known on 1 November 2026, 14:05 UTC" in text
    assert "Counts what happened before" not in text
    assert 'content="noindex"' in response.content.decode()


def test_achievements_show_the_highest_level_of_each_family(client: Client, alice) -> None:
    for family, level in [("people", 1), ("people", 2), ("lists", 1), ("of an old catalogue", 9)]:
        Award.objects.create(person=alice, family=family, level=level, earned_on=date(2026, 10, level))
    text = text_of(client.get("/alice"))
    assert "People moved Level 2 10 or more people who reacted 2 Oct 2026" in text
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


def test_a_profile_takes_the_same_few_queries_however_much_there_is(
    client: Client, alice, join, django_assert_max_num_queries
) -> None:
    def queries(path: str) -> int:
        with django_assert_max_num_queries(16) as captured:
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
    # Each looks at their own.
    client.force_login(user_of(rich))
    assert queries("/bob") == little
    client.logout()
    assert queries("/bob") <= little


# ---------------------------------------------------------------- home and errors


def test_home_looks_somebody_up_without_a_script(client: Client) -> None:
    response = client.get("/", {"handle": " @Alice "})
    assert (response.status_code, response["Location"]) == (302, "/alice")


@pytest.mark.parametrize("asked", ["", "//evil.example", "a b", "<script>alert(1)</script>", "\x00"])
def test_home_says_what_a_handle_looks_like(client: Client, asked: str) -> None:
    response = client.get("/", {"handle": asked})
    assert response.status_code == 200
    assert "<script>" not in response.content.decode()
    assert ("A handle has letters" in text_of(response)) == bool(asked)


def test_home_names_the_day_and_the_formula_of_the_newest_run(client: Client) -> None:
    assert "last computed" not in text_of(client.get("/"))
    ScoreRun.objects.create(as_of=AS_OF, formula="v1", state="done")
    ScoreRun.objects.create(as_of=date(2026, 11, 2), formula="v1", state="failed")
    assert "Scores were last computed as of 1 November 2026, by formula v1." in text_of(client.get("/"))


def test_home_says_of_the_scale_what_is_true_of_the_live_formula(client: Client) -> None:
    words = text_of(client.get("/"))
    table, entity = population.reference()
    scores = formula.get(settings.FORMULA).score(table, entity).score
    assert "made-up population" in words
    assert f"half of them stand at {np.median(scores):.0f} or more" in words
    assert f"the top 5% at {np.percentile(scores, 95):.0f} or more" in words


def test_home_takes_few_queries(client: Client, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(2):
        client.get("/")


def test_every_page_of_a_demo_says_that_it_is_one(client: Client, alice, settings, tmp_path, monkeypatch) -> None:
    from accounts import context

    assert "made up" not in text_of(client.get("/"))
    monkeypatch.setattr(context, "is_demo", lambda: True)
    for path in ("/", "/alice", "/nobody", reverse("account_login")):
        assert "Everybody here is made up." in text_of(client.get(path)), path


@pytest.mark.parametrize(("view", "status"), [("server_error", 500), ("bad_request", 400)])
def test_pages_for_our_own_failures_need_neither_database_nor_session(
    view: str, status: int, django_assert_num_queries
) -> None:
    from django.views import defaults

    request = RequestFactory().get("/")
    with django_assert_num_queries(0):
        response = defaults.server_error(request) if view == "server_error" else defaults.bad_request(request, None)
    assert response.status_code == status
    assert b"<h1>" in response.content


def test_an_expired_form_says_what_to_do() -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "a@example.com"})
    assert response.status_code == 403
    assert "This form has expired" in text_of(response)


def test_pages_carry_no_style_and_no_script_of_their_own(client: Client, alice) -> None:
    for path in ("/", "/alice", "/nobody"):
        markup = client.get(path).content.decode()
        assert not re.search(r"<style|<script(?! src=.*defer></script>)|\sstyle=|\son\w+=|javascript:", markup), path


def test_a_page_is_light(client: Client, alice) -> None:
    markup = client.get("/alice").content.decode()
    files = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js))"', markup)
    assert len(files) >= 3
    packed = [len(gzip.compress((settings.BASE_DIR / "static" / name).read_bytes())) for name in files]
    assert sum(packed) < 20_000
