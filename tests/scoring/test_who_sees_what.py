"""Nobody learns at any address that somebody who hides exists, nor anything of what somebody keeps back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import watching
from accounts.models import Erasure, Membership, Person, User
from accounts.networks import NETWORKS
from accounts.visibility import PARTS
from scoring.models import Moment, Ranking
from tests.scoring.everywhere import (
    ADDRESSES,
    FAMILY,
    HOST,
    LISTS,
    OF_NOBODY_ELSE,
    SENT,
    Answer,
    addresses_about,
    ask,
    names,
    somebody_known,
)
from tests.scoring.published import publish_score
from tests.scoring.reading import user_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 2, tzinfo=UTC)
HANDLE, NOBODYS = "zebulon", "nothere"
READERS = ("visitor", "member", "viewer of another")


@pytest.fixture
def alice(join: Callable[..., Person], settings: Any) -> Person:
    settings.API_KEYS = ["a-key"]
    alice = join("Alice", mastodon="2")
    score = publish_score(alice)
    Ranking.objects.create(person=alice, score=score.score, rank=1, country="DE", country_rank=1, kind="person")
    return alice


@pytest.fixture
def zeb(alice: Person, join: Callable[..., Person]) -> Person:
    return somebody_known(alice, join)


@pytest.fixture
def watch_list(alice: Person, zeb: Person) -> int:
    """A list of Alice's with Zeb on it, and somebody else."""
    made = watching.create(owner=alice, name="Mine", at=AT)
    watching.add(watch_list=made, handle=HANDLE, user=user_of(alice), at=AT)
    return made.pk


def reading(reader: str, alice: Person) -> Client:
    client = Client()
    if reader == "member":
        client.force_login(user_of(alice))
    elif reader == "viewer of another":
        user, _made = User.objects.get_or_create(email="viewer@example.com")
        Membership.objects.get_or_create(user=user, person=alice, role="viewer")
        client.force_login(user)
    return client


# ---------------------------------------------------------------- the table


def test_every_address_is_in_the_table() -> None:
    """Whoever adds a page says here how it could be asked for somebody, or that it is about nobody else."""
    known = set(ADDRESSES) | OF_NOBODY_ELSE
    assert not set(ADDRESSES) & OF_NOBODY_ELSE
    assert set(names()) - known == set()
    assert known - set(names()) == set()


# ---------------------------------------------------------------- people who are not to be found


