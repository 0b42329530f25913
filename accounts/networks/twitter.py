"""Twitter/X: what it declares, its API (version 2, in user context), and its data export (exports/twitter.py).

X bills every post, user and list that it sends. So no page is asked for that the day's money does not pay, everything
goes on where it stopped, on another day if need be, and no stream takes more than half of what it finds there.
Users sent along with posts are reckoned as billed, though X does not say so; that it bills an object once a day is not
relied on. Ids are X's own numbers as text, in the API as in the export.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.networks.archive import Archive
from accounts.networks.base import (
    Attached,
    Counter,
    CounterSpec,
    Interaction,
    Network,
    NetworkError,
    OAuth,
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
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.exports import twitter as export
from accounts.networks.http import Http, NotFound, Rejected4xx
from accounts.networks.newest_first import marks
from accounts.networks.x import (
    Asked,
    Asking,
    NotPermitted,
    handle_of,
    id_of,
    is_id,
    is_protected,
    iso,
    judge,
    named,
    order,
    words_of,
)

# Reactions older than this weigh next to nothing.
REACH_BACK = timedelta(days=90)
# Posts this young are read every time, all of REACH_BACK once in FULL.
RECENT = timedelta(days=7)
FULL = timedelta(days=7)
# Ids say when they were given, in milliseconds above these bits; machines that give them differ by less than OVERLAP.
ID_BITS = 22
OVERLAP = 10 * 60 * 1000
# In one reading: relations (followers, lists) asked for, and likers; of one post: reactions asked for by name.
RELATIONS = 1000
LIKERS = 200
NAMED = 500
# Posts whose likers may wait for another day.
LATER = 300

_COUNTERS = (
    ("followers_count", "followers"),
    ("following_count", "following"),
    ("listed_count", "listed"),
    ("tweet_count", "posts"),
)
_TOTALS = (("like_count", "like"), ("retweet_count", "share"), ("quote_count", "quote"), ("reply_count", "reply"))
# What is asked of own posts: what is marked in them costs no more.
_OWN = "created_at,entities,in_reply_to_user_id,note_tweet,public_metrics,referenced_tweets"
# What is told by names: the path below the post, and the fewest that may be asked for. What brings most comes first.
_REACTIONS: Mapping[str, tuple[str, int]] = {
    "quote": ("quote_tweets", 10),
    "share": ("retweets", 1),
    "like": ("liking_users", 1),
}


class Twitter(Network):
    spec = Spec(
        slug="twitter",
        code=1,
        label="Twitter/X",
        verbs=("share", "quote", "reply", "mention", "like", "follow", "list"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("following", "accounts followed"),
            CounterSpec("listed", "lists the account is on", "list"),
            CounterSpec("mentions_received", "mentions received", "mention"),
            CounterSpec("retweets_received", "retweets received", "share"),
            CounterSpec("mentions_sent", "mentions sent"),
            CounterSpec("retweets_sent", "retweets sent"),
            CounterSpec("posts", "posts in all"),
        ),
        proof="oauth",
        oauth=OAuth(
            provider="twitter_oauth2",
            authorize_url="https://x.com/i/oauth2/authorize",
            token_url="https://api.x.com/2/oauth2/token",
            identity=("users.read", "tweet.read"),
            collect=("follows.read", "list.read", "like.read", "offline.access"),
            login=True,
            refresh="refresh_token",
            revoke_url="https://api.x.com/2/oauth2/revoke",
            client_auth="basic",
        ),
        needs_keys=True,
        needs={"followers": ("follows.read",), "lists": ("list.read",)},
        reads=(
            "how many follow you, and who",
            "who mentions, answers, quotes, reposts and likes you",
            "which lists you are on, and what they are called",
            "how your own posts of the last 90 days were received",
            "the hashtags and links in these posts",
        ),
        never=("your direct messages", "your bookmarks", "which protected accounts follow or like you"),
        streams=("profile", "mentions", "posts", "lists", "followers"),
        # X bills an object once a day: a second reading in a day would cost more than it brings.
        every=24,
        base_url="https://api.x.com/2",
        cost={"post": 0.005, "user": 0.010, "list": 0.005},
        profile_url="https://x.com/{handle}",
        archive_note="X's export names your followers, but not who liked or reposted you: those count without names.",
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        reading = _Reading(http, subject, subject.now or http.now())
        if stream == "profile":
            yield reading.profile()
            return
        streams = {
            "mentions": reading.mentions,
            "posts": reading.posts,
            "lists": reading.lists,
            "followers": reading.followers,
        }
        if stream not in streams:
            raise ValueError(f"Twitter/X has no stream {stream!r}")
        last = cursor
        try:
            for page in streams[stream](cursor):
                last = page.cursor
                yield page
        except NotPermitted as error:
            yield Page([Rejected(stream, f"X does not let us read this: {error}")], last, done=True)

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        return judge(status, data, headers, now)

    def recognises(self, archive: Archive) -> bool:
        return export.recognises(archive)

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        return export.read(archive)


@dataclass(slots=True)
class _Reading(Asking):
    """One reading of one account."""

    # ---------------------------------------------------------------- profile

    def profile(self) -> Page:
        self.afford(("user",), 1)
        fields = "created_at,description,public_metrics"
        answer = self.http.get("users/me", [("user.fields", fields)]).data
        user = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(user, dict) or not is_id(user.get("id")):
            raise Unreachable(f"{self.http.host} does not say whose token this is: {shown(user)}")
        if self.subject.external_id and self.subject.external_id != user["id"]:
            raise Revoked(f"the token is of the account {user['id']}, not of {self.subject.external_id}")
        try:
            created_at = checked_time(user.get("created_at"), "created_at")
        except ValueError:
            created_at = None
        name, about = checked_text(user.get("name"), limit=100), checked_text(user.get("description"), limit=280)
        records: list[Record] = [Owner(user["id"], handle_of(user), name, created_at, about)]
        metrics = user.get("public_metrics")
        for theirs, ours in _COUNTERS:
            try:
                value = metrics.get(theirs) if isinstance(metrics, dict) else None
                records.append(Counter(ours, checked_count(value, theirs)))
            except ValueError as error:
                records.append(Rejected("users/me", str(error)))
        return Page(records, {}, done=True, items={"user": 1})

    # ---------------------------------------------------------------- mentions

    def mentions(self, cursor: dict[str, Any]) -> Iterator[Page]:
        """Newest first, down to the newest of the last reading.

        cursor: since, the newest of the last reading; newest, of this one; until, the oldest that this one has read.
        """
        since, newest, until = (str(cursor.get(name, "")) for name in ("since", "newest", "until"))
        fixed = [("tweet.fields", "author_id,created_at,entities,in_reply_to_user_id,referenced_tweets")]
        token = ""
        while True:
            number, kinds, authors = self.posts_of_others(100, least=5)
            if not number:
                yield Page([], {"since": since, "newest": newest, "until": until}, done=True, partial=True)
                return
            after = ("since_id", _a_little_before(since)) if since else ("start_time", iso(self.now - REACH_BACK))
            params = [*fixed, *authors, after, *_from(until, token)]
            asked = self.ask(f"users/{self.me}/mentions", params, kinds, number)
            records = [record for item in asked.data for record in self._mention(item, asked.users)]
            ids = [item["id"] for item in asked.data if isinstance(item, dict) and is_id(item.get("id"))]
            newest, token = max([newest, *ids], key=order), "" if ids else asked.token
            if token:
                yield Page(records, {"since": since, "newest": newest, "until": until}, items=asked.items)
                continue
            if not asked.token:
                yield Page(records, {"since": max(newest, since, key=order)}, done=True, items=asked.items)
                return
            oldest = min(ids, key=order)
            if until and order(oldest) >= order(until):
                raise Unreachable(f"{self.http.host}: mentions before {until} do not go on")
            until = oldest
            yield Page(records, {"since": since, "newest": newest, "until": until}, items=asked.items)

    def _mention(self, item: Any, users: Mapping[str, dict[str, Any]]) -> Iterator[Record]:
        try:
            post, actor = id_of(item, "id"), id_of(item, "author_id")
            occurred_at = checked_time(item.get("created_at"), "created_at")
        except ValueError as error:
            yield Rejected(f"mention {named(item)}", str(error))
            return
        about, author = _referenced(item), users.get(actor, {})
        if actor == self.me or "retweeted" in about or is_protected(author):
            return
        verb, on = "mention", ""
        if "replied_to" in about and item.get("in_reply_to_user_id") == self.me:
            verb, on = "reply", about["replied_to"]
        elif "quoted" in about and self._is_mine(item, about["quoted"]):
            verb, on = "quote", about["quoted"]
        yield Interaction(verb, actor, occurred_at, on, post, handle_of(author))

    def _is_mine(self, item: dict[str, Any], quoted: str) -> bool:
        """Whether the quoted post is our own: its address, which comes with the quote, names its author for nothing."""
        entities = item.get("entities")
        urls = entities.get("urls") if isinstance(entities, dict) else None
        address = f"/{self.subject.handle}/status/{quoted}".lower()
        return bool(self.subject.handle) and any(
            isinstance(url, dict) and str(url.get("expanded_url")).lower().endswith(address)
            for url in (urls if isinstance(urls, list) else [])
        )

    # ---------------------------------------------------------------- posts, and who reacted to them

    def posts(self, cursor: dict[str, Any]) -> Iterator[Page]:
        """First the own posts with their totals, newest first; then by name who reacted to those with new reactions.

        cursor: seen, the reactions counted at the last reading, by post and verb; full, when all were last read; while
        posts are listed: floor, until, found and own (reactions of the owner's own, by post); then queue; later, what
        of the queue is left for other days.
        """
        walk = dict(cursor)
        if "queue" not in walk:
            for page in self._listed(walk):
                walk = page.cursor
                yield page
        yield from self._reactions(walk)

    def _listed(self, walk: dict[str, Any]) -> Iterator[Page]:
        seen, found = walk.get("seen", {}), dict(walk.get("found", {}))
        own = {post: dict(counts) for post, counts in walk.get("own", {}).items()}
        later: list[list[Any]] = walk.get("later", [])
        full, floor, until = walk.get("full", ""), walk.get("floor", ""), walk.get("until", "")
        if not floor:
            all_of_it = not full or checked_time(full, "full") + FULL <= self.now
            floor = iso(self.now - (REACH_BACK if all_of_it else RECENT))
            full = iso(self.now) if all_of_it else full
        fixed = [("tweet.fields", _OWN)]
        fixed += [("exclude", "retweets"), ("start_time", floor)]
        token = ""
        while True:
            number = self.portion(("post",), 100, least=5)
            if not number:
                yield Page([], walk, done=True, partial=True)
                return
            params = [*fixed, *_from(until, token)]
            asked = self.ask(f"users/{self.me}/tweets", params, ("post",), number)
            records = [record for item in asked.data for record in self._own_post(item, found, own)]
            ids = [item["id"] for item in asked.data if isinstance(item, dict) and is_id(item.get("id"))]
            token = "" if ids else asked.token
            if token:
                yield Page(records, walk, items=asked.items)
                continue
            if not asked.token:
                break
            oldest = min(ids, key=order)
            if until and order(oldest) >= order(until):
                raise Unreachable(f"{self.http.host}: posts before {until} do not go on")
            until = oldest
            # Copies: whoever got a page keeps its cursor while we go on.
            state = {"found": dict(found), "own": {post: dict(counts) for post, counts in own.items()}, "later": later}
            walk = {**state, "seen": seen, "full": full, "floor": floor, "until": until}
            yield Page(records, walk, items=asked.items)
        queue = [
            [post, posted_at, verb, _wanted(counts[verb], seen.get(post, {}).get(verb, 0)), ""]
            for verb in _REACTIONS
            for post, (posted_at, counts) in found.items()
            if counts.get(verb, 0) > seen.get(post, {}).get(verb, 0)
        ]
        queue += later
        counted = {post: counts for post, (_, counts) in found.items()}
        # All were read: what is not among them is older than we look.
        seen = counted if floor <= iso(checked_time(full, "full") - REACH_BACK) else seen | counted
        state = {"seen": seen, "full": full, "queue": queue}
        yield Page(records, state if queue else {"seen": seen, "full": full}, done=not queue, items=asked.items)

    def _own_post(self, item: Any, found: dict[str, Any], own: dict[str, dict[str, int]]) -> Iterator[Record]:
        """A post with its totals; what the owner answered or quoted themselves is taken off (it stands further up)."""
        try:
            post, posted_at = id_of(item, "id"), checked_time(item.get("created_at"), "created_at")
        except ValueError as error:
            yield Rejected(f"post {named(item)}", str(error))
            return
        about = _referenced(item)
        for kind, verb in (("replied_to", "reply"), ("quoted", "quote")):
            if kind in about:
                mine = own.setdefault(about[kind], {})
                mine[verb] = mine.get(verb, 0) + 1
        url = f"https://x.com/{self.subject.handle or 'i'}/status/{post}"
        yield Post(post, posted_at, url, *words_of(item))
        metrics, counts = item.get("public_metrics"), {}
        for name, verb in _TOTALS:
            try:
                total = checked_count(metrics.get(name) if isinstance(metrics, dict) else None, name)
            except ValueError as error:
                yield Rejected(f"post {post}", str(error))
                continue
            total -= own.get(post, {}).get(verb, 0)
            if total > 0:
                yield PostTotal(post, verb, total, posted_at)
                if verb in _REACTIONS:
                    counts[verb] = total
        own.pop(post, None)
        if counts:
            found[post] = [iso(posted_at), counts]

    def _reactions(self, walk: dict[str, Any]) -> Iterator[Page]:
        """By name, the newest reactions to each post in the queue: [post, its time, verb, how many, where to go on]."""
        queue: list[list[Any]] = walk.get("queue", [])
        rest: dict[str, Any] = {name: walk[name] for name in ("seen", "full") if name in walk}
        likers = LIKERS
        kinds: tuple[str, ...]
        while queue:
            post, posted_at, verb, wanted, token = queue[0]
            path, least = _REACTIONS[verb]
            most = max(least, min(100, wanted, likers if verb == "like" else wanted))
            if verb == "like":
                number, kinds = self.portion(("user",), most) if likers > 0 else 0, ("user",)
                fields = [("user.fields", "protected,username")]
            else:
                number, kinds, fields = self.posts_of_others(most, least=least)
                fields.append(("tweet.fields", "author_id,created_at"))
            if not number:
                # Enough for today; new posts come first the next time.
                yield Page([], {**rest, "later": queue[:LATER]}, done=True, partial=True)
                return
            params = [("pagination_token", token)] if token else []
            params += fields
            records: list[Record] = []
            try:
                asked = self.ask(f"tweets/{post}/{path}", params, kinds, number)
            except NotPermitted as error:
                # What one may not read of one post, one may not read of the others.
                records = [Rejected(f"post {post}: {path}", f"X does not let us read this: {error}")]
                asked, queue = Asked([], {}, "", {}), [entry for entry in queue if entry[2] != verb]
            except NotFound:
                asked, queue = Asked([], {}, "", {}), queue[1:]
            else:
                wanted -= len(asked.data)
                on = asked.token and wanted > 0
                queue = [[post, posted_at, verb, wanted, asked.token], *queue[1:]] if on else queue[1:]
            for item in asked.data:
                records.extend(self._reaction(item, verb, post, posted_at, asked.users))
            if verb == "like":
                likers -= len(asked.data)
            yield Page(records, {**rest, "queue": queue} if queue else rest, done=not queue, items=asked.items)

    def _reaction(
        self, item: Any, verb: str, post: str, posted_at: str, users: Mapping[str, dict[str, Any]]
    ) -> Iterator[Record]:
        """One reaction. A like has no time of its own: it is dated on its post, as the totals are."""
        try:
            if verb == "like":
                actor = id_of(item, "id")
                user, key, occurred_at = item, f"like:{post}:{actor}", checked_time(posted_at, "posted_at")
            else:
                actor, key = id_of(item, "author_id"), id_of(item, "id")
                user, occurred_at = users.get(actor, {}), checked_time(item.get("created_at"), "created_at")
        except ValueError as error:
            yield Rejected(f"post {post}: {verb} {named(item)}", str(error))
            return
        if actor != self.me and not is_protected(user):
            yield Interaction(verb, actor, occurred_at, post, key, handle_of(user))

    # ---------------------------------------------------------------- relations

    def lists(self, cursor: dict[str, Any]) -> Iterator[Page]:
        yield from self._relations(cursor, "list_memberships", "list", 100, [("list.fields", "name,owner_id")])

    def followers(self, cursor: dict[str, Any]) -> Iterator[Page]:
        yield from self._relations(cursor, "followers", "user", 1000, [("user.fields", "protected,username")])

    def _relations(
        self, cursor: dict[str, Any], path: str, kind: str, page: int, params: list[tuple[str, str]]
    ) -> Iterator[Page]:
        """Newest first, down to one that was among the newest of the last time; at most RELATIONS of them.

        cursor: known, the newest of the last time that all was read; head, of this time; token, where to go on.
        """
        known, head, token = cursor.get("known", []), cursor.get("head", []), cursor.get("token", "")
        resumed, most = bool(token), RELATIONS
        # What is new since yesterday is little: a large page would be paid for again and again.
        size = 20 if known else page
        while True:
            number = self.portion((kind,), min(size, most)) if most > 0 else 0
            if not number:
                yield Page([], {"known": known, "head": head, "token": token}, done=True, partial=True)
                return
            step = [*params, *([("pagination_token", token)] if token else [])]
            try:
                asked = self.ask(f"users/{self.me}/{path}", step, (kind,), number)
            except Rejected4xx as error:
                if not resumed or isinstance(error, NotPermitted):
                    raise
                # Where we stopped another day is no longer known there.
                token, head, resumed = "", [], False
                continue
            records = [record for item in asked.data for record in self._relation(item, kind)]
            ids = marks(item["id"] for item in asked.data if isinstance(item, dict) and is_id(item.get("id")))
            head, resumed = (head or ids)[:10], False
            if not asked.token or set(ids) & set(known):
                yield Page(records, {"known": head or known}, done=True, items=asked.items)
                return
            if asked.token == token:
                raise Unreachable(f"{self.http.host}: {path} does not go on")
            token, size, most = asked.token, min(page, size * 2), most - len(asked.data)
            yield Page(records, {"known": known, "head": head, "token": token}, items=asked.items)

    def _relation(self, item: Any, kind: str) -> Iterator[Record]:
        try:
            actor = id_of(item, "id" if kind == "user" else "owner_id")
        except ValueError as error:
            yield Rejected(f"{'follower' if kind == 'user' else 'list'} {named(item)}", str(error))
            return
        if actor != self.me and not is_protected(item):
            verb, handle = ("follow", handle_of(item)) if kind == "user" else ("list", "")
            yield Interaction(verb, actor, None, actor_handle=handle)
            if kind == "list" and (name := checked_text(item.get("name"), limit=100)):
                yield Attached("list", name, actor)


def _from(until: str, token: str) -> list[tuple[str, str]]:
    """Parameters to go on by: before a post, whose id is good on any day; from a page without posts by its token."""
    return ([("until_id", until)] if until else []) + ([("pagination_token", token)] if token else [])


def _wanted(now: int, before: int) -> int:
    """How many of the newest reactions to ask for: what was added, and some for those that went meanwhile."""
    return min(NAMED, now - before + 5 if before else now)


def _referenced(item: Mapping[str, Any]) -> dict[str, str]:
    """The posts that a post is about, by how: replied_to, quoted, retweeted."""
    references = item.get("referenced_tweets")
    return {
        str(reference.get("type")): reference["id"]
        for reference in (references if isinstance(references, list) else [])
        if isinstance(reference, dict) and is_id(reference.get("id"))
    }


def _a_little_before(number: str) -> str:
    return str(max(1, int(number) - (OVERLAP << ID_BITS)))
