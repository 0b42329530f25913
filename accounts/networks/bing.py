"""Bing, through its Webmaster API, with the key that the owner of a site makes there.

A site is known by its address as a blog is, `host/path` (addresses.page). A key proves the sites that Bing has verified
for it: the first of them, or the one that is asked for, is the account; the others are its pages. Bing counts the links
to each page of a site and can name the pages that link there, but not since when: links are a counter, and not
interactions, which need a date. The key goes into a parameter, as Bing knows no other way.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.networks.addresses import page
from accounts.networks.base import (
    MAX_COUNT,
    BadRecord,
    Counter,
    CounterSpec,
    Network,
    NetworkError,
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
    shown,
)
from accounts.networks.http import Http, NotFound

# Answers of GetLinkCounts to one reading; each names some hundred pages of the site, those with most links first.
MOST_PAGES = 100
# It says neither until when nor how much.
_PAUSE = timedelta(hours=1)
# ApiErrorCode: what an error's number means; others may pass by themselves.
_REFUSED = frozenset({3, 6, 10, 13, 14})
_BUSY, _MISSING = frozenset({4, 5}), frozenset({11})


class Bing(Network):
    spec = Spec(
        slug="bing",
        code=17,
        label="Bing",
        verbs=("link",),
        counters=(CounterSpec("inbound_links", "pages that link to the site", "link"),),
        streams=("profile", "links"),
        page_streams=("profile", "links"),
        proof="key",
        reads=("which sites Bing has verified as yours", "how many pages link to them"),
        never=("what people search for", "your site's visitors", "anything that would change what Bing shows"),
        every=24,
        token_param="apikey",
        base_url="https://ssl.bing.com/webmaster/api.svc/json",
    )

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if stream not in self.spec.streams:
            raise ValueError(f"Bing has no stream {stream!r}")
        sites, rejected = _sites(http)
        # Without an id, a handle may say which one is wanted.
        wanted = subject.external_id or (_wanted(subject.handle) if subject.handle else "")
        if not sites or (wanted and wanted not in sites):
            raise Revoked(f"Bing has not verified {wanted or 'any site'} for this key")
        wanted = wanted or min(sites)
        if stream == "profile":
            yield Page([_owner(wanted), *rejected], {}, done=True)
        else:
            yield from _links(http, sites[wanted], cursor)

    def pages(self, http: Http, subject: Subject) -> list[tuple[Owner, str]]:
        sites, _ = _sites(http)
        return [(_owner(site), "") for site in sorted(sites) if site != subject.external_id]

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        said = data.get("ErrorCode") if isinstance(data, dict) else None
        code = said if type(said) is int else None
        if code in _REFUSED:
            return Revoked
        if code in _BUSY:
            return RateLimited(now + _PAUSE)
        return NotFound if code in _MISSING else None


def _owner(site: str) -> Owner:
    return Owner(site, site, site[:100])


def _wanted(typed: str) -> str:
    try:
        return page(typed)
    except ValueError as error:
        raise BadRecord(typed[:100], str(error)) from None


def _ask(http: Http, method: str, *params: tuple[str, str]) -> Any:
    """What is under "d", where answers of this kind of service put everything."""
    data = http.get(f"/{method}", params).data
    if not isinstance(data, dict) or "d" not in data:
        raise Unreachable(f"{method} is {shown(data)}, not an answer")
    return data["d"]


def _sites(http: Http) -> tuple[dict[str, str], list[Record]]:
    """The verified sites, by their id, as Bing writes them; and what is odd among them."""
    found = _ask(http, "GetUserSites")
    if not isinstance(found, list):
        raise Unreachable(f"GetUserSites is {shown(found)}, not a list")
    sites: dict[str, str] = {}
    rejected: list[Record] = []
    for number, item in enumerate(found, start=1):
        try:
            site = checked_object(item, "the site")
            url = checked_id(site.get("Url"), "Url")
            if site.get("IsVerified") is True:
                sites[page(url)] = url
        except ValueError as error:
            rejected.append(Rejected(f"GetUserSites, record {number}", str(error)))
    return sites, rejected


def _links(http: Http, url: str, cursor: dict[str, Any]) -> Iterator[Page]:
    """Links to all pages of the site, added up; the cursor holds the sum so far and the next answer's number."""
    number, links = cursor.get("page", 0), cursor.get("links", 0)
    while True:
        found = _ask(http, "GetLinkCounts", ("siteUrl", url), ("page", str(number)))
        answer = found if isinstance(found, dict) else {}
        rows, last = answer.get("Links"), answer.get("TotalPages")
        if not isinstance(rows, list) or type(last) is not int:
            raise Unreachable(f"GetLinkCounts is {shown(found)}, not a list with its number of pages")
        records: list[Record] = []
        for row, item in enumerate(rows, start=1):
            try:
                links += checked_count(checked_object(item, "it").get("Count"), "Count")
            except ValueError as error:
                records.append(Rejected(f"GetLinkCounts, page {number}, record {row}", str(error)))
        number += 1
        if number >= min(last, MOST_PAGES) or not rows:
            yield Page([*records, Counter("inbound_links", min(links, MAX_COUNT))], {}, done=True)
            return
        yield Page(records, {"page": number, "links": links})
