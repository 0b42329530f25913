"""Bluesky, through its public AppView, which answers without a log-in.

An account is known by its DID, which stays when the handle changes; a post by its at:// address. Who likes, reposts,
quotes and answers a post is named; a repost has no time of its own and is dated on its post, as a total without names
is. A like's own address is not told: it is known by post and actor. Not read, since these ask for a log-in: mentions
beside an answer or a quote, and the lists an account is on.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.networks.base import (
    BadRecord,
    Counter,
    CounterSpec,
    Interaction,
    Network,
    NetworkError,
    Owner,
    Page,
    Post,
    PostTotal,
    Record,
    Rejected,
    Revoked,
    Spec,
    Subject,
    Unreachable,
    checked_count,
    checked_id,
    checked_object,
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.http import Http, NotFound, Rejected4xx
from accounts.networks.newest_first import Listed, newest_first
from accounts.networks.words import Words, links_of, tags_of

PAGE = 100
# Posts of so many days are looked at, the newest thousand, and of each so many pages of those who reacted in one way.
DAYS, MOST_POSTS, MOST_PAGES = 90, 1000, 10
# Pages of followers in one reading, newest first; the counter tells of the others.
MOST_FOLLOWERS = 1000
# Of a post so many marks of hashtags and links are looked at.
MOST_MARKS = 100
_DID = re.compile(
    r"did:(?:plc:[a-z2-7]{24}|web:[A-Za-z0-9._:%-]{1,200}|(?!plc:|web:)[a-z]{1,20}:[A-Za-z0-9._:%-]{1,200})"
)
_HANDLE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_COUNTERS = (("followersCount", "followers"), ("followsCount", "following"), ("postsCount", "posts"))
# What an answer counts of a post, and the verb of it; a post is asked about again when one of them has changed.
_TOTALS = (("likeCount", "like"), ("repostCount", "share"), ("quoteCount", "quote"), ("replyCount", "reply"))
_GONE = frozenset({"AccountTakedown", "AccountDeactivated", "AccountSuspended", "RepoTakendown", "RepoDeactivated"})


class Bluesky(Network):
    spec = Spec(
        slug="bluesky",
        code=10,
        label="Bluesky",
        verbs=("share", "quote", "reply", "mention", "like", "follow", "list"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("following", "accounts followed"),
            CounterSpec("posts", "posts in all"),
        ),
        streams=("profile", "posts", "followers"),
        proof="challenge",
        reads=(
            "your public profile and how many follow you",
            "your public posts of the last 90 days, and who liked, reposted, quoted and answered them",
            "the hashtags and links in these posts",
            "who follows you",
        ),
        never=("your messages", "your feeds, lists and blocks", "anything that a visitor without a log-in cannot see"),
        base_url="https://public.api.bsky.app",
        profile_url="https://bsky.app/profile/{handle}",
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if stream == "profile":
            yield Page(_profile(http, subject.external_id), {}, done=True)
        elif stream == "posts":
            yield from _posts(http, subject, cursor)
        elif stream == "followers":
            yield from newest_first(lambda place: _followers(http, subject, place), cursor, most=MOST_FOLLOWERS)
        else:
            raise ValueError(f"Bluesky has no stream {stream!r}")

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        said = data if isinstance(data, dict) else {}
        if str(said.get("error")) in _GONE:
            return Revoked
        if status == 400 and "not found" in str(said.get("message")).lower():
            return NotFound
        # Nobody's token is in question here: the network refuses us, not this person.
        return Unreachable if status in (401, 403) else None

    def find(self, http: Http, address: str) -> Owner:
        handle = address.strip().removeprefix("https://bsky.app/profile/").partition("/")[0].removeprefix("@")
        if not _HANDLE.fullmatch(handle.lower()) and not _DID.fullmatch(handle):
            raise BadRecord(address[:100], "this is not a handle such as alice.bsky.social")
        owner = _profile(http, handle if handle.startswith("did:") else handle.lower())[0]
        assert isinstance(owner, Owner)
        return owner


def _ask(http: Http, method: str, *params: tuple[str, str]) -> dict[str, Any]:
    data = http.get(f"/xrpc/app.bsky.{method}", params).data
    if not isinstance(data, dict):
        raise Unreachable(f"{method} is {shown(data)}, not an object")
    return data


def _profile(http: Http, actor: str) -> list[Record]:
    """The owner and the counters of `actor`, a DID or a handle."""
    profile = _ask(http, "actor.getProfile", ("actor", actor))
    try:
        did, handle = _actor(profile)
    except ValueError as error:
        raise Unreachable(f"getProfile names no account: {error}") from None
    if actor.startswith("did:") and did != actor:
        raise Revoked(f"asked for {actor}, Bluesky answers with {did}")
    try:
        created_at = checked_time(profile.get("createdAt"), "createdAt")
    except ValueError:
        created_at = None
    name = checked_text(profile.get("displayName"), limit=100)
    about = checked_text(profile.get("description"), limit=3000)
    records: list[Record] = [Owner(did, handle, name, created_at, about)]
    for theirs, ours in _COUNTERS:
        try:
            records.append(Counter(ours, checked_count(profile.get(theirs), theirs)))
        except ValueError as error:
            records.append(Rejected("getProfile", str(error)))
    return records


def _actor(value: object) -> tuple[str, str]:
    """DID and handle ("" where it no longer leads to the account). Raises ValueError."""
    value = checked_object(value, "the account")
    did = value.get("did")
    if not isinstance(did, str) or not _DID.fullmatch(did):
        raise ValueError(f"did is {shown(did)}, not a DID")
    handle = str(value.get("handle", "")).lower()
    return did, handle if _HANDLE.fullmatch(handle) and handle != "handle.invalid" and len(handle) <= 253 else ""


def _followers(http: Http, subject: Subject, place: str) -> Listed:
    params = [("actor", subject.external_id), ("limit", str(PAGE)), *([("cursor", place)] if place else [])]
    answer = _ask(http, "graph.getFollowers", *params)
    records: list[Record] = []
    ids: list[str] = []
    for number, item in enumerate(_list(answer, "followers"), start=1):
        try:
            did, handle = _actor(item)
        except ValueError as error:
            records.append(Rejected(f"getFollowers, record {number}", str(error)))
            continue
        ids.append(did)
        records.append(Interaction("follow", did, None, actor_handle=handle))
    return Listed(records, ids, _cursor(answer))


def _posts(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """A page for each post whose totals have changed since it was read, newest first.

    The cursor holds the totals of every post read and its day, so that a reading that was stopped passes quickly over
    what it had.
    """
    oldest = (subject.now or http.now()) - timedelta(days=DAYS)
    seen: dict[str, list[int]] = dict(cursor.get("seen", {}))
    place, looked = cursor.get("at", ""), 0
    while True:
        params = [("actor", subject.external_id), ("limit", "50"), ("filter", "posts_with_replies")]
        try:
            answer = _ask(http, "feed.getAuthorFeed", *params, *([("cursor", place)] if place else []))
        except Rejected4xx:
            if not place or looked:
                raise
            # It no longer knows the place where the last reading stopped.
            place = ""
            continue
        reached = False
        for number, item in enumerate(_list(answer, "feed"), start=1):
            view = item.get("post") if isinstance(item, dict) else None
            if isinstance(item, dict) and item.get("reason"):
                # Somebody's post that the account reposted.
                continue
            try:
                post, posted_at, totals = _own_post(view, subject.external_id)
            except ValueError as error:
                yield Page([Rejected(f"getAuthorFeed, record {number}", str(error))], {"seen": dict(seen), "at": place})
                continue
            if posted_at < oldest:
                reached = True
                continue
            looked += 1
            key, state = post.post.rpartition("/")[2], [*totals, posted_at.toordinal()]
            if seen.get(key) == state:
                continue
            records = _reactions(http, subject.external_id, post, totals)
            seen[key] = state
            yield Page(records, {"seen": dict(seen), "at": place})
        following = _cursor(answer)
        if reached or looked >= MOST_POSTS or following in ("", place):
            kept = {key: state for key, state in seen.items() if state[-1] >= oldest.toordinal()}
            yield Page([], {"seen": kept}, done=True)
            return
        place = following


def _own_post(view: object, owner: str) -> tuple[Post, datetime, list[int]]:
    """A post of the owner's with its totals in the order of _TOTALS. Raises ValueError."""
    view = checked_object(view, "the post")
    uri = checked_id(view.get("uri"), "uri", limit=400)
    author = _actor(view.get("author"))[0]
    if author != owner or not uri.startswith(f"at://{owner}/"):
        raise ValueError(f"the post is by {author}, not by the owner")
    posted_at = _time(view, "the post")
    url = f"https://bsky.app/profile/{owner}/post/{uri.rpartition('/')[2]}"
    return (
        Post(uri, posted_at, url, *_words(view.get("record"))),
        posted_at,
        [checked_count(view.get(name, 0), name) for name, _ in _TOTALS],
    )


