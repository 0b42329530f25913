"""Who chose a topic lately is read by index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0102_ah_seen_awards"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="persontopic",
            index=models.Index(
                fields=["topic", "-added_at"],
                condition=models.Q(chosen=True, hidden=False),
                name="person_topic_chosen_lately",
            ),
        ),
    ]
