import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("perks", "0102_wl_told_of_draws")]
    operations = [
        migrations.CreateModel(
            name="CampaignCount",
            fields=[
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="counts",
                        serialize=False,
                        to="perks.campaign",
                    ),
                ),
                ("counted_at", models.DateTimeField()),
                ("shown", models.PositiveIntegerField(default=0)),
                ("viewed", models.PositiveIntegerField(default=0)),
                ("left_out", models.PositiveIntegerField(default=0)),
                ("left_out_posted", models.PositiveIntegerField(default=0)),
                ("left_out_reactions", models.PositiveBigIntegerField(default=0)),
                ("others", models.PositiveIntegerField(default=0)),
                ("others_posted", models.PositiveIntegerField(default=0)),
                ("others_reactions", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="CampaignResults",
            fields=[],
            options={
                "verbose_name": "results of a campaign",
                "verbose_name_plural": "results",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("perks.campaign",),
        ),
    ]
