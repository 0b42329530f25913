"""Wikipedia, by the API that every wiki has, and Wikimedia's numbers of page views. Two kinds of account:

An editor, "user:<wiki>:<Name>", proved by logging in. Who thanked them is read from the public log; messages on the
talk page are not, since warnings and machines write there too.

An article about somebody, "<wiki>:<Title>" ("en:Ada_Lovelace", with underscores). `find` gives its external links, and
these prove nothing by themselves, since anybody may edit them: a person who asks for an article is believed by a
moderator alone, who may go by a link there to a site of theirs that is proved already. Links to and from it have no
date, so that they are counters.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from accounts.networks.base import (
    BadRecord,
    Counter,
    CounterSpec,
    Interaction,
    Network,
    OAuth,
    Owner,
    Page,
    RateLimited,
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
from accounts.networks.http import Http, NotFound

PAGE = 500
# Answers to one question; beyond as many links the search tells how many there are.
MOST_PAGES = 40
# Titles that one question may hold.
TITLES = 50
# Page views of so many days that are over.
DAYS = 30
_WIKI = re.compile(r"(?!user:)[a-z]{2,12}(?:-[a-z]{2,10}){0,2}")
_HOST = re.compile(r"([a-z]{2,12}(?:-[a-z]{2,10}){0,2})(?:\.m)?\.wikipedia\.org")
# What no title holds.
_UNTITLED = re.compile(r"[#<>\[\]{}|\x00-\x1f]")
_METRICS = "https://wikimedia.org"


class Wikipedia(Network):
    spec = Spec(
        slug="wikipedia",
        code=9,
        label="Wikipedia",
        verbs=("link", "visit", "like", "mention"),
        counters=(
            CounterSpec("inlinks", "pages that link to the article", "link"),
            CounterSpec("pageviews", "views in the last 30 days", "visit"),
            CounterSpec("outlinks", "pages that the article links to"),
            CounterSpec("pagerank", "billionths of the whole encyclopedia's rank"),
        ),
        streams=("profile", "pageviews", "thanks"),
        proof="oauth",
        oauth=OAuth(
            provider="mediawiki",
            authorize_url="https://meta.wikimedia.org/w/rest.php/oauth2/authorize",
            token_url="https://meta.wikimedia.org/w/rest.php/oauth2/access_token",
            identity=(),
            collect=(),
            refresh="refresh_token",
        ),
        needs_keys=True,
        public=True,
        reads=(
            "your user name, to know that the account is yours",
            "who thanked you for an edit, which is public",
            "of an article about you: how many pages link to it, and how often it is read",
        ),
        never=("your watchlist", "your e-mail address", "your preferences"),
        every=24,
        base_url="https://en.wikipedia.org",
        # A wiki hands an address with another wiki's prefix on to that wiki.
        profile_url="https://en.wikipedia.org/wiki/{handle}",
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if stream not in self.spec.streams:
            raise ValueError(f"Wikipedia has no stream {stream!r}")
        editor = not subject.external_id or subject.external_id.startswith("user:")
        if stream == "profile" and editor:
            yield Page([_editor(http, subject)], {}, done=True)
        elif stream == "thanks" and editor:
            yield from _thanks(http, subject, cursor)
        elif stream != "thanks" and not editor:
            try:
                yield Page(_article(http, subject) if stream == "profile" else _views(http, subject), {}, done=True)
            except Revoked as error:
                # Nobody's token is in question here.
                raise Unreachable(str(error)) from None
        else:
            # Of the other kind of account.
            yield Page([], {}, done=True)

    def find(self, http: Http, address: str) -> Owner:
        """The article at `address` (its address, or en:Title); `about` holds its external links, one a line."""
        wiki, typed = _wanted(address)
        with _door(http, wiki) as door:
            page = _resolved(door, typed)
            title = str(page["title"])
            if page.get("ns") != 0 or "disambiguation" in _properties(page):
                raise BadRecord(address[:100], f"{title} is not an article about one person or thing")
            links = [
                checked_text(link.get("url"), limit=500)
                for answer in _answers(door, ("prop", "extlinks"), ("ellimit", str(PAGE)), ("titles", title))
                for page in _pages(answer)
                for link in _objects(page.get("extlinks"))
            ]
        return Owner(f"{wiki}:{_underscored(title)}", f"{wiki}:{title}", title[:100], about="\n".join(links))


def items(http: Http, wiki: str, titles: Sequence[str]) -> dict[str, str]:
    """The Wikidata items (Q7259) of articles of `wiki`, by title with underscores; of those that have one."""
    found: dict[str, str] = {}
    with _door(http, wiki) as door:
        for start in range(0, len(titles), TITLES):
            asked = [title.replace("_", " ") for title in titles[start : start + TITLES]]
            params = [
                ("prop", "pageprops"),
                ("ppprop", "wikibase_item"),
                ("redirects", "1"),
                ("titles", "|".join(asked)),
            ]
            answer = _ask(door, *params)
            moved = {
                str(step.get("from")): str(step.get("to"))
                for kind in ("normalized", "redirects")
                for step in _objects(answer.get(kind))
            }
            known = {str(page.get("title")): _properties(page).get("wikibase_item") for page in _pages(answer)}
            for title in asked:
                end = moved.get(moved.get(title, title), moved.get(title, title))
                if re.fullmatch(r"Q[1-9][0-9]{0,11}", str(known.get(end))):
                    found[_underscored(title)] = str(known[end])
    return found


def _underscored(title: str) -> str:
    return title.replace(" ", "_")


def _wanted(typed: str) -> tuple[str, str]:
    """Wiki and title of an address as people type it. Raises BadRecord."""
    text = typed.strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        raise BadRecord(typed[:100], "this is not an address") from None
    host = _HOST.fullmatch((parts.hostname or "").removeprefix("www."))
    if parts.scheme in ("http", "https"):
        if not host or not parts.path.startswith("/wiki/"):
            raise BadRecord(typed[:100], "this is not the address of an article of Wikipedia")
        wiki, title = host[1], unquote(parts.path.removeprefix("/wiki/"))
    else:
        wiki, colon, title = text.partition(":")
        if not colon or not _WIKI.fullmatch(wiki):
            wiki, title = "en", text
    title = title.replace("_", " ").strip()
    if not title or len(title.encode()) > 255 or _UNTITLED.search(title):
        raise BadRecord(typed[:100], "this is not the title of an article")
    return wiki, title


def _parts(external_id: str) -> tuple[str, str]:
    """Wiki and title (or user name), with spaces, of an account's id."""
    wiki, _, title = external_id.removeprefix("user:").partition(":")
    if not _WIKI.fullmatch(wiki) or not title or _UNTITLED.search(title):
        raise Unreachable(f"{shown(external_id)} is no account of Wikipedia")
    return wiki, title.replace("_", " ")