def hide(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(visibility="hidden")


def show_to_members(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(visibility="members")


def be_fifteen(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(birth_year=2011)


def be_erased_soon(person: Person) -> None:
    # Whatever the profile says meanwhile.
    Erasure.objects.create(person=person, requested_at=AT, due_at=AT, visibility="public")


def be_spoken_for_by_nobody(person: Person) -> None:
    Membership.objects.filter(person=person).delete()


def hide_under_another_handle(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(handle="renamed", visibility="hidden")


def be_erased(person: Person) -> None:
    Person.objects.filter(pk=person.pk).delete()


UNSEEN = (hide, be_fifteen, be_erased_soon, be_spoken_for_by_nobody, hide_under_another_handle, be_erased)


def meanwhile(*states: Callable[[Person], None]) -> Iterator[Callable[[Person], None]]:
    """Each of `states`, undone before the next one."""
    for state in states:
        with transaction.atomic():
            yield state
            transaction.set_rollback(True)


@pytest.mark.parametrize("reader", READERS)
def test_who_may_not_be_seen_is_answered_as_who_was_never_here(
    alice: Person, zeb: Person, watch_list: int, reader: str
) -> None:
    client, klout_id = reading(reader, alice), zeb.klout_id
    theirs = {"{h}": HANDLE, "{k}": str(klout_id), "4711": "4711", "zq_handle": "zq_handle", "quux": "quux"}
    nobodys = {"{h}": NOBODYS, "{k}": str(klout_id - 1), "4711": "4712", "zq_handle": "zq_nobody", "quux": "xyzy"}

    def answers(words: dict[str, str], paths: Iterable[str]) -> dict[str, Answer]:
        found = {}
        for path in paths:
            asked = path
            for name, word in words.items():
                asked = asked.replace(name, word)
            found[path] = ask(client, asked, but="|".join(words.values()))
        return found

    for gone in meanwhile(be_erased):
        gone(zeb)
        unknown = answers(nobodys, addresses_about("{h}", "{k}"))
    states = UNSEEN if reader == "member" else (*UNSEEN, show_to_members) if reader == "visitor" else UNSEEN[:1]
    for unseen in meanwhile(*states):
        unseen(zeb)
        # The settings go by who speaks for somebody, whatever else is the matter: once is enough.
        paths = [path for path in unknown if unseen is hide or not path.startswith("/settings")]
        for path, answer in answers(theirs, paths).items():
            assert answer == unknown[path], (path, reader, unseen.__name__)


def test_nothing_that_is_sent_tells_who_may_not_be_seen(alice: Person, zeb: Person, watch_list: int) -> None:
    client = reading("member", alice)

    def answer(path: str, sent: dict[str, str], handle: str) -> Answer:
        path = f"/lists/{watch_list}" if path == "/list" else path.format(h=handle)
        with transaction.atomic():
            found = ask(client, path, {name: value.format(h=handle) for name, value in sent.items()}, but=handle)
            transaction.set_rollback(True)
        # Numbers are not given out again.
        return replace(found, body=re.sub(rb"/lists/[0-9]+", b"", found.body))

    for gone in meanwhile(be_erased):
        gone(zeb)
        unknown = [answer(path, sent, NOBODYS) for path, sent in SENT]
    lists = [path for path, _sent in SENT].index("/lists")
    assert "There is nobody with this handle." in unknown[lists].text
    for unseen in meanwhile(*UNSEEN):
        unseen(zeb)
        for (path, sent), expected in zip(SENT, unknown, strict=True):
            assert answer(path, sent, HANDLE) == expected, (path, unseen.__name__)


@pytest.mark.parametrize("reader", READERS[:2])
def test_no_list_names_who_may_not_be_seen(alice: Person, zeb: Person, watch_list: int, reader: str) -> None:
    client = reading(reader, alice)
    seen_before = [path for path, answer in walk_lists(client, watch_list) if HANDLE in answer.text]
    assert "/leaderboards" in seen_before
    assert reader == "visitor" or f"/lists/{watch_list}" in seen_before
    for unseen in meanwhile(*UNSEEN, *([show_to_members] if reader == "visitor" else [])):
        unseen(zeb)
        for path, answer in walk_lists(client, watch_list):
            assert not any(mark in answer.text for mark in (HANDLE, "renamed", "Quux")), (path, unseen.__name__)


def walk_lists(client: Client, watch_list: int) -> Iterator[tuple[str, Answer]]:
    for path in LISTS:
        path = f"/lists/{watch_list}" if path == "/list" else path
        yield path, ask(client, path)


def test_a_list_counts_whom_one_sees_on_it(client: Client, alice: Person, zeb: Person, watch_list: int) -> None:
    """Otherwise the number would tell who hides from who was erased."""
    client.force_login(user_of(alice))
    assert "1 person" in ask(client, "/lists").text
    hide(zeb)
    hidden = ask(client, "/lists")
    zeb.delete()
    assert hidden == ask(client, "/lists")
    assert "0 people" in hidden.text


def test_what_is_made_for_one_reader_says_so(alice: Person, zeb: Person, watch_list: int) -> None:
    """No cache that several people share keeps such a page; what is for everybody is the same whoever is logged in."""
    visitor, member = Client(), reading("member", alice)
    for path in (*addresses_about(HANDLE, zeb.klout_id), *LISTS, f"/lists/{watch_list}"):
        theirs, mine = ask(visitor, path), ask(member, path)
        kept = mine.headers.get("Cache-Control", "")
        assert re.search("private|no-store", kept) or theirs == mine, path
        assert "public" not in kept or theirs == mine, path
        assert "public" in kept or path.startswith("/v2/") or "Cookie" in mine.headers.get("Vary", ""), path
        # Whoever only looks is known by nothing.
        assert not visitor.cookies, path


def test_a_list_does_not_tell_the_days_that_are_kept_back(alice: Person, zeb: Person, watch_list: int) -> None:
    client = reading("member", alice)
    assert "52.4" in ask(client, f"/lists/{watch_list}").text
    Person.objects.filter(pk=zeb.pk).update(shown={"chart": "hidden"})
    assert "25.3" in ask(client, f"/lists/{watch_list}").text
    assert "52.4" not in ask(client, f"/lists/{watch_list}").text


def test_the_entries_of_a_feed_do_not_tell_which_account_they_are_of(alice: Person, zeb: Person) -> None:
    """Whoever has a post in mind could otherwise try it out."""
    Person.objects.filter(pk=zeb.pk).update(shown={"networks": "hidden"})
    feed = ask(Client(), "/zebulon/moments.atom").text
    [told] = re.findall(r"moments:[0-9]+:([0-9a-f]{24})<", feed)
    assert told != hashlib.sha256(f"{zeb.links.get().account_id}:11".encode()).hexdigest()[:24]


# ---------------------------------------------------------------- parts that are kept back

# part -> marks of it, and the addresses about Zeb where some of them are seen; all others are to be without any.
LABEL = NETWORKS["twitter"].spec.label
SEEN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "chart": (
        ("66.6", "77.7", "41.3", "52.4", "11.13", "2.22"),
        ("profile", "chart", "chart_csv", "why", "moments", "compare", "v2"),
    ),
    "why": (("24.3",), ("profile", "why", "compare", "chart_csv")),
    "moments": (("posts.example", "3.21"), ("profile", "chart", "why", "moments", "moments_feed")),
    "networks": (
        ("zq_handle", "posts.example", LABEL, "points_twitter", '"4711"'),
        ("profile", "chart", "chart_csv", "why", "moments", "moments_feed", "compare", "search", "v2"),
    ),
    "topics": (("Lighthouses",), ("profile", "give_plus_k", "v2")),
    "plus_k": (("+K in 90 days", 'id="given"'), ("profile", "give_plus_k")),
    "achievements": ((str(FAMILY.name),), ("profile", "shelf", "share")),
    "ties": (('id="ties"',), ("profile",)),
    "style": (('id="style"',), ("profile",)),
}
# part -> where Zeb is named for it.
NAMED: dict[str, tuple[str, ...]] = {
    "topics": ("/leaderboards/topic/lighthouses",),
    "achievements": (f"/achievements/{FAMILY.slug}",),
    "ties": ("/alice", "/alice/activity", "/alice/activity.csv"),
    "leaderboards": (
        *("/leaderboards", "/leaderboards?kind=person", "/leaderboards/country/DE"),
        *("/leaderboards/topic/lighthouses", "/leaderboards/following"),
    ),
    "search": ("/search?q=zebulon", "/search?q=quux", "/search?q=zebulom", "/search?q=zq_handle"),
    "networks": ("/search?q=zq_handle", "/search?q=zqhandle"),
    "badge": ("/badge/zebulon/large-light.svg", "/embed/zebulon", f"/oembed?url={HOST}/zebulon"),
}
# reader, what is added to addresses, and whether those see what is for members.
LOOKS = (("visitor", "", False), ("member", "", True), ("owner", "as=public", False), ("owner", "as=members", True))
# Pages that can be looked at as somebody else.
PREVIEWED = ("profile", "chart", "chart_csv", "why", "moments", "shelf", "share", "give_plus_k")


def test_every_part_is_in_the_table() -> None:
    assert set(SEEN) | set(NAMED) == set(PARTS)


# Pages with words about somebody that anybody may open.
ABOUT = (
    *PREVIEWED,
    "moments_feed",
    "compare",
    "home",
    "leaderboards",
    "board_country",
    "embed",
    "oembed",
    "search",
    "v2",
)


@pytest.mark.parametrize(("reader", "look", "member"), LOOKS)
def test_a_part_that_is_kept_back_is_on_no_page(
    alice: Person, zeb: Person, reader: str, look: str, member: bool
) -> None:
    client = Client()
    if reader != "visitor":
        client.force_login(user_of(alice if reader == "member" else zeb))

    def texts(*names: str) -> dict[str, str]:
        """By name, what the addresses say; not where what is sought is said again."""
        return {
            name: "".join(asked_about(client, path, look) for path in addresses_about(HANDLE, zeb.klout_id, name))
            for name in names
        }

    pages = [name for name in ABOUT if not look or name in PREVIEWED]
    known = texts(*pages)
    for part, (marks, where) in SEEN.items():
        there = [name for name in pages if name in where]
        assert [name for name in pages if any(mark in known[name] for mark in marks)] == there, (part, marks)
        Person.objects.filter(pk=zeb.pk).update(shown={part: "hidden"})
        for name, text in texts(*pages).items():
            assert [mark for mark in marks if mark in text] == [], (part, name)
        Person.objects.filter(pk=zeb.pk).update(shown={part: "members"})
        for name, text in texts(*there).items():
            # What is handed on to others, is for everybody or for nobody.
            allowed = member and name not in ("v2", "moments_feed", "share")
            assert any(mark in text for mark in marks) is allowed, (part, name)


def asked_about(client: Client, path: str, look: str) -> str:
    text = ask(client, f"{path}{'&' if '?' in path else '?'}{look}" if look else path).text
    # What was sought is on the page of a search (see NAMED for what it finds).
    return text.replace("zq_handle", "") if path.startswith("/search") else text


@pytest.mark.parametrize(("reader", "member"), [("visitor", False), ("member", True)])
@pytest.mark.parametrize("part", NAMED)
def test_nobody_is_named_where_they_do_not_want_to_be(
    alice: Person, zeb: Person, part: str, reader: str, member: bool
) -> None:
    client = reading(reader, alice)
    for chosen, allowed in ((None, True), ("members", member), ("hidden", False)):
        Person.objects.filter(pk=zeb.pk).update(shown={part: chosen} if chosen else {})
        for path in NAMED[part]:
            text = ask(client, path).text.replace('value="zebulon"', "").replace("“zebulon”", "")
            alone = reader == "visitor" and path.startswith(("/alice/activity", "/leaderboards/following"))
            # What other sites get, and who earned something of late, is for everybody or for nobody.
            expected = allowed and not alone and not (part in ("badge", "achievements") and chosen)
            assert any(name in text for name in ("@zebulon", "Zeb Quux", ",zebulon,")) is expected, (part, chosen, path)


def test_who_is_not_to_be_found_is_found_by_no_search_engine_either(zeb: Person) -> None:
    pages = ("/zebulon", "/zebulon/chart", "/zebulon/why", "/zebulon/moments", "/zebulon/achievements")
    for chosen, expected in (("public", False), ("members", True), ("hidden", True)):
        Person.objects.filter(pk=zeb.pk).update(shown={"search": chosen})
        for path in pages:
            assert ('name="robots" content="noindex"' in ask(Client(), path).text) is expected, (chosen, path)


def test_a_post_without_a_day_is_called_one_where_networks_are_kept_back(zeb: Person) -> None:
    Person.objects.filter(pk=zeb.pk).update(shown={"networks": "hidden"})
    Moment.objects.update(posted_at=None)
    text = ask(Client(), "/zebulon").text
    assert "A post<" in text
    assert "A post on" not in text


def test_who_speaks_for_somebody_sees_every_part(alice: Person, zeb: Person) -> None:
    Person.objects.filter(pk=zeb.pk).update(visibility="hidden", shown=dict.fromkeys(PARTS, "hidden"))
    for role in Membership.Role.values:
        user = User.objects.create_user(f"{role}@example.com", "a long pass phrase")
        Membership.objects.create(user=user, person=zeb, role=role)
        client = Client()
        client.force_login(user)
        pages = {
            name: "".join(ask(client, path).text for path in addresses_about(HANDLE, zeb.klout_id, name))
            for name in ("profile", "chart", "chart_csv", "why", "moments", "compare")
        }
        for part, (marks, where) in SEEN.items():
            for name in pages.keys() & set(where):
                assert any(mark in pages[name] for mark in marks), (role, part, name)
