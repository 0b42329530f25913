"""From the staging tables to the log, set-wise: repeats numbered, accounts found or made, what is known left out."""
# ruff: noqa: S608 (statements are put together from constants alone)

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from accounts import opt_out
from accounts.networks.base import ORIGINS
from scoring import columns, log
from scoring.collect.keys import NTH_KEY_SQL
from scoring.collect.staging import Staging
from scoring.collect.summary import Progress, Summary, quiet

# Rows of one transaction, and rows looked up in the lake at once.
SLICE = 250_000
LOOKUP = 1_000_000
DAY = 86_400_000_000

NUMBERED = """
    (SELECT row, row_number() OVER (PARTITION BY key ORDER BY row) AS nth FROM staged_interaction) AS numbered
    WHERE numbered.nth > 1 AND numbered.row = staged_interaction.row
"""
SEEN = """
    SELECT target AS external_id FROM staged_interaction UNION SELECT actor FROM staged_interaction
    UNION SELECT target FROM staged_relation UNION SELECT actor FROM staged_relation
    UNION SELECT target FROM staged_counter UNION SELECT target FROM staged_total UNION SELECT target FROM staged_post
    UNION SELECT target FROM staged_attached UNION SELECT actor FROM staged_attached WHERE actor <> ''
"""
# Those that name who did it, and those that do not.
OF_ACTORS = ("staged_interaction", "staged_relation", "staged_attached")
STAGED_TABLES = (*OF_ACTORS, "staged_counter", "staged_total", "staged_post")
# The newest handle of each account that has one in these rows.
NAMED = """
    SELECT DISTINCT ON (external_id) external_id, handle
    FROM (
        SELECT target AS external_id, target_handle AS handle, occurred_at, row FROM staged_interaction
        UNION ALL SELECT actor, actor_handle, occurred_at, row FROM staged_interaction
        UNION ALL SELECT target, target_handle, observed_at, row FROM staged_relation
        UNION ALL SELECT actor, actor_handle, observed_at, row FROM staged_relation
    ) AS seen
    WHERE handle <> ''
    ORDER BY external_id, occurred_at DESC, row DESC
"""
WHEN = "timestamptz 'epoch' + {} * interval '1 microsecond'"
OCCURRED, OBSERVED, POSTED = WHEN.format("occurred_at"), WHEN.format("observed_at"), WHEN.format("posted_at")

