"""Places by kind and topic, and topics found by how they are called in any language."""

from django.db import migrations, models

# klout_plain, without accents and capitals, is of accounts.0005_search.
FIND_TOPICS = """
DO $$
DECLARE
    place text := (SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace AS space ON space.oid = extnamespace
                   WHERE extname = 'pg_trgm');
BEGIN
    EXECUTE format(
        'CREATE INDEX topic_by_all_names ON scoring_topic '
        'USING gin (klout_plain(name || '' '' || names::text) %s.gin_trgm_ops) WITH (fastupdate = off)', place);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_search"),
        ("scoring", "0005_pages"),
    ]

    operations = [
        migrations.AddField(
            model_name="persontopic",
            name="place",
            field=models.IntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="ranking",
            name="kind",
            field=models.CharField(default="person", max_length=12),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="topic",
            name="ranked",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="persontopic",
            index=models.Index(
                fields=["topic", "place", "person"],
                name="person_topic_by_place",
            ),
        ),
        migrations.AddIndex(
            model_name="ranking",
            index=models.Index(
                condition=models.Q(("kind", "organisation")),
                fields=["rank", "person"],
                name="ranking_of_organisations",
            ),
        ),
        migrations.AddIndex(
            model_name="ranking",
            index=models.Index(
                condition=models.Q(("kind", "organisation")),
                fields=["country", "country_rank", "person"],
                name="ranking_of_their_organisations",
            ),
        ),
        migrations.AddIndex(
            model_name="ranking",
            index=models.Index(fields=["-score"], name="ranking_highest_first"),
        ),
        migrations.AddIndex(
            model_name="topic",
            index=models.Index(fields=["-ranked", "name"], name="topic_most_people_first"),
        ),
        migrations.AddIndex(
            model_name="moment",
            index=models.Index(fields=["person", "-points", "post"], name="moment_highest_first"),
        ),
        migrations.RunSQL(FIND_TOPICS, "DROP INDEX topic_by_all_names"),
    ]