def _words(record: object) -> Words:
    """What the author's program marked as hashtags and links, the tags beside the text, and the page shown with it."""
    said = record if isinstance(record, dict) else {}
    tags, links = list(_listed(said.get("tags"))), list[object]()
    for facet in _listed(said.get("facets")):
        for feature in _listed(facet.get("features") if isinstance(facet, dict) else None):
            if isinstance(feature, dict) and feature.get("$type") == "app.bsky.richtext.facet#tag":
                tags.append(feature.get("tag"))
            elif isinstance(feature, dict) and feature.get("$type") == "app.bsky.richtext.facet#link":
                links.append(feature.get("uri"))
    embed = said.get("embed")
    embed = embed.get("media", embed) if isinstance(embed, dict) else None
    shown_page = embed.get("external") if isinstance(embed, dict) else None
    if isinstance(shown_page, dict):
        links.append(shown_page.get("uri"))
    return tags_of(tags), links_of(links)


def _listed(value: object) -> list[Any]:
    return value[:MOST_MARKS] if isinstance(value, list) else []


def _time(view: Mapping[str, Any], what: str) -> datetime:
    """When it was made: what its author's program says, unless that is later than when the network saw it."""
    record = view.get("record")
    seen_at = checked_time(view.get("indexedAt"), f"{what}'s indexedAt")
    try:
        said = checked_time((record if isinstance(record, dict) else view).get("createdAt"), "createdAt")
    except ValueError:
        return seen_at
    return min(said, seen_at)


