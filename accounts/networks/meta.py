"""What the Graph APIs of Facebook, Instagram and Threads share: errors, pages, and the ways of reading them.

Calls name what they want by path and parameters alone: the whole addresses that answers offer for the next page carry a
token and might lead anywhere, so only their parameters are used.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from accounts.networks.base import (
    Network,
    NetworkError,
    Page,
    PostTotal,
    RateLimited,
    Record,
    Rejected,
    Revoked,
    Subject,
    Unreachable,
    checked_count,
    checked_time,
    shown,
)
from accounts.networks.http import Http, NotFound, Rejected4xx

# Reactions to older posts weigh next to nothing.
REACH_BACK = timedelta(days=90)
# Reactions that came while the last reading went on.
OVERLAP = timedelta(days=1)
# Of one post in one reading.
MOST_PAGES = 40

Params = list[tuple[str, str]]
# Where to go on: parameters of the next page; {} at the end.
Step = dict[str, str]

_REVOKED = frozenset({102, 190})
_TOO_OFTEN = frozenset({4, 17, 32, 341, 613, *range(80000, 80100)})
# Those that count all calls of our app.
_APP_TOO_OFTEN = frozenset({4, 341})
_FORBIDDEN = frozenset({3, 10, *range(200, 300)})
# An object that is gone, or that never was.
_GONE = frozenset({803, 24})
_GONE_BELOW_100 = 33
# Trouble at Meta that passes.
_PASSING = frozenset({1, 2})
_STEPS = ("after", "until", "__paging_token", "offset")
_PAUSE = timedelta(hours=1)
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_USERNAME = re.compile(r"[A-Za-z0-9._]{1,30}")


class NotPermitted(Rejected4xx):
    """The person, or Meta's review of our app, did not give us this permission; the link is as good as before."""


