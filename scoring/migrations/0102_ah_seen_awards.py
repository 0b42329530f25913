"""Which awards somebody has looked through, and who earned one of a family last."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_teams"), ("scoring", "0105_pk_told")]

    operations = [
        migrations.CreateModel(
            "SeenAwards",
            [
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="seen_awards",
                        serialize=False,
                        to="accounts.person",
                    ),
                ),
                ("upto", models.BigIntegerField()),
            ],
        ),
        migrations.AddIndex("award", models.Index(fields=["family", "-id"], name="award_newest_of_family")),
    ]
