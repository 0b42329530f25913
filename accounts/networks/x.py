"""Asking X's API (version 2): within the day's money, in X's pages, with X's own errors told apart."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.networks.base import Budget, NetworkError, RateLimited, Subject, Unreachable, shown
from accounts.networks.http import Http, Rejected4xx
from accounts.networks.words import Words, links_of, tags_of

_ID = re.compile(r"[1-9][0-9]{0,19}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}")

_AUTHORS = [("expansions", "author_id"), ("user.fields", "protected,username")]
_A_HANDFUL = 20
_MOST_EMPTY = 10
_MOST_MARKS = 100


class NotPermitted(Rejected4xx):
    """X does not let our app, or this token, read this; the link is as good as before."""


def judge(
    status: int, data: Any, headers: Mapping[str, str], now: datetime
) -> NetworkError | type[NetworkError] | None:
    """X's errors for Network.judge."""
    said = data if isinstance(data, dict) else {}
    if status == 403:
        return NotPermitted
    # Our app's credits or its month are used up.
    if status == 402 or (status == 429 and str(said.get("type")).endswith("/usage-capped")):
        return RateLimited(midnight(now), everybody=True)
    if status == 429 and "x-rate-limit-reset" not in headers and "retry-after" not in headers:
        # X's windows last as long.
        return RateLimited(now + timedelta(minutes=15))
    return None


@dataclass(slots=True)
class Asked:
    """One answer: what it holds, the users sent along, where to go on ("": the end), what it cost."""

    data: list[Any]
    users: dict[str, dict[str, Any]]
    token: str
    items: dict[str, int]


@dataclass(slots=True)
class Asking:
    """One reading of one account."""

    http: Http
    subject: Subject
    now: datetime
    # Dollars that this reading may take, and still may (None: any), and whether it has taken anything.
    half: float | None = field(init=False)
    left: float | None = field(init=False)
    begun: bool = field(default=False, init=False)
    # Pages in a row without anything on them; X leaves out what is hidden and counts it.
    empty: int = field(default=0, init=False)

    @property
    def me(self) -> str:
        if not _ID.fullmatch(self.subject.external_id):
            raise Unreachable(f"{shown(self.subject.external_id)} is not an id of X")
        return self.subject.external_id

    def __post_init__(self) -> None:
        left = self.subject.budget.left
        self.half = self.left = None if left is None else left / 2

    def afford(self, kinds: tuple[str, ...], most: int, *, least: int = 1) -> int:
        """How many objects may be asked for today, each billed as all of `kinds`. Raises RateLimited till tomorrow."""
        number = Budget({"object": self._price(kinds)}, self.subject.budget.left).afford("object", most)
        if number < min(least, most):
            raise RateLimited(midnight(self.now), "what reading X may cost today is spent")
        return number

    def portion(self, kinds: tuple[str, ...], most: int, *, least: int = 1) -> int:
        """As `afford`, within half of what was left when this reading began; 0 where that is taken.

        So one stream leaves something to the others, each day. The fewest that X lets us ask for are always in order:
        a reading that took nothing would never come to its end.
        """
        within = Budget({"object": self._price(kinds)}, self.left).afford("object", most)
        fewest = min(least, most)
        if within < fewest and self.begun:
            return 0
        return max(fewest, min(within, self.afford(kinds, most, least=least)))

    def posts_of_others(self, most: int, *, least: int) -> tuple[int, tuple[str, ...], list[tuple[str, str]]]:
        """As `portion` for posts: how many, as what each is billed, and parameters.

        With their authors, who cost twice as much again, only where that leaves more than a handful; else the authors'
        ids must do, which come with the posts.
        """
        named = Budget({"object": self._price(("post", "user"))}, self.half).afford("object", most)
        if named >= min(most, _A_HANDFUL):
            return self.portion(("post", "user"), most, least=least), ("post", "user"), list(_AUTHORS)
        return self.portion(("post",), most, least=least), ("post",), []

    def _price(self, kinds: tuple[str, ...]) -> float:
        return sum(self.subject.budget.cost.get(kind, 0.0) for kind in kinds)

    def ask(self, path: str, params: list[tuple[str, str]], kinds: tuple[str, ...], number: int) -> Asked:
        """Up to `number` objects, each billed as all of `kinds`."""
        answer = self.http.get(path, [("max_results", str(number)), *params]).data
        answer = answer if isinstance(answer, dict) else {"data": answer}
        data, meta, sent = answer.get("data", []), answer.get("meta"), answer.get("includes")
        if not isinstance(data, list):
            raise Unreachable(f"{self.http.host}: {path} is {shown(data)}, not a list")
        users = sent.get("users") if isinstance(sent, dict) else None
        users = users if isinstance(users, list) else []
        token = meta.get("next_token") if isinstance(meta, dict) else None
        self.empty = 0 if data or not token else self.empty + 1
        if self.empty > _MOST_EMPTY:
            raise Unreachable(f"{self.http.host}: {path} does not go on")
        items = {kinds[0]: len(data)}
        if len(kinds) > 1:
            items[kinds[1]] = len(users)
        self.begun = True
        if self.left is not None:
            self.left = max(0.0, self.left - Budget(self.subject.budget.cost).spend(items))
        known = {user["id"]: user for user in users if isinstance(user, dict) and is_id(user.get("id"))}
        return Asked(data, known, token if isinstance(token, str) else "", items)


def midnight(now: datetime) -> datetime:
    """When X's next day begins, in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_id(value: object) -> bool:
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def id_of(item: Any, name: str) -> str:
    """The id that stands in `item` as `name`. Raises ValueError."""
    value = item.get(name) if isinstance(item, dict) else None
    if not is_id(value):
        raise ValueError(f"{name} is {shown(value)}, not an id of X")
    return str(value)


def named(item: Any) -> str:
    return shown(item.get("id")) if isinstance(item, dict) else "?"


def handle_of(user: Mapping[str, Any]) -> str:
    handle = user.get("username")
    return handle if isinstance(handle, str) and _HANDLE.fullmatch(handle) else ""


def is_protected(user: Mapping[str, Any]) -> bool:
    """Whether this user shows what they do to their followers alone: that is not ours to keep."""
    return user.get("protected") is True


def order(number: str) -> tuple[int, str]:
    """Ids as numbers; "" before all."""
    return len(number), number


def words_of(item: Mapping[str, Any]) -> Words:
    """The hashtags and links that X marks in a post; of a long one also those behind its first 280 characters."""
    tags, links = list[object](), list[object]()
    for part in (item.get("note_tweet"), item):
        marked = part.get("entities") if isinstance(part, dict) else None
        for name, found, keys in (("hashtags", tags, ("tag",)), ("urls", links, ("unwound_url", "expanded_url"))):
            values = marked.get(name) if isinstance(marked, dict) else None
            for value in values[:_MOST_MARKS] if isinstance(values, list) else ():
                # Pictures and quoted posts stand among the links, with X's own address; t.co says nothing.
                said = [value.get(key) for key in keys] if isinstance(value, dict) else []
                found += [text for text in said if isinstance(text, str)][:1]
    return tags_of(tags), links_of(links)