RELATIONS = f"""
    INSERT INTO scoring_relation (target, actor, verb, network, origin, observed_at)
    SELECT target.id, actor.id, verb, %(network)s, %(origin)s, {WHEN.format("min(observed_at)")}
    FROM staged_relation
    JOIN staged_account AS target ON target.external_id = staged_relation.target
    JOIN staged_account AS actor ON actor.external_id = staged_relation.actor
    GROUP BY target.id, actor.id, verb ORDER BY target.id, actor.id, verb
    ON CONFLICT DO NOTHING
"""
# Seen earlier than we knew: it counts from then on.
EARLIER = f"""
    UPDATE scoring_relation SET observed_at = {WHEN.format("seen.observed_at")}
    FROM (
        SELECT target.id AS target, actor.id AS actor, verb, min(observed_at) AS observed_at
        FROM staged_relation
        JOIN staged_account AS target ON target.external_id = staged_relation.target
        JOIN staged_account AS actor ON actor.external_id = staged_relation.actor
        GROUP BY target.id, actor.id, verb
    ) AS seen
    WHERE scoring_relation.target = seen.target AND scoring_relation.actor = seen.actor
      AND scoring_relation.verb = seen.verb
      AND scoring_relation.observed_at > {WHEN.format("seen.observed_at")}
"""
# What may be kept for some days only (Spec.retain_days) is as young as the day before the network said it last: a score
# is of what was known before its day, and must not miss what is told anew each day.
RENEWED = f"""
    UPDATE scoring_relation SET observed_at = seen.observed_at
    FROM (
        SELECT target.id AS target, actor.id AS actor, verb,
            {WHEN.format("max(observed_at)")} - interval '1 day' AS observed_at
        FROM staged_relation
        JOIN staged_account AS target ON target.external_id = staged_relation.target
        JOIN staged_account AS actor ON actor.external_id = staged_relation.actor
        GROUP BY target.id, actor.id, verb
    ) AS seen
    WHERE scoring_relation.target = seen.target AND scoring_relation.actor = seen.actor
      AND scoring_relation.verb = seen.verb AND scoring_relation.origin = %(origin)s
      AND scoring_relation.observed_at < seen.observed_at
"""
# Who is told of by an id of the API's own (Spec.api_ids) is among those of an export that reaches as far.
IN_THE_EXPORT = """
    DELETE FROM scoring_relation AS told USING accounts_account AS actor
    WHERE actor.id = told.actor AND starts_with(actor.external_id, %(api_ids)s)
      AND told.network = %(network)s AND told.origin = %(api)s
      AND told.target IN (
          SELECT account.id FROM staged_relation JOIN staged_account AS account ON account.external_id = target
      )
      AND told.observed_at < (
          SELECT max(listed.observed_at) + interval '1 day' FROM scoring_relation AS listed
          WHERE listed.target = told.target AND listed.verb = told.verb AND listed.origin = %(archive)s
      )
"""
# What somebody uploaded never takes the place of what the network or the operator said; these do take its place.
UPLOADED = ORIGINS["archive"]
MORE_TRUSTED = f"(known.origin = {UPLOADED} AND excluded.origin <> {UPLOADED})"
LESS_TRUSTED = f"(known.origin <> {UPLOADED} AND excluded.origin = {UPLOADED})"
COUNTERS = f"""
    INSERT INTO scoring_counterreading AS known (account, name, day, value, observed_at, network, origin)
    SELECT DISTINCT ON (id, name, day) id, name, day, value, observed, %(network)s, %(origin)s
    FROM (
        SELECT id, name, value, row, {OBSERVED} AS observed, (({OBSERVED}) AT TIME ZONE 'UTC')::date AS day
        FROM staged_counter JOIN staged_account ON external_id = target
    ) AS reading
    ORDER BY id, name, day, observed DESC, row DESC
    ON CONFLICT (account, name, day) DO UPDATE
    SET value = excluded.value, observed_at = excluded.observed_at, origin = excluded.origin
    WHERE {MORE_TRUSTED} OR (known.observed_at < excluded.observed_at AND NOT {LESS_TRUSTED})
"""
TOTALS = f"""
    INSERT INTO scoring_posttotal AS known (account, post, verb, total, occurred_at, network, origin)
    SELECT DISTINCT ON (id, post, verb) id, post, verb, total, {OCCURRED}, %(network)s, %(origin)s
    FROM staged_total JOIN staged_account ON external_id = target
    ORDER BY id, post, verb, total DESC, row DESC
    ON CONFLICT (account, post, verb) DO UPDATE SET total = excluded.total, origin = excluded.origin
    WHERE {MORE_TRUSTED} OR (known.total < excluded.total AND NOT {LESS_TRUSTED})
"""
TAGS, LINKS = "string_to_array(tags, E'\\x1f')", "string_to_array(links, E'\\x1f')"
POSTS = f"""
    INSERT INTO scoring_post (account, post, external_id, url, posted_at, tags, links)
    SELECT DISTINCT ON (account.id, post) account.id, post, staged_post.external_id, url, {POSTED}, {TAGS}, {LINKS}
    FROM staged_post
    JOIN staged_account AS account ON account.external_id = target
    JOIN accounts_linkedaccount AS link ON link.account_id = account.id
    ORDER BY account.id, post, row
    ON CONFLICT DO NOTHING
"""
# Of a post that is known, what it carries is what was said last; by who uploads it only where nobody has said anything.
# A reader that says nothing of it (a table, say) takes nothing away.
WORDS = f"""
    UPDATE scoring_post AS known SET tags = said.tags, links = said.links
    FROM (
        SELECT DISTINCT ON (account.id, post) account.id, post, {TAGS} AS tags, {LINKS} AS links
        FROM staged_post JOIN staged_account AS account ON account.external_id = target
        WHERE tags <> '' OR links <> ''
        ORDER BY account.id, post, row DESC
    ) AS said
    WHERE known.account = said.id AND known.post = said.post
      AND (known.tags::text[], known.links) <> (said.tags, said.links)
      AND (%(origin)s <> {UPLOADED} OR (known.tags = '{{}}' AND known.links = '{{}}'))
"""


