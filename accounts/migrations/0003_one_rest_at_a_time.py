from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_linking_and_duties'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='pause',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True), ('reason', 'rest')), fields=('person',), name='rest_once_at_a_time'),
        ),
    ]
