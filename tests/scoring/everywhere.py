"""Every address at which somebody could be seen or be found to exist, and somebody with all that a page can show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.sites import site
from django.test import Client
from django.urls import URLResolver, get_resolver

from accounts.models import Person
from accounts.networks.base import VERBS
from scoring.achievements.catalogue import FAMILIES
from scoring.models import (
    Activity,
    Award,
    DayChange,
    Endorsement,
    Moment,
    PersonTopic,
    Post,
    Question,
    Ranking,
    ScoreHistory,
    Tie,
    Topic,
)
from tests.scoring.published import AS_OF, publish_score

# The name of its first one is a word that is on every page.
FAMILY = FAMILIES[1]
HOST = settings.SITE_URL
# By the name of an address: what to ask for to learn something of {h}, who has klout id {k}. Pages of the settings are
# asked for by what chooses among several people.
ADDRESSES: dict[str, tuple[str, ...]] = {
    "profile": ("/{h}",),
    "chart": ("/{h}/chart?days=all&show=score,reach,amplification,network", "/{h}/chart?days=7"),
    "chart_csv": ("/{h}/chart.csv?days=all",),
    "why": ("/{h}/why", "/{h}/why?by=network"),
    "moments": ("/{h}/moments?sort=change", "/{h}/moments?network=twitter"),
    "moments_feed": ("/{h}/moments.atom",),
    "activity": ("/{h}/activity",),
    "activity_csv": ("/{h}/activity.csv",),
    "card": ("/{h}/card.png",),
    "badge": ("/badge/{h}/small-light.svg", "/badge/{h}/large-dark.svg", "/badge/{h}/medium-light.png"),
    "embed": ("/embed/{h}",),
    "oembed": (f"/oembed?url={HOST}/{{h}}", f"/oembed?format=xml&url={HOST}/{{h}}/chart"),
    "share": ("/share/{h}", f"/share/{{h}}?achievement={FAMILY.slug}-1"),
    "shelf": ("/{h}/achievements",),
    "achievements": ("/achievements?person={h}",),
    "achievement_family": (f"/achievements/{FAMILY.slug}",),
    "avatar": ("/avatars/{h}",),
    "compare": ("/compare?people={h}&days=365", "/compare?people=alice,{h}&days=7"),
    "search": ("/search?q={h}", "/search?q=quux", "/search?q=zq_handle"),
    "home": ("/?handle={h}",),
    "leaderboards": ("/leaderboards?after=1,{h}", "/leaderboards?kind=person&after=1,{h}"),
    "board_country": ("/leaderboards/country/DE?after=1,{h}",),
    "board_topic": ("/leaderboards/topic/lighthouses?after=1,{h}",),
    "topic": ("/topics/lighthouses", "/topics/lighthouses?after={h}"),
    "topic_dispute": ("/settings/topics/dispute?topic=lighthouses&person={h}",),
    "questions": ("/questions?by={h}", "/questions?topic=lighthouses&after=1-{h}"),
    "ask": ("/topics/lighthouses/ask?person={h}",),
    "board_following": ("/leaderboards/following?after=1,{h}",),
    "dashboard": ("/dashboard?person={h}",),
    "give_plus_k": ("/{h}/plus-k",),
    "plus_k": ("/plus-k?person={h}",),
    "perks": ("/perks?person={h}", "/perks?show=mine&person={h}"),
    "perk_claim": ("/perks/1/claim?person={h}",),
    "perk_calendar": ("/perks/1/calendar.ics?person={h}",),
    "perk_wait": ("/perks/1/wait?person={h}",),
    "perk_enter": ("/perks/1/enter?person={h}",),
    "badges": ("/badges?person={h}",),
    **{
        name: (f"/teams/{{h}}{path}",)
        for name, path in {
            "team": "",
            "team_month": "/month",
            "team_month_csv": "/month.csv",
            "team_members": "/members",
            "team_changes": "/changes",
            "team_changes_csv": "/changes.csv",
        }.items()
    },
    **{
        name: (f"/settings{path}?person={{h}}",)
        for name, path in {
            "settings": "",
            "networks": "/networks",
            "visibility": "/visibility",
            "topics": "/topics",
            "pinned": "/pinned",
            "pause": "/pause",
            "erase": "/erase",
            "export": "/export",
            "connect": "/connect",
            "import": "/import",
            "consents": "/consents",
        }.items()
    },
    "connect_network": ("/settings/connect/twitter?person={h}",),
    # These have no names of their own: what the API answers.
    "v2": tuple(
        f"/v2/{path}&key=a-key" if "?" in path else f"/v2/{path}?key=a-key"
        for path in (
            *("identity.json/klout?screenName={h}", "identity.json/twitter?screenName=zq_handle"),
            *("identity.json/tw/4711", "identity.json/klout/{k}/tw", "user.json/{k}", "user.json/{k}/score"),
            "user.json/{k}/topics",
        )
    ),
}
# Where lists of people are, whoever they are about, and pages of Alice's on which others are named.
LISTS = (
    *("/leaderboards", "/leaderboards/country/DE", "/leaderboards/topic/lighthouses", "/leaderboards/following"),
    "/topics/lighthouses",
    *("/alice", "/alice/why", "/alice/moments", "/alice/activity", "/alice/activity.csv"),
    f"/achievements/{FAMILY.slug}",
    *("/alice/plus-k", "/plus-k"),
    *("/questions", "/questions?topic=lighthouses"),
    *("/lists", "/list", "/compare", "/search", "/dashboard", "/notifications", "/", "/transparency"),
)
# What can be sent: about {h}.
SENT: tuple[tuple[str, dict[str, str]], ...] = (
    ("/{h}", {}),
    ("/{h}/plus-k", {"topic": "lighthouses"}),
    ("/{h}/moments", {"post": "1:11", "action": "hide"}),
    ("/lists", {"name": "New", "handle": "{h}"}),
    ("/list", {"action": "add", "handle": "{h}"}),
    ("/settings/visibility?person={h}", {"visibility": "public"}),
    ("/settings/pinned?person={h}", {}),
    ("/achievements?person={h}", {"upto": "1"}),
    ("/webmention", {"source": "https://blog.example/a", "target": f"{HOST}/{{h}}"}),
)
# Addresses that say nothing of anybody but the reader: the same for all, or found by a number that is the reader's own.
OF_NOBODY_ELSE = frozenset(
    {
        *("perk", "perk_picture", "brand_page", "brand_logo"),
        *("topic_index",),
        *("healthz", "manifest", "service_worker", "offline", "preferences", "welcome", "webmention", "list", "lists"),
        *("achievement_catalogue", "achievement_picture"),
        *("transparency", "features", "formulas", "data_use", "opt_out", "opt_out_done", "deletion_status"),
        *("api_keys", "devices", "log_in", "push", "notifications", "read_notifications", "notification"),
        *("notification_settings", "test_mail", "unsubscribe", "link_progress", "choose_pages", "unlink", "claim"),
        *("download_export", "import_job", "x_hook", "deletion_hook", "deauthorize_hook"),
        *(
            "perk_receipt",
            "perk_pass",
            "perk_pass_pdf",
            "perk_review",
            "perk_posted",
            "perk_problem",
            "perk_review_report",
        ),
        *("redeem", "redeem_pass"),
        "undo_plus_k",
        *("perk_draw", "perk_draw_json"),
        # The brands' site itself is asked for by tests/perks/test_brand_site.py.
        *("brands", "brand_join"),
        # Found by numbers; who is named there is asked for by the lists and tests/scoring/questions/test_pages.py.
        *("question", "edit_question", "withdraw_question", "report_question", "object_question"),
        *("edit_answer", "withdraw_answer", "report_answer", "object_answer", "answer_plus_k"),
        *("teams", "team_new", "team_join"),
    }
)
# Log-ins: allauth's pages, which know users and no people.
LOG_INS = re.compile(r"accounts/")


def names() -> Iterator[str]:
    """The name of each address of ours; of the API, which has none, "v2"."""

    def walk(resolver: Any, before: str) -> Iterator[tuple[str, str | None]]:
        for pattern in resolver.url_patterns:
            path = f"{before}{pattern.pattern}"
            if isinstance(pattern, URLResolver):
                yield from walk(pattern, path) if pattern.app_name != site.name else ()
            else:
                yield path, pattern.name

    for path, name in walk(get_resolver(), ""):
        if not LOG_INS.match(path) and path != "admin":
            yield "v2" if re.match("(api/)?v2/", path) else name or path


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page says, with nothing in it that differs from one request to the next."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def ask(client: Client, path: str, sent: dict[str, str] | None = None, *, but: str = "") -> Answer:
    """GET, or POST where something is `sent`; `but` is the handle that the request itself named."""
    response = client.get(path) if sent is None else client.post(path, sent)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = {name: value for name, value in response.headers.items() if name != "Expires"}
    if not headers["Content-Type"].startswith("image/png"):
        body = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", body)
        if but:
            body = re.sub(but.encode(), b"asked-for", body, flags=re.IGNORECASE)
            headers = {name: re.sub(but, "asked-for", value, flags=re.IGNORECASE) for name, value in headers.items()}
            # It is a hash of the body.
            headers = {name: value for name, value in headers.items() if name != "ETag" or response.status_code != 200}
    return Answer(response.status_code, headers, body)


def addresses_about(handle: str, klout_id: int | str, *only: str) -> list[str]:
    wanted = only or tuple(ADDRESSES)
    return [path.format(h=handle, k=klout_id) for name in wanted for path in ADDRESSES[name]]


def somebody_known(alice: Person, join: Callable[..., Person]) -> Person:
    """Zeb, of whom every part has something that is told apart from all else (see PARTS in the tests).

    Zeb and Alice react to each other and she follows Zeb.
    """
    zeb = join("zebulon", twitter="4711")
    zeb.name, zeb.bio, zeb.country = "Zeb Quux", "Quuxotic.", "DE"
    zeb.save()
    account = zeb.links.get().account
    account.handle = "zq_handle"
    account.save()
    score = publish_score(zeb, history={1: 66.61, 7: 77.72, 30: 11.13})
    ScoreHistory.objects.filter(person_id=zeb.pk).update(networks={"twitter": 24.3})
    at = datetime(2026, 10, 29, 9, tzinfo=UTC)
    url = "https://posts.example/zq"
    Post.objects.create(account=account.pk, post=11, external_id="11", url=url, posted_at=at)
    Moment.objects.create(
        person=zeb,
        account=account.pk,
        post=11,
        points=3.21,
        change=2.22,
        people=5,
        reactions=9,
        posted_at=at,
    )
    DayChange.objects.create(
        person=zeb,
        as_of=AS_OF,
        since=AS_OF - timedelta(days=1),
        points=-41.31,
        moments=2.22,
        decay=-43.53,
        rest=0.0,
    )
    topic = Topic.objects.create(slug="lighthouses", name="Lighthouses")
    PersonTopic.objects.create(person=zeb, topic=topic, chosen=True, added_at=at, place=1, expertise=0.7, plus_k=2.0)
    for giver, receiver in ((zeb, alice), (alice, zeb)):
        Endorsement.objects.create(
            giver=giver, receiver=receiver, topic=topic, given_at=at, until=at + timedelta(days=7)
        )
    question = Question.objects.create(
        pk=2718, topic=topic, person=zeb, title="Which lamp lasts longest?", created_at=at, active_at=at, answered=1
    )
    question.answers.create(person=zeb, text="The green one.", created_at=at)
    Award.objects.create(person=zeb, family=FAMILY.slug, level=1, earned_on=date(2026, 10, 1))
    Tie.objects.create(influencer=zeb, influencee=alice, weight=2.0, reactions=2, follows=True)
    Tie.objects.create(influencer=alice, influencee=zeb, weight=2.0, reactions=2, follows=False)
    Activity.objects.create(
        person=alice,
        day=AS_OF,
        account=alice.links.get().account_id,
        network="mastodon",
        verb=VERBS["like"],
        post=12,
        actor=zeb,
        people=1,
        reactions=2,
        weight=1.5,
    )
    Ranking.objects.create(person=zeb, score=score.score, rank=1, country="DE", country_rank=1, kind=Person.Kind.PERSON)
    return zeb
