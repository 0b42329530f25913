"""When who got a +K was told of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scoring", "0107_qu_questions")]

    operations = [
        migrations.AddField("endorsement", "told_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "endorsement",
            models.Index(
                condition=models.Q(("settled_at__isnull", False)),
                fields=["told_at", "receiver"],
                name="endorsement_to_tell",
            ),
        ),
    ]
