"""Search: by what words people are found, kept by triggers, since bulk writes go past everything else."""

import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

EXTENSIONS = ("unaccent", "pg_trgm")

# {schema} is where the extension lies: named, so that a restored dump can build the indexes that call this.
PLAIN = r"""
CREATE FUNCTION klout_plain(raw text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(
        lower({schema}.unaccent('{schema}.unaccent'::regdictionary, translate(normalize(raw, NFKC), '''`´‘’', ''))),
        '[^a-z0-9\u00aa-\u1fff\u2c00-\u2fff\u3040-\U0010ffff]+', ' ', 'g'
    ))
$$;
"""

TABLE = """
CREATE TABLE accounts_findable (
    person_id bigint PRIMARY KEY REFERENCES accounts_person (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    is_open boolean NOT NULL,
    is_partly boolean NOT NULL,
    words tsvector NOT NULL,
    text text NOT NULL,
    tier smallint NOT NULL DEFAULT 0
);
"""

# An index for each tier, that of the known with the foremost in it. Without fastupdate: each search would read through
# what waits to be put in.
TIERS = {2: "tier = 2", 1: "tier >= 1", 0: "tier = 0"}
INDEXES = "".join(
    f"""
CREATE INDEX findable_words_{tier} ON accounts_findable USING gin (words) WITH (fastupdate = off) WHERE {which};
CREATE INDEX findable_text_{tier} ON accounts_findable USING gin (text {{schema}}.gin_trgm_ops)
    WITH (fastupdate = off) WHERE {which};
"""
    for tier, which in TIERS.items()
)

# Who may see the rest is asked afterwards. PostgreSQL takes hundreds of words in one query for so many rows that it would
# read everybody, and a plan for any tier could not use the index of one.
FINDER = """
CREATE FUNCTION {name}(which integer, member boolean, most integer, sought {kind}, openly {kind})
RETURNS TABLE (person_id bigint) LANGUAGE plpgsql STABLE ROWS 100
SET enable_seqscan = off SET plan_cache_mode = force_custom_plan {more} AS $$
BEGIN
    {branches}
END
$$;
"""
BRANCH = """
    IF which = {tier} THEN
        RETURN QUERY SELECT findable.person_id FROM accounts_findable AS findable
        WHERE findable.{which} AND {condition} AND (member OR findable.is_open AND {openly}) LIMIT most;
    END IF;
"""


def finder(name, kind, condition, openly, more):
    branches = [
        BRANCH.format(tier=tier, which=which, condition=condition, openly=openly) for tier, which in TIERS.items()
    ]
    return FINDER.format(name=name, kind=kind, more=more, branches="".join(branches))


# An index knows no weights: only of people with words that members alone may know, these are looked at for visitors.
WITH_WORDS = finder(
    "accounts_with_words",
    "tsquery",
    condition="findable.words @@ sought",
    openly="(NOT findable.is_partly OR findable.words @@ openly)",
    more="",
)
THAT_LOOK_LIKE = finder(
    "accounts_that_look_like",
    "text",
    condition="sought OPERATOR({schema}.<%) findable.text",
    openly="true",
    more="SET pg_trgm.word_similarity_threshold = 0.5",
)

# The words of a text, none too long for an index; of several words also all in one, as handles have it. Not STRICT:
# it would be called for each row instead of becoming a part of the query.
WORDS = """
CREATE FUNCTION accounts_words(raw text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(word, 60) FROM (SELECT klout_plain(raw) AS plain OFFSET 0) AS plainly,
        LATERAL unnest(string_to_array(plain, ' ') || replace(plain, ' ', '')) AS word
    WHERE word <> ''
$$;
"""

