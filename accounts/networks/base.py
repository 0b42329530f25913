"""The contract of a network, in pure Python: what it declares, and the records that its API and its data export yield.

A network turns pages of an API (`pull`) or files of an export (`read_archive`) into records; `scoring.collect` stores
them. A network file knows no Django, no database and no clock, and never sleeps: a long wait is `RateLimited`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from accounts.networks.archive import Archive
    from accounts.networks.http import Http

# Verbs of ActivityStreams, with the number under which the log keeps them. A number is never given twice.
VERBS: Mapping[str, int] = {
    "like": 1,
    "share": 2,
    "reply": 3,
    "mention": 4,
    "follow": 5,
    "list": 6,
    "quote": 7,
    "recommend": 8,
    "endorse": 9,
    "tip": 10,
    "save": 11,
    "checkin": 12,
    "visit": 13,
    "link": 14,
    "plus-k": 15,
    "connect": 16,
    "review": 17,
}
VERB_NAMES: Mapping[int, str] = {number: name for name, number in VERBS.items()}

# What these verbs say lasts until it is taken back (somebody follows somebody): it does not age as an event does.
STANDING_VERBS = frozenset({"follow", "list", "connect", "recommend", "endorse"})

# How a row came to us. What people supply themselves is marked, so that the score can bound it.
ORIGINS: Mapping[str, int] = {"api": 1, "archive": 2, "bulk": 3}


class NetworkError(Exception):
    """Base of all errors that a network raises on purpose."""


class RateLimited(NetworkError):
    """The network asks us to wait; `until` (aware, UTC) is when to come back.

    everybody: it counts all calls of our app together, so that nobody's accounts are to be read before then.
    """

    def __init__(self, until: datetime, message: str = "", *, everybody: bool = False) -> None:
        super().__init__(message or f"rate limited until {until.isoformat()}")
        self.until = until
        self.everybody = everybody


class Revoked(NetworkError):
    """The person took our access back, or the token lapsed: the link must be made anew."""


class Unreachable(NetworkError):
    """The network did not answer in a usable way, after retries; trying later may help."""


class BadRecord(NetworkError):
    """One record cannot be used. `where` names the file and row or the page, `reason` says why; others stay good."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


class BadArchive(NetworkError):
    """A data export cannot be read at all: wrong file, unsafe path, too large, no owner. The message says which."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose account the records are about; the first record of an export and of an API's profile stream."""

    external_id: str
    handle: str = ""
    name: str = ""
    created_at: datetime | None = None
    # What the owner says about themselves, as plain text.
    about: str = ""


