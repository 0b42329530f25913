import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# Lines lose the names of who was erased; they are deleted with their organisation alone, which says so beforehand.
LOG = """
CREATE FUNCTION accounts_team_changes_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.user_id IS NULL AND (to_jsonb(NEW) - 'user_id') = (to_jsonb(OLD) - 'user_id') THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' AND current_setting('klout.erasing', true) = OLD.person_id::text THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'lines of the log of changes are only added' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER accounts_team_changes_are_kept BEFORE UPDATE OR DELETE ON accounts_teamchange
  FOR EACH ROW EXECUTE FUNCTION accounts_team_changes_are_kept();
"""
UNDO_LOG = """
DROP TRIGGER accounts_team_changes_are_kept ON accounts_teamchange;
DROP FUNCTION accounts_team_changes_are_kept();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_webhooks'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='is_shown',
            field=models.BooleanField(db_default=False, default=False, verbose_name='named on the public page'),
        ),
        migrations.CreateModel(
            name='TeamChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('action', models.CharField(max_length=40)),
                ('about', models.CharField(blank=True, max_length=200)),
                ('changes', models.JSONField(blank=True, default=dict)),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='team_changes', to='accounts.person')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'change by a team',
                'verbose_name_plural': 'changes by teams',
                'indexes': [models.Index(fields=['person', '-at'], name='team_change_newest_first')],
            },
        ),
        migrations.CreateModel(
            name='TeamInvitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail address')),
                ('role', models.CharField(choices=[('owner', 'owner'), ('editor', 'editor'), ('viewer', 'viewer')], max_length=6, verbose_name='role')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('invited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='team_invitations', to='accounts.person')),
            ],
            options={
                'verbose_name': 'invitation to a team',
                'verbose_name_plural': 'invitations to teams',
                'constraints': [models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'editor', 'viewer'])), name='team_invitation_role_known')],
            },
        ),
        migrations.RunSQL(LOG, UNDO_LOG),
    ]
