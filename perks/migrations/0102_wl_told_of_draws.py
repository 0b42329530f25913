from django.db import migrations, models


class Migration(migrations.Migration):
    """Who entered a lottery is told once how it ended, and once that an offer is over."""

    dependencies = [("perks", "0107_fu_claims_by_hints")]

    operations = [
        migrations.AddField("entry", "told_at", models.DateTimeField(null=True)),
        migrations.AddField("entry", "over_at", models.DateTimeField(null=True)),
    ]