def _door(http: Http, wiki: str) -> AbstractContextManager[Http]:
    """Calls to `wiki`: through `http` where it leads there, or to a server that stands in for all wikis."""
    here = _HOST.fullmatch(http.host)
    return nullcontext(http) if not here or here[1] == wiki else http.elsewhere(f"https://{wiki}.wikipedia.org")


def _ask(http: Http, *params: tuple[str, str]) -> dict[str, Any]:
    """What the wiki answers to a query, one at a time and not while it is busy. Errors come with the status 200."""
    common = [("action", "query"), ("format", "json"), ("formatversion", "2"), ("maxlag", "5")]
    answer = http.get("/w/api.php", [*common, *params])
    data = answer.data
    error = data.get("error") if isinstance(data, dict) else None
    if isinstance(error, dict):
        code = checked_text(error.get("code"), limit=60)
        said = f"{http.host}/w/api.php: {code}: {checked_text(error.get('info'), limit=200)}"
        if code in ("maxlag", "ratelimited", "readonly"):
            wait = str(answer.headers.get("retry-after", ""))
            seconds = int(wait) if re.fullmatch(r"[0-9]{1,4}", wait) else 60
            raise RateLimited(http.now() + timedelta(seconds=max(5, seconds)), said)
        if code.startswith("mwoauth-") or code == "assertuserfailed":
            raise Revoked(said)
        raise Unreachable(said)
    # Nothing to tell is told by leaving it out.
    query = data.get("query", {}) if isinstance(data, dict) else None
    if not isinstance(query, dict):
        raise Unreachable(f"{http.host}/w/api.php is {shown(data)}, not an answer to a query")
    following = data.get("continue")
    return {**query, "continue": following if isinstance(following, dict) else {}}