# Words on accounts that somebody linked; said again, they are as young as the day they were said last. What the network
# says takes the place of the same that was uploaded: of lists whose owner an upload does not name, by their name alone.
ATTACHED = f"""
    INSERT INTO scoring_attachedwords AS known (account, source, words, actor, network, origin, observed_at)
    SELECT account.id, source, words, coalesce(actor.id, 0), %(network)s, %(origin)s, {WHEN.format("max(observed_at)")}
    FROM staged_attached
    JOIN staged_account AS account ON account.external_id = target
    JOIN accounts_linkedaccount AS link ON link.account_id = account.id
    LEFT JOIN staged_account AS actor ON actor.external_id = staged_attached.actor AND staged_attached.actor <> ''
    WHERE (%(origin)s <> {UPLOADED} OR staged_attached.actor <> '' OR NOT EXISTS (
        SELECT FROM scoring_attachedwords AS said
        WHERE (said.account, said.source, said.words) = (account.id, staged_attached.source, staged_attached.words)
          AND said.origin <> {UPLOADED}
    ))
    GROUP BY account.id, source, words, coalesce(actor.id, 0) ORDER BY account.id, source, words, 4
    ON CONFLICT (account, source, words, actor) DO UPDATE
    SET observed_at = greatest(known.observed_at, excluded.observed_at),
        origin = CASE WHEN known.origin = {UPLOADED} THEN excluded.origin ELSE known.origin END
    WHERE known.observed_at < excluded.observed_at OR {MORE_TRUSTED}
"""
NAMELESS_UPLOADS = f"""
    DELETE FROM scoring_attachedwords AS known USING staged_attached, staged_account AS account
    WHERE %(origin)s <> {UPLOADED} AND account.external_id = target AND known.account = account.id
      AND (known.source, known.words) = (staged_attached.source, staged_attached.words)
      AND known.actor = 0 AND known.origin = {UPLOADED} AND staged_attached.actor <> ''
"""

# What somebody uploaded and the network or the operator says too is no longer the uploader's word alone. Where what a
# network said may be kept for some days only, what was uploaded stays what it is, and is kept.
VOUCHED_RELATIONS = f"""
    UPDATE scoring_relation SET origin = %(origin)s
    FROM staged_relation
    JOIN staged_account AS target ON target.external_id = staged_relation.target
    JOIN staged_account AS actor ON actor.external_id = staged_relation.actor
    WHERE scoring_relation.target = target.id AND scoring_relation.actor = actor.id
      AND scoring_relation.verb = staged_relation.verb AND scoring_relation.origin = {UPLOADED}
"""
VOUCHED_INTERACTIONS = f"""
    UPDATE scoring_interaction SET origin = %(origin)s
    FROM staged_ready
    WHERE row >= %(start)s AND row < %(end)s
      AND scoring_interaction.key = staged_ready.key AND scoring_interaction.origin = {UPLOADED}
"""


@dataclass(slots=True)
class Looked:
    """Which files of the lake have been looked through for the staged keys."""

    files: frozenset[str]


def merge(staging: Staging, summary: Summary, *, dry_run: bool = False, progress: Progress = quiet) -> None:
    """Move what is staged into the log, and add to `summary` what was new and known.

    In slices, each in a transaction of its own unless the caller has opened one. `dry_run` only counts.
    """
    staging.flush_all()
    if not staging.rows:
        return
    progress("storing", 0, staging.rows)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")
        analyse(staging)
        leave_out(staging, summary)
        number_repeats(staging)
        looked = look_up(staging)
        if dry_run:
            count(staging, summary)
            return
        resolve_accounts(staging, summary)
    store_interactions(staging, looked, progress, summary)
    store_others(staging, summary)
    progress("storing", staging.rows, staging.rows)


def analyse(staging: Staging) -> None:
    """Temporary tables are analysed by nobody else; without it PostgreSQL plans for a few rows."""
    with connection.cursor() as cursor:
        for table, rows in staging.staged.items():
            if rows > 1000:
                cursor.execute(f"ANALYZE {table}")


