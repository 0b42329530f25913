"""The history of scores, partitioned by month: Django keeps the state, the table itself is SQL that Django cannot write.

Partitions are made when a run publishes into their month (scoring.publish.history_partition).
"""

from django.db import migrations, models

CREATE = """
CREATE TABLE scoring_scorehistory (
    person_id bigint NOT NULL,
    as_of date NOT NULL,
    score double precision NOT NULL,
    reach double precision NOT NULL,
    amplification double precision NOT NULL,
    network_part double precision NOT NULL,
    percentile double precision NOT NULL,
    confidence varchar(11) NOT NULL,
    networks jsonb NOT NULL,
    formula varchar(20) NOT NULL,
    run_id bigint NOT NULL,
    PRIMARY KEY (person_id, as_of)
) PARTITION BY RANGE (as_of)
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_log_and_scores")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE, "DROP TABLE scoring_scorehistory")],
            state_operations=[
                migrations.CreateModel(
                    name="ScoreHistory",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "person_id", "as_of", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("person_id", models.BigIntegerField()),
                        ("as_of", models.DateField()),
                        ("score", models.FloatField()),
                        ("reach", models.FloatField()),
                        ("amplification", models.FloatField()),
                        ("network_part", models.FloatField()),
                        ("percentile", models.FloatField()),
                        (
                            "confidence",
                            models.CharField(
                                choices=[("provisional", "Provisional"), ("fair", "Fair"), ("solid", "Solid")],
                                max_length=11,
                            ),
                        ),
                        ("networks", models.JSONField(default=dict)),
                        ("formula", models.CharField(max_length=20)),
                        ("run_id", models.BigIntegerField()),
                    ],
                ),
            ],
        ),
    ]