def judge(
    status: int, data: Any, headers: Mapping[str, str], now: datetime
) -> NetworkError | type[NetworkError] | None:
    """Meta's errors for Network.judge: they are told by number, whatever the status of the answer is."""
    error = data.get("error") if isinstance(data, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(error, dict) or type(code) is not int:
        return RateLimited(now + _wait(headers)) if status == 429 else None
    if code in _REVOKED:
        return Revoked
    if code in _TOO_OFTEN:
        return RateLimited(now + _wait(headers), everybody=code in _APP_TOO_OFTEN)
    if code in _FORBIDDEN:
        return NotPermitted
    if code in _GONE or (code == 100 and error.get("error_subcode") == _GONE_BELOW_100):
        return NotFound
    if code == 100 and "permission" in str(error.get("message")):
        return NotPermitted
    if code in _PASSING and status < 500:
        return Unreachable
    if status in (401, 403):
        # Not what these usually say: Meta has numbers for that.
        return Rejected4xx
    return None


def _wait(headers: Mapping[str, str]) -> timedelta:
    """How long until we may come back: the minutes that Meta names, else an hour, in which its windows roll on."""
    minutes = 0
    for name in ("x-business-use-case-usage", "x-app-usage"):
        try:
            usage = json.loads(headers.get(name, "null"))
        except ValueError:
            continue
        for entry in _entries(usage):
            named = entry.get("estimated_time_to_regain_access")
            minutes = max(minutes, named if type(named) is int and named < 24 * 60 else 0)
    return timedelta(minutes=minutes) if minutes else _PAUSE


def _entries(usage: Any) -> Iterator[dict[str, Any]]:
    """The accounts of use in a header, which stand alone or in lists by account."""
    for entry in [usage, *(usage.values() if isinstance(usage, dict) else [])]:
        yield from (each for each in (entry if isinstance(entry, list) else [entry]) if isinstance(each, dict))


@dataclass(slots=True)
class Graph:
    """One reading of one account through a Graph API."""

    http: Http
    subject: Subject
    now: datetime

    @classmethod
    def of(cls, http: Http, subject: Subject) -> Self:
        return cls(http, subject, subject.now or http.now())

    def get(self, path: str, params: Params) -> dict[str, Any]:
        """The object at `path`."""
        proof = [("appsecret_proof", self.subject.token_proof)] if self.subject.token_proof else []
        data = self.http.get(path, [*params, *proof]).data
        if not isinstance(data, dict):
            raise Unreachable(f"{self.http.host}: {path} is {shown(data)}, not an object")
        return data

    def rows(self, path: str, params: Params, step: Step) -> tuple[list[Any], Step]:
        """A page of the list at `path`, and where the next begins."""
        answer = self.get(path, [*((n, v) for n, v in params if n not in step), *step.items()])
        found = rows_of(answer)
        if found is None:
            raise Unreachable(f"{self.http.host}: {path} is {shown(answer.get('data'))}, not a list")
        following = next_step(answer)
        if following and following == step:
            raise Unreachable(f"{self.http.host}: {path} does not go on")
        return found, following

    def resumed(self, path: str, params: Params, step: Step) -> tuple[list[Any], Step]:
        """As `rows`, from the beginning where the place kept from another day is no longer known there."""
        try:
            return self.rows(path, params, step)
        except NotPermitted:
            raise
        except Rejected4xx:
            if not step:
                raise
            return self.rows(path, params, {})


def rows_of(value: Any) -> list[Any] | None:
    """The items of a list as Graph APIs wrap them."""
    data = value.get("data") if isinstance(value, dict) else None
    return data if isinstance(data, list) else None


def next_step(value: Any) -> Step:
    """Where the page after this one begins: there is one where Meta offers an address for it."""
    paging = value.get("paging") if isinstance(value, dict) else None
    address = paging.get("next") if isinstance(paging, dict) else None
    if not isinstance(address, str):
        return {}
    cursors = paging.get("cursors") if isinstance(paging, dict) else None
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if isinstance(after, str) and after:
        return {"after": after[:2000]}
    try:
        query = parse_qsl(urlsplit(address).query)
    except ValueError:
        return {}
    return {name: value[:2000] for name, value in query if name in _STEPS and value}


def posts(
    graph: Graph,
    cursor: dict[str, Any],
    *,
    path: str,
    params: Params,
    when: str,
    read: Callable[[Any], Iterable[Record]],
) -> Iterator[Page]:
    """The posts of REACH_BACK, newest first, as `read` turns them into records; all of them at every reading.

    when: the field that says when a post was made. cursor: next, while the list is being read.
    """
    floor = graph.now - REACH_BACK
    params = [*params, ("since", str(int(floor.timestamp())))]
    rows, step = graph.resumed(path, params, cursor.get("next") or {})
    while True:
        young = [row for row in rows if not older(row, when, floor)]
        records = [record for row in young for record in read(row)]
        # A single old one may stand out of order.
        if not step or (rows and not young):
            yield Page(records, {}, done=True)
            return
        yield Page(records, {"next": step})
        rows, step = graph.rows(path, params, step)


@dataclass(slots=True)
class Under:
    """A post under which there is something to read; `number` changes when there is something new."""

    post: str
    number: int
    posted_at: datetime


def under_posts(
    graph: Graph,
    cursor: dict[str, Any],
    *,
    path: str,
    params: Params,
    when: str,
    number: Callable[[dict[str, Any]], int],
    read: Callable[[Under, Step, datetime], tuple[list[Record], Step]],
    always: bool = False,
    reach_back: timedelta = REACH_BACK,
) -> Iterator[Page]:
    """What is under the posts of `reach_back`, for those whose `number` has changed since the last reading.

    read: a page of what is under a post, from a step on, and the next step; it may leave out what is older than the
    time it is given, that of the last reading. always: every post that has a number. cursor: numbers, by post; since,
    when the last reading began; while one goes on: begun, queue (post, number, time) and next.
    """
    numbers: dict[str, int] = dict(cursor.get("numbers", {}))
    kept: dict[str, Any] = {"since": cursor["since"]} if "since" in cursor else {}
    floor = graph.now - reach_back
    since = checked_time(cursor["since"], "since") - OVERLAP if "since" in cursor else graph.now - REACH_BACK
    begun, queue = cursor.get("begun", ""), list(cursor.get("queue", []))
    if not begun:
        begun = graph.now.isoformat()
        found = list(_listed(graph, path, [*params, ("since", str(int(floor.timestamp())))], when, number, floor))
        records: list[Record] = [record for record in found if isinstance(record, Rejected)]
        under = [post for post in found if isinstance(post, Under)]
        if reach_back == REACH_BACK:
            numbers = {post.post: numbers[post.post] for post in under if post.post in numbers}
        queue = [
            [post.post, post.number, post.posted_at.isoformat()]
            for post in under
            if post.number and (always or post.number != numbers.get(post.post))
        ]
        if not queue:
            yield Page(records, {"numbers": numbers, "since": begun}, done=True)
            return
        yield Page(records, {**kept, "numbers": dict(numbers), "begun": begun, "queue": list(queue)})
    step = cursor.get("next") or {}
    while queue:
        post = Under(queue[0][0], queue[0][1], checked_time(queue[0][2], "the post's time"))
        for _ in range(MOST_PAGES):
            records, step = _read(read, post, step, since)
            if not step:
                break
            yield Page(records, {**kept, "numbers": dict(numbers), "begun": begun, "queue": list(queue), "next": step})
            records = []
        step = {}
        numbers[post.post], queue = post.number, queue[1:]
        state = {**kept, "begun": begun, "queue": list(queue)} if queue else {"since": begun}
        yield Page(records, {**state, "numbers": dict(numbers)}, done=not queue)


def _read(
    read: Callable[[Under, Step, datetime], tuple[list[Record], Step]], post: Under, step: Step, since: datetime
) -> tuple[list[Record], Step]:
    try:
        return read(post, step, since)
    except NotFound:
        # Taken down since it was listed.
        return [], {}
    except NotPermitted:
        raise
    except Rejected4xx as error:
        # Where we stopped is no longer known there, or this one post is not like the others.
        return _read(read, post, {}, since) if step else ([Rejected(f"post {post.post}", str(error))], {})


def _listed(
    graph: Graph, path: str, params: Params, when: str, number: Callable[[dict[str, Any]], int], floor: datetime
) -> Iterator[Under | Rejected]:
    step: Step = {}
    while True:
        rows, step = graph.rows(path, params, step)
        young = [row for row in rows if not older(row, when, floor)]
        for row in young:
            try:
                post, posted_at = id_of(row), checked_time(row.get(when), when)
                yield Under(post, number(row), posted_at)
            except ValueError as error:
                yield Rejected(f"post {named(row)}", str(error))
        if not step or (rows and not young):
            return


def permitted(
    pages: Iterable[Page], *, cursor: dict[str, Any], label: str, stream: str, permission: str
) -> Iterator[Page]:
    """`pages`, ended by a record that names the permission where it was not given; the link goes on."""
    try:
        for page in pages:
            cursor = page.cursor
            yield page
    except NotPermitted as error:
        reason = f"{label} was not allowed to show us this: it needs the permission {permission} ({error})"
        yield Page([Rejected(stream, reason)], cursor, done=True)


class GraphNetwork(Network):
    """What Meta's networks have in common: how they say what is wrong, and that each stream wants a permission."""

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        return judge(status, data, headers, now)

    def streamed(
        self,
        streams: Mapping[str, Callable[[dict[str, Any]], Iterator[Page]]],
        stream: str,
        cursor: dict[str, Any],
        permissions: Mapping[str, str],
    ) -> Iterator[Page]:
        """The pages of `stream`, which ends where its permission is missing. Raises ValueError for an unknown one."""
        label = self.spec.label
        if stream not in streams:
            raise ValueError(f"{label} has no stream {stream!r}")
        pages = streams[stream](cursor)
        yield from permitted(pages, cursor=cursor, label=label, stream=stream, permission=permissions[stream])


def totals(
    post: str, posted_at: datetime, where: str, values: Iterable[tuple[str, str, Any]]
) -> Iterator[PostTotal | Rejected]:
    """Totals of a post from (verb, the field's name, what stands there); None is left out: Meta does not tell it."""
    for verb, name, value in values:
        if value is None:
            continue
        try:
            total = checked_count(value, name)
        except ValueError as error:
            yield Rejected(where, str(error))
            continue
        if total:
            yield PostTotal(post, verb, total, posted_at)


def summed(row: Mapping[str, Any], name: str) -> Any:
    """The total of an edge that was asked for with its summary; None where it is not there."""
    edge = row.get(name)
    summary = edge.get("summary") if isinstance(edge, dict) else None
    return summary.get("total_count") if isinstance(summary, dict) else None


def insight(answer: Any) -> dict[str, Any]:
    """The values of insights by their names, in either of the two forms that Meta has for them."""
    values: dict[str, Any] = {}
    for row in rows_of(answer) or []:
        if not isinstance(row, dict) or not isinstance(row.get("name"), str):
            continue
        held = row.get("total_value")
        if not isinstance(held, dict):
            listed = row.get("values")
            held = listed[-1] if isinstance(listed, list) and listed else None
        values[row["name"]] = held.get("value") if isinstance(held, dict) else None
    return values


def id_of(row: Any, name: str = "id") -> str:
    """The id that stands in `row` as `name`. Raises ValueError."""
    value = row.get(name) if isinstance(row, dict) else None
    # It becomes part of a path.
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError(f"{name} is {shown(value)}, not an id")
    return value


def numbers(me: Any) -> dict[str, Any]:
    """A profile stream's cursor: by what numbers the network calls an account that we know by its name.

    Its callbacks about people who want to be deleted name those alone (accounts.hooks).
    """
    found = [str(me[name]) for name in ("id", "user_id") if isinstance(me.get(name), str | int)]
    return {"user_ids": sorted({number for number in found if number.isdecimal() and len(number) <= 40})}


def username(row: Any) -> str:
    """The user name of Instagram and Threads in `row`, in lower case. Raises ValueError."""
    value = row.get("username") if isinstance(row, dict) else None
    if value is None and isinstance(row, dict) and isinstance(row.get("from"), dict):
        value = row["from"].get("username")
    if not isinstance(value, str) or not _USERNAME.fullmatch(value):
        raise ValueError(f"username is {shown(value)}, not a user name")
    return value.lower()


def named(row: Any) -> str:
    return shown(row.get("id")) if isinstance(row, dict) else "?"


def link_of(row: Mapping[str, Any], name: str) -> str:
    url = row.get(name)
    return url if isinstance(url, str) and url.startswith("https://") and len(url) <= 500 else ""


def older(row: Any, when: str, floor: datetime) -> bool:
    """Whether `row` says that it is from before `floor`."""
    try:
        return isinstance(row, dict) and checked_time(row.get(when), when) < floor
    except ValueError:
        return False