@dataclass(frozen=True, slots=True)
class Interaction:
    """Somebody (`actor`) did something (`verb`) to the account. Without `occurred_at` it is a standing relation.

    `key` is the network's own id of the event where it has one: it makes a second reading of the same event known.
    `observed_at` is when a standing relation was seen (None: at the time of reading).
    """

    verb: str
    actor: str
    occurred_at: datetime | None
    post: str = ""
    key: str = ""
    actor_handle: str = ""
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counter:
    """A gauge of the account at a time, such as its followers; `name` is one of the network's counters."""

    name: str
    value: int
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """Something the account published; its text stays with the network.

    tags: the hashtags it carries, without the mark; links: addresses it links to.
    """

    post: str
    posted_at: datetime
    url: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostTotal:
    """How many reacted to one post, without their names; dated on the post. A later, larger total adds its growth."""

    post: str
    verb: str
    total: int
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Attached:
    """Words that `actor` put on the account: the name of a list it is on, a skill, the text of a recommendation.

    source: "list", "skill" or "recommendation". Of a recommendation no text is kept: scoring.collect.attached takes out
    what is a name of a topic. actor: "" where the network does not say. own: its owner says so, and nobody else.
    """

    source: str
    words: str
    actor: str = ""
    observed_at: datetime | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """What a reader has read, in the network's own words (`tweets`, 2045); for the summary alone."""

    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that could not be used, with the place and the reason; reading goes on."""

    where: str
    reason: str


Record = Owner | Interaction | Counter | Post | PostTotal | Attached | Tally | Rejected


@dataclass(frozen=True, slots=True)
class Page:
    """Records and the cursor to continue from; both are stored in one transaction. `done`: nothing newer is waiting.

    `items`: what the network bills for this page, by the kinds of Spec.cost ({} where it bills nothing).
    `partial`: this reading ends here, and leaves something for the next (it would cost too much at once).
    """

    records: list[Record]
    cursor: dict[str, Any]
    done: bool = False
    items: Mapping[str, int] = field(default_factory=dict)
    partial: bool = False


@dataclass(slots=True)
class Budget:
    """What may still be spent on one person's accounts of a network today, in US dollars; None: no limit.

    A connector asks `afford` before a page and says in Page.items what it took; the caller takes that off.
    """

    cost: Mapping[str, float]
    left: float | None = None

    def afford(self, kind: str, most: int) -> int:
        """How many items of `kind` may be asked for, at most `most`; 0 where the day's money is gone."""
        price = self.cost.get(kind, 0.0)
        if self.left is None or price <= 0:
            return most
        return max(0, min(most, int(self.left / price + 1e-9)))

    def spend(self, items: Mapping[str, int]) -> float:
        """Take `items` off what is left; returns what they cost."""
        cost = sum(self.cost.get(kind, 0.0) * number for kind, number in items.items())
        if self.left is not None:
            self.left -= cost
        return cost


@dataclass(frozen=True, slots=True)
class Subject:
    """The account that a connector pulls for.

    kind: "profile", or "page" for one that its person runs. server: the base URL where a network has many servers.
    client_id: our app's id at the network, where calls name it. token_proof: HMAC-SHA256 of the token under the app's
    secret, in hexadecimal, where calls carry it (Meta). now: when this reading began (aware, UTC).
    """

    external_id: str
    handle: str = ""
    server: str = ""
    kind: str = "profile"
    client_id: str = ""
    token_proof: str = ""
    now: datetime | None = None
    budget: Budget = field(default_factory=lambda: Budget({}))


@dataclass(frozen=True, slots=True)
class CounterSpec:
    """A counter that a network gives.

    `verb` is the interaction it counts, or "" where it counts what people do themselves, which has no weight.
    `unit` says what one is (followers, lists, mentions a day).
    """

    name: str
    unit: str
    verb: str = ""


@dataclass(frozen=True, slots=True)
class OAuth:
    """How a network lets people give us access; urls are whole, or paths below the server where it has many.

    provider: allauth's id of it. login: it also signs people in, with `identity` scopes alone. collect: the scopes that
    "connect" asks for. refresh: "" (tokens do not lapse, or only connecting again helps), "refresh_token" (RFC 6749;
    the new one replaces the old), "exchange" (Meta: a living token is exchanged for a newer one). client_auth: where
    our secret goes, "body" or "basic". client_id_name: what the network calls client_id. lives: days that a token lives
    where the network does not say so itself. page_scopes: asked for in addition where pages are to be read.
    exchange_url: where the short-lived token that comes first is exchanged for a long one ("": it is long already).
    dialect: how Meta names its grants there ("fb", "ig", "th"). revoke_by: "token" (RFC 7009), "delete" (Meta: the
    token deletes its own permissions), "grant" (GitHub: the app deletes it). granted_url: where the network tells which
    scopes were granted, if not with the token (Meta).
    """

    provider: str
    authorize_url: str
    token_url: str
    identity: tuple[str, ...]
    collect: tuple[str, ...]
    page_scopes: tuple[str, ...] = ()
    login: bool = False
    refresh: str = ""
    refresh_url: str = ""
    revoke_url: str = ""
    client_auth: str = "body"
    client_id_name: str = "client_id"
    lives: int | None = None
    exchange_url: str = ""
    dialect: str = ""
    revoke_by: str = "token"
    granted_url: str = ""


