from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_teams'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='is_shown',
            field=models.BooleanField(db_default=False, default=False, verbose_name='named on the public page'),
        ),
    ]
