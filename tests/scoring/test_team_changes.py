"""Every address at which a member changes something of an organisation leaves a line that says who; viewers change
nothing anywhere."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client, RequestFactory
from django.urls import URLResolver, get_resolver
from django.utils import timezone
from PIL import Image

from accounts import pauses, team_log
from accounts.linking import link_account
from accounts.models import (
    Account,
    AccountClaim,
    ApiKey,
    Erasure,
    ExportJob,
    LinkedAccount,
    Membership,
    Pause,
    Person,
    TeamChange,
    TeamInvitation,
    User,
    WatchList,
)
from accounts.networks import NETWORKS
from accounts.networks.base import Owner
from accounts.visibility import PARTS
from scoring.models import (
    Answer,
    Award,
    Endorsement,
    HiddenMoment,
    ImportJob,
    Moment,
    PersonTopic,
    Question,
    Report,
    Topic,
    TopicDispute,
)
from tests.conftest import ROOT
from tests.scoring.published import AS_OF, publish_score
from tests.scoring.test_odd_arguments import WORST, Sender

PASSWORD = "a long and odd pass phrase"
COUNTED = (
    *(Answer, Endorsement, Erasure, ExportJob, HiddenMoment, ImportJob, LinkedAccount, Pause, Question, Report),
    *(TeamChange, TeamInvitation, TopicDispute, WatchList),
)
# Addresses that take a POST and change nothing of an organisation, and why.
NOTHING = {
    **dict.fromkeys(("preferences", "devices", "log_in", "push", "test_mail"), "the log-in's own"),
    **dict.fromkeys(("notifications", "read_notifications", "notification"), "what the log-in has read"),
    **dict.fromkeys(("notification_settings", "unsubscribe"), "what the log-in is told"),
    **dict.fromkeys(("opt_out", "webmention", "x_hook", "deletion_hook", "deauthorize_hook"), "asks for no log-in"),
    **dict.fromkeys(("home", "admin", "mfa_index", "mfa_list_webauthn"), "leads elsewhere"),
    **dict.fromkeys(("perk_claim", "perk_enter", "perk_wait", "perk_receipt", "perk_pass"), "perks go to people"),
    **dict.fromkeys(("perk_review", "perk_review_report", "perk_posted", "perk_problem"), "perks go to people"),
    **dict.fromkeys(("brands", "brand_join", "redeem", "redeem_pass"), "a brand's, which has a log of its own"),
    **dict.fromkeys(("board_following", "leaderboards", "board_country", "board_topic"), "lists are looked at there"),
    "achievements": "what is new on the shelf has been looked at",
    **dict.fromkeys(("topic", "perk_pass_pdf"), "are looked at"),
    "welcome": "joining, for who speaks for nobody",
    "team_new": "makes another team, whose log begins with it",
    "team_join": "held by tests/accounts/test_teams.py: who joins is no member before",
    "choose_pages": "asks the network first: held by tests/accounts/test_team_accounts.py",
    "claim": "held by test_what_a_holder_answers_is_noted",
    "import_job": "shows how far an upload is",
    "object_question": "what moderators are told",
    "object_answer": "what moderators are told",
}


@dataclass
class World:
    """Acme with an owner, an editor and a viewer, and one of everything that can be changed."""

    firm: Person
    users: dict[str, User]
    bob: Person
    topic: Topic
    made: dict[str, Any] = field(default_factory=dict)

    def client(self, name: str) -> Client:
        """Logged in, with the password typed a moment ago."""
        client = Client()
        client.force_login(self.users[name])
        client.get("/settings/erase")
        assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
        return client


@pytest.fixture
def world(join, settings, tmp_path: Path, monkeypatch) -> World:
    # Slow on purpose elsewhere.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.VAR = tmp_path / "var"
    settings.VAR.mkdir()
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.NETWORK_KEYS = dict.fromkeys(settings.NETWORK_KEYS, ("id", "secret"))
    monkeypatch.setattr("celery.app.base.Celery.send_task", lambda *args, **named: None)
    bob = join("bob", twitter="b")
    firm = Person.objects.create(handle="acme", kind="organisation", name="Acme")
    users = {}
    for name, role in (("olga", "owner"), ("ed", "editor"), ("vera", "viewer")):
        # Log-ins that have no page of their own: whatever works without saying for whom works for the team.
        users[name] = User.objects.create_user(f"{name}@example.org", PASSWORD)
        Membership.objects.create(user=users[name], person=firm, role=role)
    Person.objects.update(created_at=timezone.now() - timedelta(days=400))
    account = Account.objects.create(network="twitter", external_id="a", handle="acme")
    link = LinkedAccount.objects.create(account=account, person=firm)
    publish_score(firm)
    publish_score(bob)
    topic = Topic.objects.create(slug="beekeeping", name="Beekeeping")
    for person in (bob, firm):
        PersonTopic.objects.create(person=person, topic=topic, chosen=person == bob, added_at=timezone.now())
    Award.objects.create(person=firm, family="audience", level=1, earned_on=AS_OF)
    Moment.objects.create(person=firm, account=account.pk, post=11, points=3, change=1, people=5, reactions=9)
    at = timezone.now()
    asked = {"topic": topic, "created_at": at, "active_at": at, "text": "", "language": "en"}
    theirs = Question.objects.create(person=bob, user=bob.users.get(), title="Where do bees go?", **asked)
    ours = Question.objects.create(person=firm, user=users["ed"], title="Why do bees hum?", **asked)
    ours_of_theirs = Answer.objects.create(
        question=theirs, person=firm, user=users["ed"], text="To the flowers beyond the hill.", created_at=at
    )
    his = Answer.objects.create(question=ours, person=bob, text="With their flight muscles.", created_at=at)
    unanswered = Question.objects.create(person=bob, user=bob.users.get(), title="Where do bees sleep?", **asked)
    made = {"link": link, "theirs": theirs, "ours": ours, "unanswered": unanswered}
    return World(firm, users, bob, topic, made | {"our_answer": ours_of_theirs, "his_answer": his})


def picture() -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return SimpleUploadedFile("p.png", file.getvalue(), "image/png")


PROFILE = {"name": "Acme & Sons", "handle": "acme", "bio": "Anvils.", "time_zone": "UTC", "country": "", "region": ""}


def parts() -> dict[str, str]:
    return {f"part-{part}": "hidden" if part == "chart" else "public" for part in PARTS}


def export_of_x() -> SimpleUploadedFile:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data/tweets.js", "window.YTD.tweets.part0 = []")
    return SimpleUploadedFile("x.zip", file.getvalue())


def numbers(world: World) -> dict[str, object]:
    """What stands in paths and in what is sent: by what was made, and by what the steps before have made."""
    made = {name: thing.pk for name, thing in world.made.items()}
    return made | {
        "account": world.made["link"].account_id,
        "given": Endorsement.objects.filter(giver=world.firm).values_list("pk", flat=True).first() or 0,
        "list": WatchList.objects.filter(owner=world.firm).values_list("pk", flat=True).first() or 0,
        "key": ApiKey.objects.values_list("pk", flat=True).first() or 0,
    }


# By the name of an address, in order: where, what is sent, and the action of the line that this leaves.
PLUS_K = ("/bob/plus-k", {"topic": "beekeeping"}, "plus-k")
CHANGES: dict[str, list[tuple[str, dict[str, object], str]]] = {
    "settings": [
        ("/settings", PROFILE, "profile"),
        ("/settings", PROFILE | {"avatar": picture}, "picture"),
        ("/settings", PROFILE | {"handle": "acme-sons"}, "handle"),
    ],
    "visibility": [("/settings/visibility", {"visibility": "members", **parts()}, "visibility")],
    "topics": [("/settings/topics", {"topic": "beekeeping"}, "topics")],
    "topic_dispute": [("/settings/topics/dispute", {"topic": "beekeeping", "reason": "No bees here."}, "dispute")],
    "pinned": [("/settings/pinned", {"family": "audience"}, "pinned")],
    "moments": [
        ("/acme/moments", {"post": "{account}:11", "action": "hide"}, "moment"),
        ("/acme/moments", {"post": "{account}:11", "action": "show"}, "moment"),
    ],
    "import": [("/settings/import", {"archive": export_of_x, "network": ""}, "upload")],
    "pause": [("/settings/pause", {"action": "begin"}, "rest"), ("/settings/pause", {"action": "end"}, "rest over")],
    "connect_network": [("/settings/connect/twitter", {"step": "agree"}, "connect")],
    "lists": [("/lists", {"name": "Rivals"}, "lists")],
    "list": [("/lists", {"name": "Rivals"}, "lists"), ("/lists/{list}", {"action": "add", "handle": "bob"}, "lists")],
    "api_keys": [
        ("/settings/keys", {"name": "Press page"}, "api key"),
        ("/settings/keys", {"revoke": "{key}"}, "api key ended"),
    ],
    "give_plus_k": [PLUS_K],
    "undo_plus_k": [PLUS_K, ("/plus-k/{given}/undo", {}, "undo plus-k")],
    "answer_plus_k": [("/answers/{his_answer}/plus-k", {}, "plus-k")],
    "ask": [("/topics/beekeeping/ask", {"title": "How many bees are in a hive?", "text": ""}, "ask")],
    "question": [("/questions/{unanswered}", {"text": "They sleep in flowers, or in the hive."}, "answer")],
    "edit_question": [("/questions/{ours}/edit", {"title": "Why do bees hum?", "text": "And wasps?"}, "edit question")],
    "edit_answer": [("/answers/{our_answer}/edit", {"text": "To flowers within five kilometres."}, "edit answer")],
    "withdraw_question": [("/questions/{ours}/withdraw", {}, "withdraw question")],
    "withdraw_answer": [("/answers/{our_answer}/withdraw", {}, "withdraw answer")],
    "report_question": [("/questions/{theirs}/report", {"reason": "spam", "text": ""}, "report")],
    "report_answer": [("/answers/{his_answer}/report", {"reason": "spam", "text": ""}, "report")],
    "unlink": [("/settings/accounts/{link}/remove", {}, "unlink")],
    "team_members": [
        ("/teams/acme/members", {"action": "show", "shown": "on"}, "named"),
        ("/teams/acme/members", {"action": "leave"}, "leave"),
    ],
}
OWNERS: dict[str, list[tuple[str, dict[str, object], str]]] = {
    "team_members": [
        ("/teams/acme/members", {"action": "invite", "email": "x@example.org", "role": "viewer"}, "invite")
    ],
    "export": [("/settings/export?person=acme", {}, "export")],
    "erase": [
        ("/settings/erase?person=acme", {"handle": "acme", "action": "erase"}, "erase"),
        ("/settings/erase?person=acme", {"action": "keep"}, "keep"),
    ],
}
STEPS = [(name, "ed") for name in CHANGES] + [(name, "olga") for name in OWNERS]


def send(client: Client, world: World, path: str, sent: dict[str, Any]) -> Any:
    known = numbers(world)
    given = {
        name: value() if callable(value) else value.format(**known) if isinstance(value, str) else value
        for name, value in sent.items()
    }
    return client.post(path.format(**known), given)


@pytest.mark.parametrize(("name", "who"), STEPS)
def test_a_change_leaves_a_line_that_says_who(world: World, name: str, who: str) -> None:
    client = world.client(who)
    for path, sent, action in (CHANGES if who == "ed" else OWNERS)[name]:
        last = TeamChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        answer = send(client, world, path, sent)
        new = TeamChange.objects.filter(pk__gt=last, person=world.firm, user=world.users[who])
        assert action in new.values_list("action", flat=True), (path, answer.status_code)
        assert not new.filter(about__contains="@").exists()


REFUSED = frozenset({302, 403, 404, 422})
# Pages that a log-in without a page of its own gets too: to make one, and for keys of its own.
OWN = {"settings": {200, 404}, "lists": {200}, "list": {200, 404}, "api_keys": {200, 302, 404}}


@pytest.mark.parametrize(("name", "who"), STEPS)
def test_a_viewer_changes_nothing(world: World, name: str, who: str) -> None:
    """Nor does one find anything out: what an editor does there is refused."""
    editor, viewer = world.client(who), world.client("vera")
    steps = (CHANGES if who == "ed" else OWNERS)[name]
    if name == "team_members" and who == "ed":
        # What anybody may: be named, and leave.
        steps = []
    for path, sent, _action in steps:
        # Also where the page is asked for by name.
        for named in (path, f"{path}{'&' if '?' in path else '?'}person=acme"):
            before = state_of(world)
            answer = send(viewer, world, named, sent | {"person": "acme", "giver": "acme"})
            assert answer.status_code in OWN.get(name, REFUSED), (named, answer.status_code)
            assert state_of(world) == before, named
        send(editor, world, path, sent)


def state_of(world: World) -> list[Any]:
    """What could have been changed of the organisation; and its log."""
    firm = Person.objects.get(pk=world.firm.pk)
    return [
        *(firm.handle, firm.name, firm.bio, firm.visibility, firm.shown, firm.avatar.name),
        *(model.objects.count() for model in COUNTED),
        sorted(Membership.objects.values_list("user", "role")),
    ]


def addresses() -> Iterator[tuple[str, Any, dict[str, object]]]:
    """(name, view, made-up arguments) of each address of ours, the sites of the staff and of brands aside."""

    def walk(resolver: Any, before: str) -> Iterator[tuple[str, Any, Any]]:
        for pattern in resolver.url_patterns:
            path = f"{before}{pattern.pattern}"
            if isinstance(pattern, URLResolver):
                if pattern.app_name not in {"admin", "brands"} and not re.match(r"accounts/|(api/)?v2/", path):
                    yield from walk(pattern, path)
            else:
                yield path, pattern, path

    for path, pattern, _path in walk(get_resolver(), ""):
        if not re.match(r"accounts/|(api/)?v2/|admin|brands/", path):
            arguments = dict.fromkeys(pattern.pattern.converters, 1) or dict(pattern.pattern.regex.groupindex)
            yield pattern.name or path, pattern.callback, arguments


def takes_posts(view: Callable[..., Any], arguments: dict[str, object], user: User) -> bool:
    """Whether a POST gets further than to 405."""
    request = RequestFactory().post("/")
    request.user = user
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            answer = view(request, **arguments)
            transaction.set_rollback(True)
    except Exception:
        return True
    return answer.status_code != 405


def test_every_address_that_takes_a_post_is_looked_at_here(world: World) -> None:
    """A new one that changes something of an organisation belongs into CHANGES; one that does not, into NOTHING."""
    found = {name for name, view, given in addresses() if takes_posts(view, given, world.users["ed"])}
    assert len(found) > 30
    unknown = found - set(CHANGES) - set(OWNERS) - set(NOTHING)
    assert not unknown, f"what does a POST to {sorted(unknown)} change, and where is it noted?"


def test_every_action_that_is_noted_has_words() -> None:
    noted, call = set(), re.compile(r"\bnote(?:_member)?\((?:[^()]|\([^()]*\))*?action=\"([^\"]+)\"")
    for folder in ("accounts", "scoring", "perks"):
        for file in (ROOT / folder).rglob("*.py"):
            noted |= {found[1] for found in call.finditer(file.read_text())}
    assert {"profile", "plus-k", "unlink", "join"} <= noted
    assert noted <= set(team_log.WORDS), noted - set(team_log.WORDS)


def test_of_one_s_own_page_nothing_is_noted(join) -> None:
    alice = join("alice")
    client = Client()
    client.force_login(alice.users.get())
    client.post("/settings", PROFILE | {"handle": "alice", "birth_year": "1980"})
    assert Person.objects.get(pk=alice.pk).bio == "Anvils."
    assert not TeamChange.objects.exists()


def test_what_networks_tell_and_the_daily_count_are_nobody_s_changes(world: World) -> None:
    account = Account.objects.create(network="mastodon", external_id="m")
    link_account(
        person=world.firm,
        spec=NETWORKS["mastodon"].spec,
        owner=Owner("m", handle="acme@town.example"),
        proof=LinkedAccount.Proof.NETWORK,
        at=timezone.now(),
    )
    assert account.link.person == world.firm
    pauses.end_used_up(timezone.now() + timedelta(days=900))
    assert not TeamChange.objects.exists()


def test_what_a_holder_answers_is_noted(world: World) -> None:
    link = world.made["link"]
    claim = AccountClaim.objects.create(
        account=link.account,
        person=world.bob,
        holder=world.firm,
        proof="network",
        created_at=timezone.now(),
        due_at=timezone.now() + timedelta(days=7),
    )
    path = f"/settings/claims/{claim.pk}"
    assert world.client("vera").post(path, {"step": "object", "reason": "Ours."}).status_code == 404
    world.client("ed").post(path, {"step": "object", "reason": "It is ours."})
    assert TeamChange.objects.get().action == "claim"


def test_the_log_can_be_read_filtered_and_taken_along(world: World) -> None:
    at = timezone.now()
    team_log.note(person=world.firm, user=world.users["ed"], action="profile", changes={"name": ("", "=1+1")}, at=at)
    team_log.note(person=world.firm, user=world.users["olga"], action="role", about="member 1", at=at)
    team_log.note_account(made=world.made["link"], user=world.users["ed"], at=at)
    client = world.client("vera")
    page = client.get("/teams/acme/changes").content.decode()
    assert "changed the profile" in page
    assert "Twitter/X, @acme" in page
    assert "ed@example.org" in page
    page = client.get("/teams/acme/changes?of=members").content.decode()
    assert "changed a role" in page
    assert "changed the profile" not in page
    page = client.get(f"/teams/acme/changes?by={world.users['ed'].pk}").content.decode()
    assert "changed a role" not in page
    file = b"".join(client.get("/teams/acme/changes.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=1+1" in file
    assert len(file.splitlines()) == 4
    outsider = Client()
    outsider.force_login(world.bob.users.get())
    for path in ("/teams/acme/changes", "/teams/acme/changes.csv", "/teams/acme/members", "/teams/acme"):
        assert outsider.get(path).status_code == 404


def test_a_long_log_is_read_page_by_page(world: World) -> None:
    for number in range(120):
        at = timezone.now() - timedelta(minutes=number // 3)
        team_log.note(person=world.firm, user=world.users["ed"], action="lists", about=f"line-{number}-", at=at)
    client, seen, address = world.client("vera"), [], "/teams/acme/changes"
    for _ in range(3):
        page = client.get(address).content.decode()
        seen += re.findall(r"line-(\d+)-", page)
        further = re.search(r'href="(\?before=\d+)"', page)
        address = f"/teams/acme/changes{further[1]}" if further else ""
    assert not address
    assert sorted(map(int, seen)) == list(range(120))


def test_nothing_odd_that_is_sent_breaks_a_page_of_a_team(world: World) -> None:
    sender = Sender(world.client("olga"))
    for path in ("/teams", "/teams/acme", "/teams/acme/month", "/teams/acme/changes", "/teams/acme/changes.csv"):
        sender.every_argument("get", path, {}, WORST)
    for action in ("invite", "withdraw", "role", "remove", "show"):
        sent = {"action": action, "email": "x@example.org", "role": "editor", "member": "1", "invitation": "1"}
        sender.every_argument("post", "/teams/acme/members", sent, WORST)
    sender.every_argument("post", "/teams/new", {"name": "T", "handle": "bcme"}, WORST)
    for odd in ("%00", "%F0%9F%8D%AF", "a" * 300, "acme%0A"):
        for path in (f"/teams/{odd}", f"/teams/{odd}/members", f"/teams/join/{odd}", f"/teams/{odd}/month.csv"):
            sender.send("get", path)
    assert sender.broken == []


@pytest.mark.parametrize(
    "statement", ["UPDATE accounts_teamchange SET action = 'x'", "DELETE FROM accounts_teamchange"]
)
def test_lines_are_only_added(world: World, statement: str) -> None:
    team_log.note(person=world.firm, user=world.users["ed"], action="lists", at=timezone.now())
    with pytest.raises(DatabaseError, match="only added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert TeamChange.objects.get().action == "lists"
