from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("perks", "0002_kept"),
        ("perks", "0101_cl_rules_of_claims"),
        ("perks", "0106_re_printed_passes_and_reports"),
    ]
    operations = [
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("network_hint", ""), _negated=True),
                fields=["network_hint", "device_hint"],
                name="claim_by_hints",
            ),
        ),
    ]