def _answers(http: Http, *params: tuple[str, str]) -> Iterator[dict[str, Any]]:
    """The answers to a query, at most MOST_PAGES; the last of them has no "continue" where it came to its end."""
    place: dict[str, Any] = {}
    for _ in range(MOST_PAGES):
        answer = _ask(http, *params, *((name, str(value)) for name, value in place.items()))
        yield answer
        if not answer["continue"] or answer["continue"] == place:
            return
        place = answer["continue"]


def _objects(found: object) -> list[dict[str, Any]]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _pages(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return _objects(answer.get("pages"))


def _properties(page: dict[str, Any]) -> dict[str, Any]:
    found = page.get("pageprops")
    return found if isinstance(found, dict) else {}


# ---------------------------------------------------------------- an article
def _resolved(http: Http, title: str) -> dict[str, Any]:
    """The page at the end of redirects. Raises NotFound."""
    pages = _pages(_ask(http, ("prop", "pageprops"), ("redirects", "1"), ("titles", title)))
    if not pages or pages[0].get("missing") or pages[0].get("invalid"):
        raise NotFound(f"{http.host} has no article {shown(title)}")
    try:
        return {**pages[0], "title": checked_id(pages[0].get("title"), "the title", limit=255)}
    except ValueError as error:
        raise Unreachable(f"{http.host}: {error}") from None


def _article(http: Http, subject: Subject) -> list[Record]:
    wiki, typed = _parts(subject.external_id)
    with _door(http, wiki) as door:
        title = str(_resolved(door, typed)["title"])
        records: list[Record] = [Owner(subject.external_id, f"{wiki}:{title}", title[:100])]
        inwards = [("list", "backlinks"), ("bltitle", title), ("blnamespace", "0"), ("bllimit", str(PAGE))]
        inlinks, all_of_them = _counted(_answers(door, *inwards, ("blfilterredir", "nonredirects")), "backlinks")
        if not all_of_them:
            wanted = title.replace('"', "")
            search = [
                ("list", "search"),
                ("srsearch", f'linksto:"{wanted}"'),
                ("srlimit", "1"),
                ("srinfo", "totalhits"),
            ]
            try:
                said = checked_object(_ask(door, *search, ("srnamespace", "0")).get("searchinfo"), "searchinfo")
                inlinks = max(inlinks, checked_count(said.get("totalhits"), "totalhits"))
            except ValueError as error:
                records.append(Rejected("search", str(error)))
        outwards = [("prop", "links"), ("titles", title), ("plnamespace", "0"), ("pllimit", str(PAGE))]
        outlinks, _ = _counted(_answers(door, *outwards), "links")
    return [*records, Counter("inlinks", inlinks), Counter("outlinks", outlinks)]


def _counted(answers: Iterator[dict[str, Any]], name: str) -> tuple[int, bool]:
    """How many different titles the answers list under `name`, and whether these are all."""
    titles: set[str] = set()
    following: dict[str, Any] = {}
    for answer in answers:
        lists = [answer.get(name), *(page.get(name) for page in _pages(answer))]
        titles |= {str(item["title"]) for found in lists for item in _objects(found) if "title" in item}
        following = answer["continue"]
    return len(titles), not following


def _views(http: Http, subject: Subject) -> list[Record]:
    """Views by people (no machines) in the last days that are over."""
    wiki, typed = _parts(subject.external_id)
    with _door(http, wiki) as door:
        title = _underscored(str(_resolved(door, typed)["title"]))
    today = (subject.now or http.now()).date()
    first, last = today - timedelta(days=DAYS), today - timedelta(days=1)
    path = f"/api/rest_v1/metrics/pageviews/per-article/{wiki}.wikipedia/all-access/user/{quote(title, safe='')}"
    with http.elsewhere(_METRICS) if _HOST.fullmatch(http.host) else nullcontext(http) as door:
        try:
            data = door.get(f"{path}/daily/{first:%Y%m%d}/{last:%Y%m%d}").data
        except NotFound:
            return [Rejected("pageviews", f"nothing is known of views of {title}")]
    rows = data.get("items") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise Unreachable(f"pageviews are {shown(data)}, not a list")
    records: list[Record] = []
    views = 0
    for number, row in enumerate(rows[: DAYS + 1], start=1):
        try:
            views += checked_count(checked_object(row, "it").get("views"), "views")
        except ValueError as error:
            records.append(Rejected(f"pageviews, record {number}", str(error)))
    return [*records, Counter("pageviews", views)]


# ---------------------------------------------------------------- an editor
def _editor(http: Http, subject: Subject) -> Owner:
    found = _ask(http, ("meta", "userinfo"), ("uiprop", "registrationdate")).get("userinfo")
    user = found if isinstance(found, dict) else {}
    name = checked_text(user.get("name"), limit=255)
    if not name or user.get("anon") or not user.get("id"):
        raise Revoked(f"{http.host} knows the token of no account")
    host = _HOST.fullmatch(http.host)
    wiki = _parts(subject.external_id)[0] if subject.external_id else host[1] if host else "en"
    external_id = f"user:{wiki}:{_underscored(name)}"
    if subject.external_id and subject.external_id != external_id:
        raise Revoked(f"the token is of {external_id}, not of {subject.external_id}")
    try:
        created_at = checked_time(user.get("registrationdate"), "registrationdate")
    except ValueError:
        created_at = None
    return Owner(external_id, f"{wiki}:User:{name}", name[:100], created_at)


def _thanks(http: Http, subject: Subject, cursor: dict[str, Any]) -> Iterator[Page]:
    """Thanks from the oldest unread on; the cursor is the time of the newest. For which edit is not told."""
    wiki, name = _parts(subject.external_id)
    since: str = cursor.get("since", "")
    place: dict[str, Any] = {}
    params = [("list", "logevents"), ("letype", "thanks"), ("letitle", f"User:{name}"), ("ledir", "newer")]
    params += [("leprop", "ids|user|timestamp"), ("lelimit", str(PAGE)), *([("lestart", since)] if since else [])]
    with _door(http, wiki) as door:
        while True:
            answer = _ask(door, *params, *((key, str(value)) for key, value in place.items()))
            events = answer.get("logevents", [])
            if not isinstance(events, list):
                raise Unreachable(f"logevents are {shown(events)}, not a list")
            records: list[Record] = []
            for event in events:
                # Who thanked may have been hidden.
                if isinstance(event, dict) and ("userhidden" in event or "suppressed" in event):
                    continue
                record = _thank(event, wiki)
                records.append(record)
                if isinstance(record, Interaction) and record.occurred_at is not None:
                    since = max(since, record.occurred_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
            last = not answer["continue"] or answer["continue"] == place
            yield Page(records, {"since": since} if since else {}, done=last)
            if last:
                return
            place = answer["continue"]


def _thank(event: object, wiki: str) -> Record:
    where = f"thanks {shown(event.get('logid'))}" if isinstance(event, dict) else "thanks ?"
    try:
        item = checked_object(event, "it")
        user = checked_id(item.get("user"), "user", limit=255)
        logid = checked_count(item.get("logid"), "logid")
        at = checked_time(item.get("timestamp"), "timestamp")
    except ValueError as error:
        return Rejected(where, str(error))
    actor = f"user:{wiki}:{_underscored(user)}"
    return Interaction("like", actor, at, key=f"thanks:{logid}", actor_handle=f"{wiki}:User:{user}")
