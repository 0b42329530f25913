"""The one way into the log: records are COPYed to temporary tables, then merged set-wise.

Reading and merging are apart: a file that turns out unreadable half-way leaves nothing behind, a repeated tuple is
numbered over the whole file, and merging goes slice by slice, each in a transaction. A killed import is done again:
what had been stored by then is known. Staging an interaction checks it; a text that comes back is why it is refused.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection

from accounts.networks.base import ORIGINS, STANDING_VERBS, VERBS, Attached, Counter, Interaction, Post, PostTotal, Spec
from accounts.networks.words import links_of, tags_of
from scoring.collect.attached import fit_words
from scoring.collect.keys import MAX_ID, UNFIT, event_key, post_number, tuple_key, unfit
from scoring.collect.times import EPOCH, microseconds

# Before this there was no network of any kind.
EARLIEST = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
# Room for clocks that are ahead.
AHEAD = timedelta(days=1)
MAX_TOTAL = 2**31 - 1
MAX_COUNTER = 2**63 - 1
MAX_URL = 2000
FLUSH = 20_000
# Neither a tag nor a link holds it, nor a backslash (accounts.networks.words).
APART = "\x1f"

TABLES = {
    "staged_interaction": "row int8, key uuid, keyed bool, occurred_at int8, target text, actor text, post int8,"
    " verb int2, target_handle text, actor_handle text",
    "staged_relation": "row int8, observed_at int8, target text, actor text, verb int2, target_handle text,"
    " actor_handle text",
    "staged_counter": "row int8, observed_at int8, target text, name text, value int8",
    "staged_total": "row int8, occurred_at int8, target text, post int8, verb int2, total int4",
    # Tags and links stand one after the other, with APART between them.
    "staged_post": "row int8, posted_at int8, target text, post int8, external_id text, url text, tags text,"
    " links text",
    "staged_attached": "row int8, observed_at int8, target text, actor text, source text, words text",
    # Filled by merging: the accounts seen, and interactions that are new to the lake, by the accounts' numbers.
    "staged_seen": "external_id text PRIMARY KEY, handle text",
    "staged_account": "external_id text, id int8",
    "staged_ready": "row int8, key uuid, occurred_at int8, target int8, actor int8, post int8, verb int2",
    "staged_known": "row int8",
}


def escaped(text: str) -> str:
    """`text` (without control characters) as COPY's text format wants it."""
    return text.replace("\\", "\\\\")


