"""The moderation desk: queues, claims, rules, reports, appeals, sanctions, withdrawals of many."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('broadcast', '0005_moderation_desk'),
        ('live', '0006_fewer_ballot_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('comment', '评论'), ('question', '提问')], max_length=8)),
                ('item', models.BigIntegerField()),
                ('text', models.CharField(max_length=300)),
                ('at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('against', models.JSONField(default=dict)),
                ('state', models.CharField(default='open', max_length=8)),
                ('decided_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='Presence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('kind', models.CharField(blank=True, choices=[('comment', '评论'), ('question', '提问')], max_length=8)),
                ('item', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('comment', '评论'), ('question', '提问')], max_length=8)),
                ('item', models.BigIntegerField()),
                ('reason', models.CharField(max_length=32)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', '待处理'), ('upheld', '举报成立'), ('dismissed', '举报不成立')], default='open', max_length=10)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('name', models.CharField(max_length=60)),
                ('category', models.CharField(blank=True, max_length=40)),
                ('kind', models.CharField(choices=[('terms', '词表'), ('links', '网址'), ('phone', '电话号码'), ('id_number', '证件号码'), ('contact', '其他联系方式'), ('flood', '刷屏'), ('repeat', '近似重复')], max_length=12)),
                ('action', models.CharField(choices=[('hold', '暂扣'), ('reject', '退回'), ('mask', '蒙字')], default='hold', max_length=8)),
                ('by_pinyin', models.BooleanField(default=False)),
                ('by_sound', models.BooleanField(default=False)),
                ('is_active', models.BooleanField(default=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='RuleHit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('comment', '评论'), ('question', '提问')], max_length=8)),
                ('item', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('false_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Sanction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('mute', '禁言'), ('ban', '封禁')], max_length=4)),
                ('scope', models.CharField(choices=[('participant', '参与者'), ('device', '设备'), ('network', '网段')], max_length=12)),
                ('device', models.CharField(blank=True, max_length=64)),
                ('network', models.CharField(blank=True, max_length=50)),
                ('reason', models.CharField(max_length=32)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('item_kind', models.CharField(blank=True, choices=[('comment', '评论'), ('question', '提问')], max_length=8)),
                ('item', models.BigIntegerField(null=True)),
                ('at', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
                ('lifted_at', models.DateTimeField(null=True)),
                ('lift_note', models.CharField(blank=True, max_length=200)),
                ('command_id', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='Term',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=60)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Withdrawal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('author', '一位作者'), ('everything', '公众的全部内容')], max_length=10)),
                ('reason', models.CharField(max_length=32)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
                ('restored_at', models.DateTimeField(null=True)),
                ('restore_note', models.CharField(blank=True, max_length=200)),
                ('command_id', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.AddField(
            model_name='comment',
            name='appeal',
            field=models.CharField(blank=True, choices=[('', '没有申诉'), ('open', '申诉待处理'), ('granted', '申诉成立'), ('refused', '申诉不成立')], max_length=8),
        ),
        migrations.AddField(
            model_name='comment',
            name='claimed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='comment',
            name='claimed_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='comment',
            name='first_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='comment',
            name='first_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='comment',
            name='hits',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='comment',
            name='mask',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='comment',
            name='open_reports',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='comment',
            name='similar_to',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='comment',
            name='state_before',
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name='comment',
            name='waiting_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='question',
            name='appeal',
            field=models.CharField(blank=True, choices=[('', '没有申诉'), ('open', '申诉待处理'), ('granted', '申诉成立'), ('refused', '申诉不成立')], max_length=8),
        ),
        migrations.AddField(
            model_name='question',
            name='claimed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='question',
            name='claimed_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='question',
            name='first_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='question',
            name='first_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='question',
            name='hits',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='question',
            name='mask',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='question',
            name='merged_into',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='live.question'),
        ),
        migrations.AddField(
            model_name='question',
            name='open_reports',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='question',
            name='similar_to',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='question',
            name='state_before',
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name='question',
            name='waiting_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='reason',
            name='programme',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='broadcast.programme'),
        ),
        migrations.AddField(
            model_name='room',
            name='alarm_seconds',
            field=models.PositiveSmallIntegerField(default=60),
        ),
        migrations.AddField(
            model_name='room',
            name='comment_seconds',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='room',
            name='is_post',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='room',
            name='post_asked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='room',
            name='question_seconds',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='room',
            name='takes_comments',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='room',
            name='takes_questions',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='room',
            name='verified_only',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='support',
            name='carried_from',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='live.question'),
        ),
        migrations.AlterField(
            model_name='comment',
            name='state',
            field=models.CharField(choices=[('pending', '待审'), ('held', '暂扣'), ('second', '待复审'), ('escalated', '已上报'), ('approved', '已通过'), ('rejected', '未通过'), ('withdrawn', '已撤下'), ('retracted', '作者撤回')], max_length=10),
        ),
        migrations.AlterField(
            model_name='question',
            name='state',
            field=models.CharField(choices=[('pending', '待审'), ('held', '暂扣'), ('second', '待复审'), ('escalated', '已上报'), ('approved', '已通过'), ('queued', '待播'), ('on_air', '正在回答'), ('answered', '已回答'), ('rejected', '未通过'), ('withdrawn', '已撤下'), ('retracted', '作者撤回'), ('merged', '已合并')], max_length=10),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['author', 'id'], name='comments_by_author'),
        ),
        migrations.AddIndex(
            model_name='question',
            index=models.Index(fields=['author', 'id'], name='questions_by_author'),
        ),
        migrations.AddField(
            model_name='appeal',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='broadcast.participant'),
        ),
        migrations.AddField(
            model_name='appeal',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='appeal',
            name='room',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='appeals', to='live.room'),
        ),
        migrations.AddField(
            model_name='presence',
            name='room',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='presences', to='live.room'),
        ),
        migrations.AddField(
            model_name='presence',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='report',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='broadcast.participant'),
        ),
        migrations.AddField(
            model_name='report',
            name='closed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='report',
            name='room',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='live.room'),
        ),
        migrations.AddField(
            model_name='rule',
            name='programme',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='broadcast.programme'),
        ),
        migrations.AddField(
            model_name='rule',
            name='reason',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='live.reason'),
        ),
        migrations.AddField(
            model_name='rulehit',
            name='false_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rulehit',
            name='room',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='live.room'),
        ),
        migrations.AddField(
            model_name='rulehit',
            name='rule',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hits', to='live.rule'),
        ),
        migrations.AddField(
            model_name='sanction',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sanction',
            name='lifted_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sanction',
            name='participant',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='broadcast.participant'),
        ),
        migrations.AddField(
            model_name='sanction',
            name='programme',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='broadcast.programme'),
        ),
        migrations.AddField(
            model_name='sanction',
            name='room',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sanctions', to='live.room'),
        ),
        migrations.AddField(
            model_name='term',
            name='rule',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='terms', to='live.rule'),
        ),
        migrations.AddField(
            model_name='withdrawal',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='withdrawal',
            name='participant',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='broadcast.participant'),
        ),
        migrations.AddField(
            model_name='withdrawal',
            name='restored_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='withdrawal',
            name='room',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='withdrawals', to='live.room'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(fields=['room', 'state'], name='appeals_by_room'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.UniqueConstraint(fields=('kind', 'item'), name='one_appeal_per_item'),
        ),
        migrations.AddConstraint(
            model_name='presence',
            constraint=models.UniqueConstraint(fields=('room', 'user'), name='one_presence_each'),
        ),
        migrations.AddIndex(
            model_name='report',
            index=models.Index(fields=['room', 'state'], name='live_report_room_id_1e083c_idx'),
        ),
        migrations.AddIndex(
            model_name='report',
            index=models.Index(fields=['by', 'id'], name='live_report_by_id_9089db_idx'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('kind', 'item', 'by'), name='one_report_each'),
        ),
        migrations.AddIndex(
            model_name='rulehit',
            index=models.Index(fields=['kind', 'item'], name='hits_by_item'),
        ),
        migrations.AddConstraint(
            model_name='rulehit',
            constraint=models.UniqueConstraint(fields=('rule', 'kind', 'item'), name='one_hit_per_rule_and_item'),
        ),
        migrations.AddIndex(
            model_name='sanction',
            index=models.Index(condition=models.Q(('lifted_at__isnull', True)), fields=['participant'], name='standing_sanctions_person'),
        ),
        migrations.AddIndex(
            model_name='sanction',
            index=models.Index(condition=models.Q(('lifted_at__isnull', True)), fields=['scope', 'until'], name='standing_sanctions'),
        ),
        migrations.AddConstraint(
            model_name='term',
            constraint=models.UniqueConstraint(fields=('rule', 'text'), name='one_term_per_rule'),
        ),
        migrations.AddIndex(
            model_name='withdrawal',
            index=models.Index(condition=models.Q(('restored_at__isnull', True)), fields=['room'], name='standing_withdrawals'),
        ),
    ]