def leave_out(staging: Staging, summary: Summary) -> None:
    """Drop what names an account that has opted out, and count it; known accounts have not, so that few are asked."""
    opt_out.hold()
    if not opt_out.any_of(staging.slug):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT external_id FROM ({SEEN}) AS seen WHERE NOT EXISTS (
                SELECT FROM accounts_account AS account
                WHERE (account.network, account.external_id) = (%(slug)s, seen.external_id)
            )
            """,
            {"slug": staging.slug},
        )
        gone = opt_out.suppressed(staging.slug, (row[0] for row in cursor.fetchall()))
        if not gone:
            return
        for table in STAGED_TABLES:
            named = "target = ANY(%(gone)s)"
            if table in OF_ACTORS:
                named += " OR actor = ANY(%(gone)s)"
            cursor.execute(f"DELETE FROM {table} WHERE {named}", {"gone": sorted(gone)})
            staging.staged[table] -= cursor.rowcount
            # Words come along with what is counted.
            staging.left_out += cursor.rowcount if table != "staged_attached" else 0
        summary.left_out += staging.left_out


def number_repeats(staging: Staging) -> None:
    """The second and later of equal tuples get keys of their own; of equal keys the first row stays."""
    with connection.cursor() as cursor:
        if staging.keyed < staging.staged["staged_interaction"]:
            cursor.execute(f"UPDATE staged_interaction SET key = {NTH_KEY_SQL} FROM {NUMBERED} AND NOT keyed")
        if staging.keyed:
            cursor.execute(f"DELETE FROM staged_interaction USING {NUMBERED} AND keyed")


def look_up(staging: Staging) -> Looked:
    """Note the staged rows that the lake holds already.

    An event's day follows from a tuple's key; one with the network's own key may have been told with another time, and
    is looked for everywhere, save in an API's answers, which do not change their times.
    """
    looked = Looked(log.lake_files())
    if looked.files:
        everywhere = staging.origin != "api"
        for start in range(0, staging.rows, LOOKUP):
            for keyed in (False, True) if staging.keyed else (False,):
                found = columns.read(
                    connection,
                    """
                    SELECT row, key, occurred_at FROM staged_interaction
                    WHERE row >= %s AND row < %s AND keyed = %s
                    """,
                    [start, start + LOOKUP, keyed],
                    {"row": "int8", "key": "uuid", "occurred_at": "int8"},
                )
                days = None if keyed and everywhere else found["occurred_at"] // DAY
                mask = log.known(found["key_high"], found["key_low"], days=days)
                columns.write(connection, "staged_known", {"row": found["row"][mask]})
    return looked


def count(staging: Staging, summary: Summary) -> None:
    """What merging would do, for a dry run."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT
                (SELECT count(*) FROM staged_interaction
                 WHERE row NOT IN (SELECT row FROM staged_known)
                   AND NOT EXISTS (SELECT FROM scoring_interaction AS known WHERE known.key = staged_interaction.key))
              + (SELECT count(DISTINCT (target, actor, verb)) FROM staged_relation
                 WHERE NOT EXISTS (
                     SELECT FROM scoring_relation AS known
                     JOIN accounts_account AS t ON t.id = known.target JOIN accounts_account AS a ON a.id = known.actor
                     WHERE (t.network, t.external_id, a.network, a.external_id, known.verb)
                         = (%(slug)s, staged_relation.target, %(slug)s, staged_relation.actor, staged_relation.verb)))
            """,
            {"slug": staging.slug},
        )
        (new,) = cursor.fetchone()
        cursor.execute(
            f"""
            SELECT count(*) FROM ({SEEN}) AS seen WHERE NOT EXISTS (
                SELECT FROM accounts_account AS account
                WHERE (account.network, account.external_id) = (%(slug)s, seen.external_id)
            )
            """,
            {"slug": staging.slug},
        )
        (accounts,) = cursor.fetchone()
    summary.new += new
    summary.known += staging.rows - staging.left_out - new
    summary.accounts_new += accounts


def resolve_accounts(staging: Staging, summary: Summary) -> None:
    """Find or make the account of every id seen, keep its newest handle, and put the accounts' numbers in place.

    In an order, so that two imports of the same accounts wait for each other and do not lock each other out. What
    people supply themselves names an account that has no name, and renames none.
    """
    mode: dict[str, str | bool] = {"slug": staging.slug, "fill_only": staging.origin == "archive"}
    with connection.cursor() as cursor:
        # With an index of its own: what PostgreSQL guesses of accounts_account is out of date as soon as accounts are
        # added here, and a guess of one account must not make it read all ids seen for each of them.
        cursor.execute(
            f"""
            INSERT INTO staged_seen (external_id, handle)
            SELECT external_id, coalesce(handle, '') FROM ({SEEN}) AS seen
            LEFT JOIN ({NAMED}) AS named USING (external_id);
            ANALYZE staged_seen
            """
        )
        cursor.execute(
            """
            INSERT INTO accounts_account (network, external_id, handle)
            SELECT %(slug)s, external_id, '' FROM staged_seen AS seen
            WHERE NOT EXISTS (
                SELECT FROM accounts_account AS account
                WHERE (account.network, account.external_id) = (%(slug)s, seen.external_id)
            )
            ORDER BY external_id
            ON CONFLICT (network, external_id) DO NOTHING
            """,
            mode,
        )
        summary.accounts_new += cursor.rowcount
        cursor.execute(
            """
            WITH renamed AS (
                SELECT account.id, seen.handle FROM accounts_account AS account
                JOIN staged_seen AS seen ON (account.network, account.external_id) = (%(slug)s, seen.external_id)
                WHERE seen.handle <> '' AND account.handle <> seen.handle
                AND (account.handle = '' OR NOT %(fill_only)s)
                ORDER BY account.id FOR NO KEY UPDATE OF account
            )
            UPDATE accounts_account AS account SET handle = renamed.handle FROM renamed WHERE account.id = renamed.id
            """,
            mode,
        )
        cursor.execute(
            """
            INSERT INTO staged_account (external_id, id)
            SELECT account.external_id, account.id FROM accounts_account AS account
            JOIN staged_seen AS seen ON (account.network, account.external_id) = (%(slug)s, seen.external_id)
            """,
            mode,
        )
        cursor.execute("ANALYZE staged_account; ANALYZE staged_known")
        cursor.execute(
            """
            INSERT INTO staged_ready (row, key, occurred_at, target, actor, post, verb)
            SELECT row, key, occurred_at, target.id, actor.id, post, verb
            FROM staged_interaction
            JOIN staged_account AS target ON target.external_id = staged_interaction.target
            JOIN staged_account AS actor ON actor.external_id = staged_interaction.actor
            WHERE NOT EXISTS (SELECT FROM staged_known WHERE staged_known.row = staged_interaction.row)
            """
        )


def store_interactions(staging: Staging, looked: Looked, progress: Progress, summary: Summary) -> None:
    """Insert the rows that neither the lake nor the table holds, slice by slice."""
    new = 0
    if staging.staged["staged_interaction"]:
        for start in range(0, staging.rows, SLICE):
            bounds = {"start": start, "end": start + SLICE}
            with log.appending(), connection.cursor() as cursor:
                look_again(looked, start)
                cursor.execute(
                    f"""
                    INSERT INTO scoring_interaction (key, occurred_at, target, actor, post, network, verb, origin)
                    SELECT key, {OCCURRED}, target, actor, post, %(network)s, verb, %(origin)s
                    FROM staged_ready WHERE row >= %(start)s AND row < %(end)s
                    ORDER BY key
                    ON CONFLICT (key) DO NOTHING
                    """,
                    {**bounds, "network": staging.spec.code, "origin": staging.origin_code},
                )
                new += cursor.rowcount
                if vouches(staging):
                    cursor.execute(VOUCHED_INTERACTIONS, {**bounds, "origin": staging.origin_code})
            progress("storing", min(start + SLICE, staging.rows), staging.rows)
    summary.new += new
    summary.known += staging.staged["staged_interaction"] - new


def vouches(staging: Staging) -> bool:
    """Whether what is staged takes the place of the same said by an upload."""
    return staging.origin_code != UPLOADED and (staging.spec.retain_days is None or staging.origin != "api")


def look_again(looked: Looked, start: int) -> None:
    """Leave out rows of the slice from `start` that compaction moved to the lake since it was looked through."""
    files = log.lake_files()
    if files - looked.files:
        found = columns.read(
            connection,
            "SELECT key FROM staged_ready WHERE row >= %s AND row < %s",
            [start, start + SLICE],
            {"key": "uuid"},
        )
        high, low = found["key_high"], found["key_low"]
        mask = log.known(high, low, without=looked.files)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE IF NOT EXISTS staged_moved (key uuid); TRUNCATE staged_moved")
            columns.write(connection, "staged_moved", {"key": (high[mask], low[mask])})
            cursor.execute("DELETE FROM staged_ready USING staged_moved WHERE staged_ready.key = staged_moved.key")


def store_others(staging: Staging, summary: Summary) -> None:
    """Merge relations, counters, totals, posts and words: they stay in PostgreSQL, each under its own key."""
    codes = {"network": staging.spec.code, "origin": staging.origin_code}
    statements = {
        "staged_relation": RELATIONS,
        "staged_counter": COUNTERS,
        "staged_total": TOTALS,
        "staged_post": POSTS,
        "staged_attached": ATTACHED,
    }
    for table, statement in statements.items():
        staged = staging.staged[table]
        if staged:
            with log.appending(), connection.cursor() as cursor:
                cursor.execute(statement, codes)
                if table == "staged_attached":
                    cursor.execute(NAMELESS_UPLOADS, codes)
                    continue
                summary.new += cursor.rowcount
                summary.known += staged - cursor.rowcount
                if table == "staged_post":
                    cursor.execute(WORDS, codes)
                if table == "staged_relation":
                    if vouches(staging):
                        cursor.execute(VOUCHED_RELATIONS, codes)
                    renews = staging.spec.retain_days is not None and staging.origin == "api"
                    cursor.execute(RENEWED if renews else EARLIER, codes)
                    if staging.spec.api_ids:
                        cursor.execute(IN_THE_EXPORT, {**codes, **ORIGINS, "api_ids": staging.spec.api_ids})