class Staging:
    """Temporary tables for records of one network, for use as a context; not nested within one connection.

    origin: how the rows came to us (a name of accounts.networks.base.ORIGINS). at: now.
    """

    def __init__(self, *, spec: Spec, origin: str, at: datetime) -> None:
        self.spec = spec
        self.slug = spec.slug
        self.origin = origin
        self.origin_code = ORIGINS[origin]
        self.at = microseconds(at)
        self.latest = microseconds(at + AHEAD)
        self.verbs = {verb: VERBS[verb] for verb in spec.verbs}
        self.counters = {counter.name for counter in spec.counters}
        # Rows staged so far, and how many of them have a key of the network's own.
        self.rows = 0
        self.keyed = 0
        # Rows dropped since they name accounts that have opted out.
        self.left_out = 0
        self.waiting: dict[str, list[str]] = {table: [] for table in TABLES}
        self.staged: dict[str, int] = dict.fromkeys(TABLES, 0)

    def __enter__(self) -> Staging:
        with connection.cursor() as cursor:
            for table, definition in TABLES.items():
                cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
                cursor.execute(f"CREATE TEMP TABLE {table} ({definition})")
        return self

    def __exit__(self, kind: type | None, *error: object) -> None:
        if kind and connection.needs_rollback:
            return
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")

    def clear(self) -> None:
        """Forget what is staged, for the next page."""
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(TABLES)}")
        self.rows = self.keyed = self.left_out = 0
        self.waiting = {table: [] for table in TABLES}
        self.staged = dict.fromkeys(TABLES, 0)

    # ------------------------------------------------------------ records

    def interaction(
        self,
        *,
        verb: str,
        target: str,
        actor: str,
        occurred_at: int | None,
        post: str = "",
        key: str = "",
        target_handle: str = "",
        actor_handle: str = "",
        observed_at: int | None = None,
    ) -> str:
        """Stage somebody's reaction, or, without `occurred_at`, a standing relation. Times: microseconds since 1970."""
        code = self.verbs.get(verb)
        if code is None:
            return f"{self.slug} has no verb {verb!r:.60}" if verb else "verb is empty"
        if not target or not actor:
            return "target is empty" if not target else "actor is empty"
        joined = "".join((target, actor, post, key, target_handle, actor_handle))
        if len(joined) > MAX_ID or UNFIT.search(joined):
            named = {"target": target, "actor": actor, "post": post, "key": key}
            named |= {"target_handle": target_handle, "actor_handle": actor_handle}
            for what, text in named.items():
                if reason := unfit(what, text):
                    return reason
        if "\\" in joined:
            tail = "\t".join((target_handle, actor_handle)).replace("\\", "\\\\")
            ids = "\t".join((target, actor)).replace("\\", "\\\\")
        else:
            tail, ids = f"{target_handle}\t{actor_handle}", f"{target}\t{actor}"
        if occurred_at is None:
            if verb not in STANDING_VERBS:
                return "occurred_at is empty"
            seen = self.at if observed_at is None else observed_at
            if not EARLIEST <= seen <= self.latest:
                return self.out_of_range("observed_at", seen)
            self.put("staged_relation", f"{seen}\t{ids}\t{code}\t{tail}")
            return ""
        if not EARLIEST <= occurred_at <= self.latest:
            return self.out_of_range("occurred_at", occurred_at)
        if key:
            digits, keyed = event_key(self.slug, target, key), "t"
            self.keyed += 1
        else:
            digits, keyed = tuple_key(self.slug, verb, target, actor, post, occurred_at), "f"
        number = post_number(self.slug, post)
        self.put("staged_interaction", f"{digits}\t{keyed}\t{occurred_at}\t{ids}\t{number}\t{code}\t{tail}")
        return ""

    def record(self, owner: str, record: Interaction | Counter | PostTotal | Post | Attached) -> str:
        """Stage what a network's reader yielded about the account `owner`."""
        if isinstance(record, Interaction):
            return self.interaction(
                verb=record.verb,
                target=owner,
                actor=record.actor,
                occurred_at=microseconds(record.occurred_at) if record.occurred_at else None,
                post=record.post,
                key=record.key,
                actor_handle=record.actor_handle,
                observed_at=microseconds(record.observed_at) if record.observed_at else None,
            )
        if isinstance(record, Counter):
            return self.counter(owner, record)
        if isinstance(record, Attached):
            return self.attached(owner, record)
        return self.total(owner, record) if isinstance(record, PostTotal) else self.post(owner, record)

    def counter(self, owner: str, counter: Counter) -> str:
        if counter.name not in self.counters:
            return f"{self.slug} has no counter {counter.name!r:.60}"
        if not 0 <= counter.value <= MAX_COUNTER:
            return f"{counter.name} is {counter.value}, not a number from 0 to {MAX_COUNTER}"
        observed = microseconds(counter.observed_at) if counter.observed_at else self.at
        if not EARLIEST <= observed <= self.latest:
            return self.out_of_range("observed_at", observed)
        self.put("staged_counter", f"{observed}\t{escaped(owner)}\t{counter.name}\t{counter.value}")
        return ""

    def total(self, owner: str, total: PostTotal) -> str:
        code = self.verbs.get(total.verb)
        posted = microseconds(total.posted_at)
        if code is None:
            return f"{self.slug} has no verb {total.verb!r:.60}"
        if not total.post:
            return "post is empty"
        if reason := unfit("post", total.post):
            return reason
        if not 0 <= total.total <= MAX_TOTAL:
            return f"the total is {total.total}, not a number from 0 to {MAX_TOTAL}"
        if not EARLIEST <= posted <= self.latest:
            return self.out_of_range("posted_at", posted)
        number = post_number(self.slug, total.post)
        self.put("staged_total", f"{posted}\t{escaped(owner)}\t{number}\t{code}\t{total.total}")
        return ""

    def post(self, owner: str, post: Post) -> str:
        posted = microseconds(post.posted_at)
        if not post.post:
            return "post is empty"
        if reason := unfit("post", post.post):
            return reason
        if not EARLIEST <= posted <= self.latest:
            return self.out_of_range("posted_at", posted)
        number = post_number(self.slug, post.post)
        # Only an address that a browser may follow safely; a post without one is still a post.
        fit = post.url.startswith(("https://", "http://")) and len(post.url) <= MAX_URL and not UNFIT.search(post.url)
        url = post.url if fit else ""
        words = APART.join(tags_of(post.tags)), APART.join(links_of(post.links))
        line = "\t".join((escaped(owner), str(number), escaped(post.post), escaped(url), *words))
        self.put("staged_post", f"{posted}\t{line}")
        return ""

    def attached(self, owner: str, attached: Attached) -> str:
        """Stage words on an account; the actor, where there is one, is an account like any other."""
        seen = microseconds(attached.observed_at) if attached.observed_at else self.at
        if not EARLIEST <= seen <= self.latest:
            return self.out_of_range("observed_at", seen)
        actor = owner if attached.own else attached.actor
        if actor and (reason := unfit("actor", actor)):
            return reason
        words = fit_words(attached.source, attached.words)
        if words is None:
            return f"there is no source of words {attached.source!r:.60}"
        for word in words:
            line = "\t".join((escaped(owner), escaped(actor), attached.source, escaped(word)))
            self.put("staged_attached", f"{seen}\t{line}")
        return ""

    def out_of_range(self, what: str, value: int) -> str:
        bound = "before 1990" if value < EARLIEST else "in the future"
        try:
            return f"{what} {(EPOCH + timedelta(microseconds=value)).isoformat()} is {bound}"
        except OverflowError:
            return f"{what} {value // 1_000_000} is {bound}"

    def put(self, table: str, line: str) -> None:
        lines = self.waiting[table]
        lines.append(f"{self.rows}\t{line}\n")
        self.rows += 1
        if len(lines) >= FLUSH:
            self.flush(table)

    def flush(self, table: str) -> None:
        lines = self.waiting[table]
        if lines:
            statement = f"COPY {table} FROM STDIN"
            with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
                copy.write("".join(lines))
            self.staged[table] += len(lines)
            lines.clear()

    def flush_all(self) -> None:
        for table in self.waiting:
            self.flush(table)
