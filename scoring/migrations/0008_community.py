import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


# Lines of the moderation log lose the names of who was erased, and what was deleted; nothing else ever changes.
LOG = """
CREATE FUNCTION scoring_moderation_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE'
     AND (NEW.user_id IS NULL OR NEW.user_id = OLD.user_id)
     AND (NEW.person_id IS NULL OR NEW.person_id = OLD.person_id)
     AND (NEW.question_id IS NULL OR NEW.question_id = OLD.question_id)
     AND (NEW.answer_id IS NULL OR NEW.answer_id = OLD.answer_id)
     AND (to_jsonb(NEW) - 'user_id' - 'person_id' - 'question_id' - 'answer_id')
       = (to_jsonb(OLD) - 'user_id' - 'person_id' - 'question_id' - 'answer_id') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'lines of the moderation log are only added' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER scoring_moderation_is_kept BEFORE UPDATE OR DELETE ON scoring_moderationentry
  FOR EACH ROW EXECUTE FUNCTION scoring_moderation_is_kept();
"""
UNDO_LOG = """
DROP TRIGGER scoring_moderation_is_kept ON scoring_moderationentry;
DROP FUNCTION scoring_moderation_is_kept();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_teams'),
        ('scoring', '0007_words_of_posts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ground', models.CharField(blank=True, choices=[('spam', 'advertising or spam'), ('abuse', 'insults or threats'), ('off-topic', 'not about the topic'), ('personal', 'something private about somebody'), ('danger', 'it may do harm'), ('other', 'something else'), ('link', 'a link in the first week of a member'), ('reports', 'several people reported it')], db_default='', default='', max_length=9, verbose_name='ground')),
                ('note', models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='why')),
                ('objection', models.CharField(blank=True, db_default='', default='', max_length=1000, verbose_name='objection')),
                ('objected_at', models.DateTimeField(blank=True, null=True)),
                ('text', models.TextField(verbose_name='answer')),
                ('state', models.CharField(choices=[('visible', 'visible'), ('held', 'held for the staff'), ('removed', 'removed by the staff'), ('withdrawn', 'withdrawn by who wrote it')], default='visible', max_length=9)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField(blank=True, null=True)),
                ('plus_k', models.IntegerField(default=0)),
                ('weight', models.FloatField(default=0.0)),
            ],
            options={
                'verbose_name': 'answer',
                'verbose_name_plural': 'answers',
            },
        ),
        migrations.CreateModel(
            name='AskedExpert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('ordinal', models.SmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='AttachedWords',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.BigIntegerField()),
                ('source', models.CharField(choices=[('list', 'list'), ('skill', 'skill'), ('recommendation', 'recommendation')], max_length=14)),
                ('words', models.CharField(max_length=200)),
                ('actor', models.BigIntegerField(default=0)),
                ('network', models.SmallIntegerField()),
                ('origin', models.SmallIntegerField()),
                ('observed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Definition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True, verbose_name='address')),
                ('network', models.CharField(blank=True, max_length=20, verbose_name='network')),
                ('measure', models.CharField(max_length=300, verbose_name='measure')),
                ('levels', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), help_text='Rising numbers, with commas.', size=None, verbose_name='levels')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('unit', models.CharField(help_text='As in “72 of 100 lists”.', max_length=60, verbose_name='what is counted')),
                ('text', models.CharField(max_length=300, verbose_name='how it is earned')),
                ('translations', models.JSONField(blank=True, default=dict, verbose_name='in other languages')),
                ('symbol', models.CharField(max_length=20, verbose_name='symbol')),
                ('revocable', models.BooleanField(default=False, verbose_name='revocable')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('live', 'live'), ('retired', 'retired')], default='draft', max_length=7, verbose_name='state')),
                ('live_since', models.DateTimeField(blank=True, editable=False, null=True)),
                ('preview', models.JSONField(blank=True, default=dict, editable=False)),
            ],
            options={
                'verbose_name': 'achievement',
                'verbose_name_plural': 'achievements',
            },
        ),
        migrations.CreateModel(
            name='Endorsement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('given_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('undone_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('told_at', models.DateTimeField(null=True)),
                ('weight', models.FloatField(default=1.0)),
            ],
        ),
        migrations.CreateModel(
            name='MisleadingWords',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(max_length=200)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'misleading words',
                'verbose_name_plural': 'misleading words',
            },
        ),
        migrations.CreateModel(
            name='ModerationEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('action', models.CharField(max_length=40)),
                ('about', models.CharField(blank=True, max_length=200)),
                ('reason', models.TextField(blank=True)),
            ],
            options={
                'verbose_name': 'line of the moderation log',
                'verbose_name_plural': 'moderation log',
            },
        ),
        migrations.CreateModel(
            name='PreviewedAward',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.IntegerField()),
                ('value', models.FloatField()),
            ],
        ),
        migrations.CreateModel(
            name='Purse',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='purse', serialize=False, to='accounts.person')),
                ('day', models.DateField()),
                ('allowance', models.IntegerField()),
                ('given', models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ground', models.CharField(blank=True, choices=[('spam', 'advertising or spam'), ('abuse', 'insults or threats'), ('off-topic', 'not about the topic'), ('personal', 'something private about somebody'), ('danger', 'it may do harm'), ('other', 'something else'), ('link', 'a link in the first week of a member'), ('reports', 'several people reported it')], db_default='', default='', max_length=9, verbose_name='ground')),
                ('note', models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='why')),
                ('objection', models.CharField(blank=True, db_default='', default='', max_length=1000, verbose_name='objection')),
                ('objected_at', models.DateTimeField(blank=True, null=True)),
                ('title', models.CharField(max_length=150, verbose_name='question')),
                ('text', models.TextField(blank=True, max_length=3000, verbose_name='more about it')),
                ('language', models.CharField(blank=True, max_length=10)),
                ('state', models.CharField(choices=[('visible', 'visible'), ('held', 'held for the staff'), ('removed', 'removed by the staff'), ('withdrawn', 'withdrawn by who wrote it')], default='visible', max_length=9)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField(blank=True, null=True)),
                ('answered', models.IntegerField(default=0)),
                ('active_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'question',
                'verbose_name_plural': 'questions',
            },
        ),
        migrations.CreateModel(
            name='Rarity',
            fields=[
                ('pk', models.CompositePrimaryKey('family', 'level', blank=True, editable=False, primary_key=True, serialize=False)),
                ('family', models.CharField(max_length=40)),
                ('level', models.IntegerField()),
                ('people', models.IntegerField()),
                ('among', models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('spam', 'It is advertising or spam'), ('abuse', 'It insults or threatens somebody'), ('off-topic', 'It has nothing to do with the topic'), ('personal', 'It tells something private about somebody'), ('danger', 'It may do harm if somebody follows it'), ('other', 'Something else')], max_length=9, verbose_name='reason')),
                ('text', models.CharField(blank=True, max_length=500, verbose_name='what is wrong with it')),
                ('created_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('upheld', models.BooleanField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'report',
                'verbose_name_plural': 'reports',
            },
        ),
        migrations.CreateModel(
            name='SeenAwards',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='seen_awards', serialize=False, to='accounts.person')),
                ('upto', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Silenced',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='silenced', serialize=False, to='accounts.person')),
                ('until', models.DateTimeField()),
                ('reason', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'silenced person',
                'verbose_name_plural': 'silenced people',
            },
        ),
        migrations.CreateModel(
            name='TopicDispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('evidence', models.JSONField(default=list)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('state', models.CharField(choices=[('open', 'open'), ('upheld', 'the words mislead'), ('closed', 'closed')], default='open', max_length=6)),
                ('created_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'disputed topic',
                'verbose_name_plural': 'disputed topics',
            },
        ),
        migrations.CreateModel(
            name='TopicEvidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('hashtag', 'hashtag'), ('list', 'list'), ('skill', 'skill'), ('recommendation', 'recommendation'), ('plus-k', '+K'), ('answer', 'answer')], max_length=14)),
                ('network', models.CharField(blank=True, max_length=20)),
                ('words', models.CharField(blank=True, max_length=200)),
                ('number', models.IntegerField()),
                ('people', models.IntegerField(default=0)),
                ('last_on', models.DateField(null=True)),
                ('strength', models.FloatField()),
            ],
        ),
        migrations.AlterModelOptions(
            name='topic',
            options={'verbose_name': 'topic', 'verbose_name_plural': 'topics'},
        ),
        migrations.AddField(
            model_name='award',
            name='revoked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='award',
            name='revoked_for',
            field=models.CharField(blank=True, db_default='', default='', max_length=300),
        ),
        migrations.AddField(
            model_name='awardprogress',
            name='points',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='persontopic',
            name='plus_k',
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddField(
            model_name='topic',
            name='wikidata',
            field=models.CharField(blank=True, default='', max_length=20),
        ),
        migrations.AddIndex(
            model_name='award',
            index=models.Index(fields=['family', '-id'], name='award_newest_of_family'),
        ),
        migrations.AddIndex(
            model_name='persontopic',
            index=models.Index(condition=models.Q(('expertise__gt', 0)), fields=['topic', '-expertise', 'person'], name='person_topic_by_expertise'),
        ),
        migrations.AddIndex(
            model_name='persontopic',
            index=models.Index(condition=models.Q(('plus_k__gt', 0)), fields=['topic', '-plus_k', 'person'], name='person_topic_by_plus_k'),
        ),
        migrations.AddIndex(
            model_name='persontopic',
            index=models.Index(condition=models.Q(('chosen', True), ('hidden', False)), fields=['topic', '-added_at'], name='person_topic_chosen_lately'),
        ),
        migrations.AddIndex(
            model_name='scorehistory',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['as_of'], name='score_history_by_day', pages_per_range=32),
        ),
        migrations.AddField(
            model_name='answer',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='accounts.person'),
        ),
        migrations.AddField(
            model_name='answer',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='askedexpert',
            name='person',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='asked_as_expert', to='accounts.person'),
        ),
        migrations.AddIndex(
            model_name='attachedwords',
            index=models.Index(models.F('actor'), condition=models.Q(('actor', 0), _negated=True), name='attached_words_by_actor'),
        ),
        migrations.AddConstraint(
            model_name='attachedwords',
            constraint=models.UniqueConstraint(fields=('account', 'source', 'words', 'actor'), name='attached_words_once'),
        ),
        migrations.AddField(
            model_name='definition',
            name='created_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='endorsement',
            name='answer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='endorsements', to='scoring.answer'),
        ),
        migrations.AddField(
            model_name='endorsement',
            name='giver',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='plus_k_given', to='accounts.person'),
        ),
        migrations.AddField(
            model_name='endorsement',
            name='receiver',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='plus_k_received', to='accounts.person'),
        ),
        migrations.AddField(
            model_name='endorsement',
            name='topic',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='endorsements', to='scoring.topic'),
        ),
        migrations.AddField(
            model_name='endorsement',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='misleadingwords',
            name='topic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='misleading_words', to='scoring.topic'),
        ),
        migrations.AddField(
            model_name='moderationentry',
            name='answer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='moderation', to='scoring.answer'),
        ),
        migrations.AddField(
            model_name='moderationentry',
            name='person',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.person'),
        ),
        migrations.AddField(
            model_name='moderationentry',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='previewedaward',
            name='definition',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='previewed', to='scoring.definition'),
        ),
        migrations.AddField(
            model_name='previewedaward',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.person'),
        ),
        migrations.AddConstraint(
            model_name='purse',
            constraint=models.CheckConstraint(condition=models.Q(('given__gte', 0), ('given__lte', models.F('allowance'))), name='purse_not_overdrawn'),
        ),
        migrations.AddField(
            model_name='question',
            name='person',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='questions', to='accounts.person'),
        ),
        migrations.AddField(
            model_name='question',
            name='topic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='scoring.topic'),
        ),
        migrations.AddField(
            model_name='question',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='moderationentry',
            name='question',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='moderation', to='scoring.question'),
        ),
        migrations.AddField(
            model_name='askedexpert',
            name='question',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='asked_experts', to='scoring.question'),
        ),
        migrations.AddField(
            model_name='answer',
            name='question',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='scoring.question'),
        ),
        migrations.AddField(
            model_name='report',
            name='answer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='scoring.answer'),
        ),
        migrations.AddField(
            model_name='report',
            name='question',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='scoring.question'),
        ),
        migrations.AddField(
            model_name='report',
            name='reporter',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports_made', to='accounts.person'),
        ),
        migrations.AddField(
            model_name='topicdispute',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='topicdispute',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='topic_disputes', to='accounts.person'),
        ),
        migrations.AddField(
            model_name='topicdispute',
            name='topic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='disputes', to='scoring.topic'),
        ),
        migrations.AddField(
            model_name='topicevidence',
            name='person',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='topic_evidence', to='accounts.person'),
        ),
        migrations.AddField(
            model_name='topicevidence',
            name='through',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='scoring.topic'),
        ),
        migrations.AddField(
            model_name='topicevidence',
            name='topic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='evidence', to='scoring.topic'),
        ),
        migrations.AddConstraint(
            model_name='definition',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'live', 'retired'])), name='definition_state_known'),
        ),
        migrations.AddIndex(
            model_name='endorsement',
            index=models.Index(fields=['giver', '-given_at'], name='endorsement_given'),
        ),
        migrations.AddIndex(
            model_name='endorsement',
            index=models.Index(fields=['receiver', '-given_at'], name='endorsement_received'),
        ),
        migrations.AddIndex(
            model_name='endorsement',
            index=models.Index(fields=['topic', '-given_at'], name='endorsement_of_topic'),
        ),
        migrations.AddIndex(
            model_name='endorsement',
            index=models.Index(condition=models.Q(('settled_at__isnull', True), ('undone_at__isnull', True)), fields=['given_at'], name='endorsement_to_settle'),
        ),
        migrations.AddIndex(
            model_name='endorsement',
            index=models.Index(condition=models.Q(('settled_at__isnull', False)), fields=['told_at', 'receiver'], name='endorsement_to_tell'),
        ),
        migrations.AddConstraint(
            model_name='endorsement',
            constraint=models.CheckConstraint(condition=models.Q(('giver', models.F('receiver')), _negated=True), name='endorsement_of_another'),
        ),
        migrations.AddConstraint(
            model_name='endorsement',
            constraint=models.CheckConstraint(condition=models.Q(('until__gt', models.F('given_at'))), name='endorsement_until_later'),
        ),
        migrations.AddConstraint(
            model_name='endorsement',
            constraint=models.CheckConstraint(condition=models.Q(('weight__range', (0, 1))), name='endorsement_weight_known'),
        ),
        migrations.AddConstraint(
            model_name='endorsement',
            constraint=models.CheckConstraint(condition=models.Q(('undone_at__isnull', True), ('settled_at__isnull', True), _connector='OR'), name='endorsement_undone_or_settled'),
        ),
        migrations.AddConstraint(
            model_name='endorsement',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('undone_at__isnull', True)), expressions=[(models.F('giver'), '='), (models.F('receiver'), '='), (models.F('topic'), '='), (models.Func(models.F('given_at'), models.F('until'), function='tstzrange'), '&&')], name='endorsement_once_in_seven_days'),
        ),
        migrations.AddConstraint(
            model_name='misleadingwords',
            constraint=models.UniqueConstraint(fields=('topic', 'words'), name='misleading_words_once'),
        ),
        migrations.AddIndex(
            model_name='previewedaward',
            index=models.Index(fields=['definition', '-value'], name='previewed_award_by_value'),
        ),
        migrations.AddConstraint(
            model_name='previewedaward',
            constraint=models.UniqueConstraint(fields=('definition', 'person'), name='previewed_award_once'),
        ),
        migrations.AddIndex(
            model_name='question',
            index=models.Index(condition=models.Q(('state', 'visible')), fields=['topic', '-active_at'], name='question_of_topic_newest'),
        ),
        migrations.AddIndex(
            model_name='question',
            index=models.Index(condition=models.Q(('state', 'visible')), fields=['-active_at'], name='question_newest'),
        ),
        migrations.AddIndex(
            model_name='question',
            index=models.Index(condition=models.Q(('answered', 0), ('state', 'visible')), fields=['-active_at'], name='question_newest_unanswered'),
        ),
        migrations.AddIndex(
            model_name='question',
            index=models.Index(condition=models.Q(('objected_at__isnull', False)), fields=['objected_at'], name='question_objected'),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['visible', 'held', 'removed', 'withdrawn'])), name='question_state_known'),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.CheckConstraint(condition=models.Q(('answered__gte', 0)), name='question_answers_counted'),
        ),
        migrations.AddIndex(
            model_name='moderationentry',
            index=models.Index(fields=['-at'], name='moderation_newest_first'),
        ),
        migrations.AddConstraint(
            model_name='askedexpert',
            constraint=models.UniqueConstraint(fields=('question', 'person'), name='expert_asked_once'),
        ),
        migrations.AddConstraint(
            model_name='askedexpert',
            constraint=models.UniqueConstraint(fields=('person', 'day', 'ordinal'), name='expert_asked_so_often'),
        ),
        migrations.AddConstraint(
            model_name='askedexpert',
            constraint=models.CheckConstraint(condition=models.Q(('ordinal__range', (1, 2))), name='expert_asked_twice_a_day'),
        ),
        migrations.AddIndex(
            model_name='answer',
            index=models.Index(condition=models.Q(('objected_at__isnull', False)), fields=['objected_at'], name='answer_objected'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.UniqueConstraint(fields=('question', 'person'), name='answer_once'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['visible', 'held', 'removed', 'withdrawn'])), name='answer_state_known'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.CheckConstraint(condition=models.Q(('plus_k__gte', 0)), name='answer_plus_k_counted'),
        ),
        migrations.AddIndex(
            model_name='report',
            index=models.Index(condition=models.Q(('decided_at__isnull', True)), fields=['created_at'], name='report_open'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer__isnull', True), ('question__isnull', False)), models.Q(('answer__isnull', False), ('question__isnull', True)), _connector='OR'), name='report_of_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['spam', 'abuse', 'off-topic', 'personal', 'danger', 'other'])), name='report_reason_known'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(condition=models.Q(('question__isnull', False)), fields=('question', 'reporter'), name='report_question_once'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(condition=models.Q(('answer__isnull', False)), fields=('answer', 'reporter'), name='report_answer_once'),
        ),
        migrations.AddConstraint(
            model_name='topicdispute',
            constraint=models.UniqueConstraint(fields=('person', 'topic'), name='topic_dispute_once'),
        ),
        migrations.AddConstraint(
            model_name='topicdispute',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'upheld', 'closed'])), name='topic_dispute_state_known'),
        ),
        migrations.AddConstraint(
            model_name='topicevidence',
            constraint=models.UniqueConstraint(fields=('person', 'topic', 'source', 'network', 'words'), name='topic_evidence_once'),
        ),
        migrations.RunSQL(LOG, UNDO_LOG),
    ]