@dataclass(frozen=True, slots=True)
class Spec:
    """What a network declares of itself. Verbs name what others do to an account; `code` is its number in the log.

    proof: how somebody shows that an account is theirs: "oauth", "challenge" (a code of ours on their profile or page),
    "key" (a key of the network's own), "" (only an export or a table brings it in). reads, never: what "connect" says
    in plain words. every: hours between two readings. needs_keys: off until the operator has registered an app.
    needs: the scopes without which a stream is not read, by stream; one that is not named needs none.
    """

    slug: str
    code: int
    label: str
    verbs: tuple[str, ...]
    counters: tuple[CounterSpec, ...] = ()
    streams: tuple[str, ...] = ()
    page_streams: tuple[str, ...] = ()
    proof: str = ""
    oauth: OAuth | None = None
    needs_keys: bool = False
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    every: int = 12
    # Sent with every call; a version that the network wants named, say.
    headers: Mapping[str, str] = field(default_factory=dict)
    # Some of its accounts are read without a token: what anybody may read.
    public: bool = False
    # The parameter that carries our token where the network wants it so; "": the Authorization header.
    token_param: str = ""
    scopes: tuple[str, ...] = ()
    base_url: str = ""
    profile_url: str = ""
    # US dollars by kind of item, for the daily budget; empty where an API is free.
    cost: Mapping[str, float] = field(default_factory=dict)
    # How the ids begin by which the API names people whom the export, which names all of them, knows by other ids.
    api_ids: str = ""
    # Days after which what was collected must be refreshed or deleted, where the network's terms say so.
    retain_days: int | None = None
    # What a person is told when the export is uploaded: what it cannot give.
    archive_note: str = ""


def stays(subject: Subject, name: str, known: Iterable[str], numbers: Iterable[str]) -> str:
    """The id of an account that goes by its name here: the first one that it was known by, whatever it is called now.

    known: the network's own numbers of it, as its profile's cursor has them (`user_ids`); numbers: those that come with
    the name now. Raises Revoked where it is another account.
    """
    if not subject.external_id or subject.external_id == name or set(known) & set(numbers):
        return subject.external_id or name
    raise Revoked(f"the token is of {name}, not of {subject.external_id}")


class Network:
    """One network; a subclass declares `spec` and overrides what it can do."""

    spec: ClassVar[Spec]

    def pull(self, http: Http, subject: Subject, stream: str, cursor: dict[str, Any]) -> Iterator[Page]:
        """Yield pages of `stream` newer than `cursor` ({} at first). Raises RateLimited, Revoked, Unreachable.

        The first stream is "profile": it yields the Owner (also for a Subject whose id is not known yet) and counters.
        """
        raise BadArchive(f"{self.spec.label} is not read through an API here; import its data export or a table.")

    def judge(
        self, status: int, data: Any, headers: Mapping[str, str], now: datetime
    ) -> NetworkError | type[NetworkError] | None:
        """What an answer other than 2xx means where the network has its own way to say it; None: HTTP's own meaning.

        data: the answer's JSON (None where it is none); headers by lower-case name. A class instead of an error: its
        message is made from what the network said (not for RateLimited, which needs its time).
        """
        return None

    def find(self, http: Http, address: str) -> Owner:
        """The public account at `address` (a handle or an address as a person types it), asked without a token.

        `about` holds the text (or the links, one a line) in which our code is looked for. Raises NotFound, BadRecord
        with what is wrong with the address, and the errors of `pull`. Only for networks with proof "challenge".
        """
        raise BadRecord(address, f"{self.spec.label} cannot be searched here")

    def pages(self, http: Http, subject: Subject) -> list[tuple[Owner, str]]:
        """The pages that the account runs, each with its own token ("": the account's); none by default."""
        return []

    def read_archive(self, archive: Archive) -> Iterator[Record]:
        """Yield the records of a data export, the Owner first. Raises BadArchive, never an error of a parser."""
        raise BadArchive(f"{self.spec.label} has no data export that can be read here; import a table instead.")

    def recognises(self, archive: Archive) -> bool:
        """Whether `archive` looks like this network's data export."""
        return False


