"""GitHub's REST API: who follows, stars, forks, comments and reacts, each by name.

An account is its number: names of users change. Stars and forks are listed oldest first and read from their last page
back to what is known: whoever takes a star back moves others to earlier pages only, so that none is passed over. What
has not changed since is not asked for again (ETags, kept in the cursor); `ghost` stands for people who left.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.networks.base import (
    BadRecord,
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
    RateLimited,
    Record,
    Rejected,
    Revoked,
    Spec,
    Subject,
    Unreachable,
    checked_count,
    checked_id,
    checked_text,
    checked_time,
    shown,
)
from accounts.networks.http import Answer, Http, NotFound, Rejected4xx

PAGE = 100
# Pages of repositories that are listed, and repositories of one reading whose stars, forks or comments are asked for.
LISTED, REPOSITORIES = 10, 30
# GitHub ends every list of stars there, and what is kept of a list of followers.
LAST_PAGE = 400
# Issues of one reading whose reactions are asked for, and days after which an issue's totals are left as they are.
REACTED, TOTALS = 50, timedelta(days=90)
HISTORY = timedelta(days=365)
GHOST = 10137
# Reactions that speak for something.
_LIKES = {"+1", "laugh", "hooray", "heart", "rocket", "eyes"}
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_PAGE = re.compile(r"[?&]page=([0-9]{1,6})(?:&|$)")
_STARS = {"Accept": "application/vnd.github.star+json"}


class GitHub(Network):
    spec = Spec(
        slug="github",
        code=11,
        label="GitHub",
        verbs=("like", "share", "reply", "mention", "follow"),
        counters=(
            CounterSpec("followers", "followers", "follow"),
            CounterSpec("stars", "stars on own repositories", "like"),
            CounterSpec("forks", "forks of own repositories", "share"),
            CounterSpec("repositories", "public repositories"),
        ),
        base_url="https://api.github.com",
        streams=("profile", "followers", "stars", "forks", "comments", "issues"),
        headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
        proof="oauth",
        oauth=OAuth(
            provider="github",
            authorize_url="https://github.com/login/oauth/authorize",
            token_url="https://github.com/login/oauth/access_token",
            identity=(),
            collect=(),
            revoke_url="https://api.github.com/applications/{client_id}/grant",
            revoke_by="grant",
        ),
        needs_keys=True,
        reads=(
            "who follows you",
            "who starred and forked your public repositories",
            "who comments on and reacts to your public issues and pull requests",
        ),
        never=("your private repositories", "your code", "your e-mail addresses"),
        profile_url="https://github.com/{handle}",
    )

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        said = str(data.get("message")).lower() if isinstance(data, dict) else ""
        if status in (403, 429):
            if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
                return RateLimited(datetime.fromtimestamp(int(headers["x-ratelimit-reset"][:11]), UTC))
            if status == 429 or "retry-after" in headers or "rate limit" in said or "abuse" in said:
                wait = headers.get("retry-after", "")
                return RateLimited(now + timedelta(seconds=int(wait[:6]) if wait.isdigit() else 60))
            # One repository or list that is closed to us says nothing about the token.
            return Revoked if "suspended" in said else Rejected4xx
        return Rejected4xx if status == 451 else None

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if stream == "profile":
            yield _profile(http, subject)
        elif stream == "followers":
            yield from _followers(http, subject, cursor)
        elif stream == "stars":
            yield from _gathered(http, subject, cursor, "stargazers", "stargazers_count")
        elif stream == "forks":
            yield from _gathered(http, subject, cursor, "forks", "forks_count")
        elif stream == "comments":
            yield from _comments(http, subject, cursor)
        elif stream == "issues":
            yield from _issues(http, subject, cursor)
        else:
            raise ValueError(f"GitHub has no stream {stream!r}")

    def find(self, http: Http, address: str) -> Owner:
        login = re.sub(r"^(https?://)?(www\.)?github\.com/", "", address.strip(), flags=re.I).strip("/@ ")
        if not _LOGIN.fullmatch(login):
            raise BadRecord(address, "this is not a user name of GitHub, such as octocat")
        user = http.get(f"/users/{login}").data
        try:
            owner = _owner(user)
        except ValueError as error:
            raise Unreachable(f"{http.host} does not describe {login} ({error})") from None
        return owner


def _profile(http: Http, subject: Subject) -> Page:
    user = http.get("/user").data
    try:
        owner = _owner(user)
    except ValueError as error:
        raise Unreachable(f"{http.host} does not name an account ({error})") from None
    if subject.external_id and subject.external_id != owner.external_id:
        raise Revoked(f"the token is of {owner.handle} ({owner.external_id}), not of {subject.external_id}")
    records: list[Record] = [owner]
    for theirs, ours in (("followers", "followers"), ("public_repos", "repositories")):
        try:
            records.append(Counter(ours, checked_count(user.get(theirs), theirs)))
        except ValueError as error:
            records.append(Rejected("user", str(error)))
    return Page(records, {}, done=True)


def _owner(user: object) -> Owner:
    user = _mapping(user, "the user")
    login = checked_id(user.get("login"), "login", limit=60)
    try:
        created_at = checked_time(user.get("created_at"), "created_at")
    except ValueError:
        created_at = None
    about = [checked_text(user.get(name), limit=1000) for name in ("bio", "blog", "company", "location")]
    name = checked_text(user.get("name"), limit=100)
    return Owner(_number(user.get("id"), "id"), login, name, created_at, "\n".join(filter(None, about)))


def _actor(user: object, owner: str) -> tuple[str, str] | None:
    """Id and name of a user; None for the owner, for people who left and for programs. Raises ValueError."""
    if user is None:
        return None
    user = _mapping(user, "the user")
    number = _number(user.get("id"), "the user's id")
    if number in (owner, str(GHOST)) or user.get("type") == "Bot":
        return None
    return number, checked_text(user.get("login"), limit=60)


def _followers(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """All pages, save those that have not changed; the cursor is the page to go on from, and what each one was."""
    known: list[list[Any]] = list(cursor.get("known", []))
    number = int(cursor.get("page", 1))
    while True:
        was = known[number - 1] if number <= len(known) else ["", 0]
        tag = {"If-None-Match": str(was[0])} if was[0] else {}
        answer = _list(http, "/user/followers", number, headers=tag)
        items: list[Any] = answer.data if answer.status != 304 else []
        records: list[Record] = []
        for item in items:
            try:
                actor = _actor(item, subject.external_id)
                if actor:
                    records.append(Interaction("follow", actor[0], None, actor_handle=actor[1]))
            except ValueError as error:
                records.append(Rejected(f"followers, page {number}", str(error)))
        if answer.status != 304:
            known[number - 1 :] = [[answer.headers.get("etag", "")[:100], len(items)], *known[number:]]
        more = known[number - 1][1] >= PAGE and number < LAST_PAGE
        if not more:
            yield Page(records, {"known": known[:number]}, done=True)
            return
        number += 1
        yield Page(records, {"known": list(known), "page": number})


def _gathered(http: Http, subject: Subject, cursor: dict[str, Any], what: str, counted: str) -> Iterator[Page]:
    """Stars or forks of the own repositories, newest pushed first, where their number has changed; and that number.

    Cursor: by the number of a repository the newest time read (to) and how many there were (count); while one is being
    read also the page to go on from and the newest time on its last page (top).
    """
    state: dict[str, dict[str, Any]] = dict(cursor)
    records: list[Record] = []
    changed, total = [], 0
    for repository in _repositories(http, records):
        try:
            key, count = _number(repository.get("id"), "id"), checked_count(repository.get(counted), counted)
            name = checked_id(repository.get("full_name"), "full_name", limit=200)
        except ValueError as error:
            records.append(Rejected("repositories", str(error)))
            continue
        total += count
        was = state.get(key, {})
        if count and (count != was.get("count") or "page" in was):
            changed.append((key, name, count))
    for key, name, count in changed[:REPOSITORIES]:
        was = state.get(key, {})
        page, top = int(was.get("page", 0)) or min(-(-count // PAGE), LAST_PAGE), was.get("top", "")
        while page:
            try:
                answer = _list(http, f"/repos/{name}/{what}", page, sort="oldest", headers=_STARS)
            except (NotFound, Rejected4xx) as error:
                records.append(Rejected(f"{name}, {what}", str(error)))
                break
            found, times = _reactions(answer.data, subject.external_id, what, key, f"{name}, {what}, page {page}")
            records += found
            top = max([top, *times])
            page = 0 if "to" in was and times and min(times) < was["to"] else page - 1
            if page:
                state = {**state, key: {**was, "page": page, "top": top}}
                yield Page(records, state)
                records = []
        else:
            state = {**state, key: {"to": max(top, was.get("to", "")), "count": count}}
        yield Page(records, state)
        records = []
    records.append(Counter("stars" if what == "stargazers" else what, total))
    yield Page(records, state, done=len(changed) <= REPOSITORIES)


def _reactions(items: list[Any], owner: str, what: str, key: str, where: str) -> tuple[list[Record], list[str]]:
    """Stars or forks of one page as records, and their times as text."""
    records: list[Record] = []
    times: list[str] = []
    for item in items:
        try:
            item = _mapping(item, "it")
            star = what == "stargazers"
            at = checked_time(item.get("starred_at" if star else "created_at"), "its time")
            times.append(at.isoformat())
            actor = _actor(item.get("user" if star else "owner"), owner)
            if actor:
                event = f"star:{key}:{actor[0]}" if star else f"fork:{_number(item.get('id'), 'id')}"
                verb = "like" if star else "share"
                records.append(
                    Interaction(verb, actor[0], at, post=f"repository:{key}", key=event, actor_handle=actor[1])
                )
        except ValueError as error:
            records.append(Rejected(where, str(error)))
    return records, times


def _comments(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """Comments on issues and pull requests of the own repositories, oldest change first, within a year at first.

    Cursor: by the number of a repository the newest change read (to) and the ETag of what came after it.
    """
    state: dict[str, dict[str, Any]] = dict(cursor)
    records: list[Record] = []
    start = ((subject.now or http.now()) - HISTORY).strftime("%Y-%m-%dT%H:%M:%SZ")
    for repository in _repositories(http, records)[:REPOSITORIES]:
        try:
            key = _number(repository.get("id"), "id")
            name = checked_id(repository.get("full_name"), "full_name", limit=200)
        except ValueError:
            # Told where the list was read.
            continue
        page = 1
        while True:
            was = state.get(key, {})
            since = was.get("to", start)
            tag = {"If-None-Match": was["tag"]} if was.get("tag") and page == 1 else {}
            try:
                answer = _list(http, f"/repos/{name}/issues/comments", page, sort="updated", since=since, headers=tag)
            except (NotFound, Rejected4xx) as error:
                records.append(Rejected(f"{name}, comments", str(error)))
                break
            if answer.status == 304:
                break
            newest = since
            for item in answer.data:
                try:
                    records += _comment(item, subject.external_id)
                    newest = max(
                        newest, checked_time(item.get("updated_at"), "updated_at").strftime("%Y-%m-%dT%H:%M:%SZ")
                    )
                except ValueError as error:
                    records.append(Rejected(f"{name}, comments after {since}", str(error)))
            full = len(answer.data) >= PAGE
            # A whole page of one second is gone through by its pages; else the time leads on.
            page = page + 1 if full and newest == since else 1
            same = {"tag": answer.headers.get("etag", "")[:100]} if not full and newest == since else {}
            state = {**state, key: {"to": newest, **same}}
            if not full:
                break
            yield Page(records, state)
            records = []
        if records:
            yield Page(records, state)
            records = []
    yield Page(records, state, done=True)


def _comment(item: object, owner: str) -> list[Record]:
    item = _mapping(item, "the comment")
    actor = _actor(item.get("user"), owner)
    key, at = _number(item.get("id"), "id"), checked_time(item.get("created_at"), "created_at")
    issue = checked_id(item.get("issue_url"), "issue_url").partition("/repos/")[2]
    return (
        [Interaction("reply", actor[0], at, post=issue, key=f"comment:{key}", actor_handle=actor[1])] if actor else []
    )


def _issues(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """Own issues and pull requests of the last months, newest first: how many answered, and who reacted.

    Cursor: the page to go on from; how many reactions an issue had when they were last read.
    """
    known: dict[str, int] = dict(cursor.get("reactions", {}))
    page, asked, oldest = int(cursor.get("page", 1)), 0, (subject.now or http.now()) - TOTALS
    seen: dict[str, int] = dict(cursor.get("seen", {}))
    while True:
        answer = _list(http, "/issues", page, sort="created", direction="desc", filter="created", state="all")
        records: list[Record] = []
        last = len(answer.data) < PAGE
        for item in answer.data:
            try:
                item = _mapping(item, "the issue")
                if _mapping(item.get("repository", {}), "repository").get("private"):
                    continue
                at = checked_time(item.get("created_at"), "created_at")
                if at < oldest:
                    last = True
                    break
                url = checked_id(item.get("url"), "url")
                issue = url.partition("/repos/")[2]
                link = checked_text(item.get("html_url"), limit=500)
                records.append(Post(issue, at, link if link.startswith("https://") else ""))
                if comments := checked_count(item.get("comments"), "comments"):
                    records.append(PostTotal(issue, "reply", comments, at))
                reactions = _mapping(item.get("reactions", {}), "reactions")
                number = sum(checked_count(reactions.get(name, 0), name) for name in sorted(_LIKES))
                if number:
                    records.append(PostTotal(issue, "like", number, at))
                    if number != known.get(issue) and asked < REACTED:
                        asked += 1
                        records += _liked(http, issue, subject.external_id)
                        known[issue] = number
                    if issue in known:
                        seen[issue] = known[issue]
            except ValueError as error:
                records.append(Rejected(f"issues, page {page}", str(error)))
        page += 1
        if last or page > LISTED:
            yield Page(records, {"reactions": seen}, done=True)
            return
        yield Page(records, {"reactions": dict(known), "seen": dict(seen), "page": page})


def _liked(http: Http, issue: str, owner: str) -> Iterator[Record]:
    try:
        items = _list(http, f"/repos/{issue}/reactions", 1).data
    except (NotFound, Rejected4xx) as error:
        yield Rejected(f"{issue}, reactions", str(error))
        return
    for item in items:
        try:
            item = _mapping(item, "the reaction")
            actor = _actor(item.get("user"), owner) if str(item.get("content")) in _LIKES else None
            if actor:
                key, at = _number(item.get("id"), "id"), checked_time(item.get("created_at"), "created_at")
                yield Interaction("like", actor[0], at, post=issue, key=f"reaction:{key}", actor_handle=actor[1])
        except ValueError as error:
            yield Rejected(f"{issue}, reactions", str(error))


def _repositories(http: Http, records: list[Record]) -> list[dict[str, Any]]:
    """The own public repositories that are no forks, newest pushed first; what is none is told in `records`."""
    found: list[dict[str, Any]] = []
    for page in range(1, LISTED + 1):
        items = _list(
            http, "/user/repos", page, visibility="public", affiliation="owner", sort="pushed", direction="desc"
        ).data
        for item in items:
            if isinstance(item, dict) and not item.get("private") and not item.get("fork"):
                found.append(item)
            elif not isinstance(item, dict):
                records.append(Rejected(f"repositories, page {page}", f"{shown(item)} is not a repository"))
        if len(items) < PAGE:
            break
    return found


def _list(http: Http, path: str, page: int, *, headers: Mapping[str, str] | None = None, **params: str) -> Answer:
    answer = http.get(path, [("per_page", str(PAGE)), ("page", str(page)), *params.items()], headers=headers)
    if answer.status != 304 and not isinstance(answer.data, list):
        raise Unreachable(f"{http.host}{path} is {shown(answer.data)}, not a list")
    return answer


def _mapping(value: object, what: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"{what} is {shown(value)}, not an object")


def _number(value: object, what: str) -> str:
    """An id of GitHub as text."""
    if type(value) is int and 0 < value < 2**63:
        return str(value)
    raise ValueError(f"{what} is {shown(value)}, not a number of GitHub")