def _reactions(http: Http, owner: str, post: Post, totals: list[int]) -> list[Record]:
    """The post, who reacted to it, and how many did in each way; the owner's own reactions are taken off."""
    ways: dict[str, Callable[[], Iterator[Record]]] = {
        "like": lambda: _each(http, "feed.getLikes", "likes", post, "like"),
        "share": lambda: _each(http, "feed.getRepostedBy", "repostedBy", post, "share"),
        "quote": lambda: _each(http, "feed.getQuotes", "posts", post, "quote"),
        "reply": lambda: _replies(http, post),
    }
    records: list[Record] = [post]
    for (_, verb), total in zip(_TOTALS, totals, strict=True):
        if not total:
            continue
        own = 0
        try:
            for record in ways[verb]():
                if isinstance(record, Interaction) and record.actor == owner:
                    own += 1
                else:
                    records.append(record)
        except NotFound:
            # Deleted since the feed named it.
            continue
        if total > own:
            records.append(PostTotal(post.post, verb, total - own, post.posted_at))
    return records


def _each(http: Http, method: str, name: str, post: Post, verb: str) -> Iterator[Record]:
    place = ""
    for _ in range(MOST_PAGES):
        params = [("uri", post.post), ("limit", str(PAGE)), *([("cursor", place)] if place else [])]
        answer = _ask(http, method, *params)
        for number, item in enumerate(_list(answer, name), start=1):
            yield _reaction(f"{method} of {post.post}, record {number}", verb, item, post)
        following = _cursor(answer)
        if following in ("", place):
            return
        place = following


def _replies(http: Http, post: Post) -> Iterator[Record]:
    thread = _ask(http, "feed.getPostThread", ("uri", post.post), ("depth", "1"), ("parentHeight", "0")).get("thread")
    replies = thread.get("replies") if isinstance(thread, dict) else None
    for number, item in enumerate(replies if isinstance(replies, list) else [], start=1):
        # Posts that are blocked or gone have no view.
        if isinstance(item, dict) and str(item.get("$type")).endswith(("#blockedPost", "#notFoundPost")):
            continue
        view = item.get("post") if isinstance(item, dict) else item
        yield _reaction(f"getPostThread of {post.post}, record {number}", "reply", view, post)


def _reaction(where: str, verb: str, item: object, post: Post) -> Record:
    try:
        view = checked_object(item, "it")
        did, handle = _actor({"like": view.get("actor"), "share": view}.get(verb, view.get("author")))
        if verb in ("like", "share"):
            key = f"{verb}:{post.post}:{did}"
        else:
            key = f"{verb}:{checked_id(view.get('uri'), 'uri', limit=400)}"
        # Nobody reacts to a post before it is there.
        occurred_at = post.posted_at if verb == "share" else max(_time(view, "it"), post.posted_at)
    except ValueError as error:
        return Rejected(where, str(error))
    return Interaction(verb, did, occurred_at, post=post.post, key=key, actor_handle=handle)


def _list(answer: Mapping[str, Any], name: str) -> list[Any]:
    found = answer.get(name)
    if not isinstance(found, list):
        raise Unreachable(f"{name} is {shown(found)}, not a list")
    return found


def _cursor(answer: Mapping[str, Any]) -> str:
    found = answer.get("cursor")
    return found if isinstance(found, str) and len(found) <= 500 else ""