# Control characters, halves of surrogate pairs, line separators, and the mark of a damaged character.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd\ufffe\uffff]")
# What a column of a total can hold; no account on earth has as many of anything.
MAX_COUNT = 2**31 - 1
# None of the networks is older, and none has seen the future.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def shown(value: object) -> str:
    """`value` as a message may show it: short, on one line."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def checked_id(value: object, what: str, *, limit: int = 500) -> str:
    """`value` as an id or address: text of 1 to `limit` characters, none of them unfit. Raises ValueError."""
    if not isinstance(value, str) or not value.strip() or len(value) > limit or _UNFIT.search(value):
        raise ValueError(f"{what} is {shown(value)}, not an id")
    return value.strip()


def checked_text(value: object, *, limit: int) -> str:
    """`value` as plain text on one line for people to read, cut at `limit`; anything but text is empty."""
    if not isinstance(value, str):
        return ""
    return " ".join(_UNFIT.sub(" ", value[: limit * 4]).split())[:limit].strip()


def checked_object(value: object, what: str) -> dict[str, Any]:
    """`value` where it is an object of JSON. Raises ValueError."""
    if isinstance(value, dict):
        return value
    raise ValueError(f"{what} is {shown(value)}, not an object")


def checked_count(value: object, what: str) -> int:
    """`value`, a whole number or its digits, as a number from 0 to MAX_COUNT. Raises ValueError."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise ValueError(f"{what} is {shown(value)}, not a whole number from 0 to {MAX_COUNT:,}")
    return value


def checked_time(value: object, what: str) -> datetime:
    """`value`, a time or ISO 8601 text with its offset, in UTC and within EARLIEST..LATEST. Raises ValueError."""
    time = value
    if isinstance(time, str) and len(time) <= 40:
        try:
            time = datetime.fromisoformat(time.strip())
        except ValueError:
            time = None
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise ValueError(f"{what} is {shown(value)}, not a date and time with its offset")
    try:
        time = time.astimezone(UTC)
    except OverflowError:
        time = None
    if time is None or not EARLIEST <= time < LATEST:
        said = value.isoformat() if isinstance(value, datetime) else value
        raise ValueError(f"{what} is {shown(said)}, not between {EARLIEST.year} and {LATEST.year}")
    return time


def checked_epoch(value: object, what: str) -> datetime:
    """`value`, seconds since 1970 or their digits, as a time in UTC within EARLIEST..LATEST. Raises ValueError."""
    seconds = value
    if isinstance(seconds, str) and re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", seconds):
        seconds = float(seconds)
    known = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not known or not EARLIEST.timestamp() <= seconds < LATEST.timestamp():  # type: ignore[operator]
        raise ValueError(f"{what} is {shown(value)}, not seconds since 1970 from {EARLIEST.year} to {LATEST.year}")
    return datetime.fromtimestamp(seconds, UTC)  # type: ignore[arg-type]


def check_declared(networks: Iterable[Network]) -> None:
    """Raise ValueError where two networks share a slug or a number, or one names a verb that does not exist."""
    slugs: set[str] = set()
    codes: set[int] = set()
    for network in networks:
        spec = network.spec
        if spec.slug in slugs or spec.code in codes:
            raise ValueError(f"network {spec.slug!r} ({spec.code}) is declared twice")
        slugs.add(spec.slug)
        codes.add(spec.code)
        for verb in (*spec.verbs, *(counter.verb for counter in spec.counters if counter.verb)):
            if verb not in VERBS:
                raise ValueError(f"network {spec.slug!r} names the unknown verb {verb!r}")