# Of a handle on a network the server says nothing of the person: its words are left out, the whole is not.
# Planned for each call: what is right for one person would take hours for a hundred thousand.
FIND_ANEW = """
CREATE FUNCTION accounts_find_anew(people bigint[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    IF coalesce(array_length(people, 1), 0) = 0 THEN
        RETURN;
    END IF;
    -- Whoever changes something else of the same person waits, and then sees what was changed here.
    PERFORM 1 FROM accounts_person WHERE id = ANY(people) ORDER BY id FOR NO KEY UPDATE;
    DELETE FROM accounts_findable AS findable USING accounts_person AS person
    WHERE findable.person_id = ANY(people) AND person.id = findable.person_id AND NOT accounts_may_be_found(person);
    WITH person AS MATERIALIZED (
        SELECT * FROM accounts_person AS person WHERE id = ANY(people) AND accounts_may_be_found(person)
    ), network AS (
        SELECT link.person_id, account.handle,
               regexp_replace(account.handle, '(\\.bsky\\.social|@[^@]*)$', '') AS own,
               coalesce(person.shown ->> 'networks', 'public') = 'public' AS is_open
        FROM person
        JOIN accounts_linkedaccount AS link ON link.person_id = person.id
        JOIN accounts_account AS account ON account.id = link.account_id
        WHERE account.handle <> '' AND coalesce(person.shown ->> 'networks', 'public') IN ('public', 'members')
    ), word AS (
        SELECT id AS person_id, word, '1A' AS place FROM person, accounts_words(handle) AS word
        UNION SELECT id, word, '2B' FROM person, accounts_words(name) AS word
        UNION SELECT person_id, word, CASE WHEN is_open THEN '3C' ELSE '4D' END FROM network, accounts_words(own) AS word
        UNION SELECT person_id, left(replace(klout_plain(handle), ' ', ''), 60), CASE WHEN is_open THEN '3C' ELSE '4D' END
        FROM network WHERE klout_plain(handle) <> ''
    ), words AS (
        SELECT person_id, string_agg(format('''%s'':%s', word, place), ' ')::tsvector AS words
        FROM (SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY place) FROM word) AS numbered
        WHERE row_number <= 100 GROUP BY person_id
    ), named AS (
        SELECT person_id, string_agg(DISTINCT klout_plain(own), ' ') AS text FROM network WHERE is_open GROUP BY person_id
    )
    INSERT INTO accounts_findable (person_id, is_open, is_partly, words, text)
    SELECT person.id,
           person.visibility = 'public' AND coalesce(person.shown ->> 'search', 'public') = 'public',
           EXISTS (SELECT FROM network WHERE network.person_id = person.id AND NOT network.is_open),
           words.words,
           left(concat_ws(' ', klout_plain(person.handle), nullif(klout_plain(person.name), ''), named.text), 400)
    FROM person
    JOIN words ON words.person_id = person.id
    LEFT JOIN named ON named.person_id = person.id
    ON CONFLICT (person_id) DO UPDATE SET
        is_open = excluded.is_open, is_partly = excluded.is_partly, words = excluded.words, text = excluded.text
    WHERE (accounts_findable.is_open, accounts_findable.is_partly, accounts_findable.words, accounts_findable.text)
        IS DISTINCT FROM (excluded.is_open, excluded.is_partly, excluded.words, excluded.text);
END
$$;
"""

# What is neither of the two known words is nobody's, as in accounts.visibility.
MAY_BE_FOUND = """
CREATE FUNCTION accounts_may_be_found(person accounts_person) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT person.visibility IN ('public', 'members')
        AND coalesce(person.shown ->> 'search', 'public') IN ('public', 'members')
$$;
"""

