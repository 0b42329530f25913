from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scoring", "0103_ti_chosen_lately")]

    operations = [
        migrations.AddIndex(
            "scorehistory", BrinIndex(fields=["as_of"], name="score_history_by_day", pages_per_range=32)
        ),
    ]