TRIGGERS = """
CREATE FUNCTION accounts_person_joins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM accounts_find_anew(ARRAY(SELECT id FROM later));
    RETURN NULL;
END
$$;
CREATE FUNCTION accounts_person_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM accounts_find_anew(ARRAY(
        SELECT later.id FROM later JOIN earlier USING (id)
        WHERE (later.handle, later.name, later.visibility, later.shown)
            IS DISTINCT FROM (earlier.handle, earlier.name, earlier.visibility, earlier.shown)
    ));
    RETURN NULL;
END
$$;
CREATE FUNCTION accounts_links_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM accounts_find_anew(ARRAY(SELECT DISTINCT person_id FROM later));
    RETURN NULL;
END
$$;
CREATE FUNCTION accounts_links_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM accounts_find_anew(ARRAY(SELECT DISTINCT person_id FROM earlier));
    RETURN NULL;
END
$$;
CREATE FUNCTION accounts_links_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM accounts_find_anew(ARRAY(
        SELECT person_id FROM (
            SELECT id, person_id, account_id FROM later EXCEPT SELECT id, person_id, account_id FROM earlier
        ) AS new
        UNION SELECT person_id FROM (
            SELECT id, person_id, account_id FROM earlier EXCEPT SELECT id, person_id, account_id FROM later
        ) AS old
    ));
    RETURN NULL;
END
$$;
CREATE FUNCTION accounts_account_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM accounts_find_anew(ARRAY(SELECT person_id FROM accounts_linkedaccount WHERE account_id = NEW.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER findable_person_joins AFTER INSERT ON accounts_person
    REFERENCING NEW TABLE AS later FOR EACH STATEMENT EXECUTE FUNCTION accounts_person_joins();
CREATE TRIGGER findable_person_changes AFTER UPDATE ON accounts_person
    REFERENCING OLD TABLE AS earlier NEW TABLE AS later FOR EACH STATEMENT EXECUTE FUNCTION accounts_person_changes();
CREATE TRIGGER findable_links_made AFTER INSERT ON accounts_linkedaccount
    REFERENCING NEW TABLE AS later FOR EACH STATEMENT EXECUTE FUNCTION accounts_links_made();
CREATE TRIGGER findable_links_gone AFTER DELETE ON accounts_linkedaccount
    REFERENCING OLD TABLE AS earlier FOR EACH STATEMENT EXECUTE FUNCTION accounts_links_gone();
CREATE TRIGGER findable_links_moved AFTER UPDATE ON accounts_linkedaccount
    REFERENCING OLD TABLE AS earlier NEW TABLE AS later FOR EACH STATEMENT EXECUTE FUNCTION accounts_links_moved();
-- By row: networks tell of new handles one at a time, and most rows here are nobody's.
CREATE TRIGGER findable_account_renamed AFTER UPDATE OF handle ON accounts_account
    FOR EACH ROW WHEN (OLD.handle IS DISTINCT FROM NEW.handle) EXECUTE FUNCTION accounts_account_renamed();
"""

# Deferred checks of earlier statements would stand in the way of altering tables later in the same transaction.
FILL = "SELECT accounts_find_anew(ARRAY(SELECT id FROM accounts_person)); SET CONSTRAINTS ALL IMMEDIATE;"

UNDO = """
DROP TRIGGER findable_account_renamed ON accounts_account;
DROP TRIGGER findable_links_moved ON accounts_linkedaccount;
DROP TRIGGER findable_links_gone ON accounts_linkedaccount;
DROP TRIGGER findable_links_made ON accounts_linkedaccount;
DROP TRIGGER findable_person_changes ON accounts_person;
DROP TRIGGER findable_person_joins ON accounts_person;
DROP FUNCTION accounts_that_look_like, accounts_with_words, accounts_account_renamed, accounts_links_moved, accounts_links_gone, accounts_links_made,
    accounts_person_changes, accounts_person_joins, accounts_find_anew, accounts_may_be_found, accounts_words;
DROP TABLE accounts_findable;
DROP FUNCTION klout_plain;
"""


def build(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        # Trusted ones: who owns the database may make them.
        for name in EXTENSIONS:
            cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        cursor.execute(
            "SELECT extname, quote_ident(nspname) FROM pg_extension JOIN pg_namespace AS place ON place.oid = extnamespace"
        )
        schemas = dict(cursor.fetchall())
        cursor.execute(PLAIN.replace("{schema}", schemas["unaccent"]))
        cursor.execute(TABLE)
        for statements in (INDEXES, WITH_WORDS, THAT_LOOK_LIKE):
            cursor.execute(statements.replace("{schema}", schemas["pg_trgm"]))
        for statements in (WORDS, MAY_BE_FOUND, FIND_ANEW, TRIGGERS, FILL):
            cursor.execute(statements)


def take_down(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(UNDO)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_pages")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(build, take_down)],
            state_operations=[
                migrations.CreateModel(
                    name="Findable",
                    fields=[
                        (
                            "person",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="findable",
                                serialize=False,
                                to="accounts.person",
                            ),
                        ),
                        ("is_open", models.BooleanField()),
                        ("is_partly", models.BooleanField()),
                        ("words", django.contrib.postgres.search.SearchVectorField()),
                        ("text", models.TextField()),
                        (
                            "tier",
                            models.SmallIntegerField(
                                choices=[(0, "Rest"), (1, "Known"), (2, "Foremost")], db_default=0, default=0
                            ),
                        ),
                    ],
                ),
            ],
        ),
    ]
