"""Answers in writing, commitments, the choice of questions."""

from __future__ import annotations

from typing import ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [
        ("broadcast", "0009_rundown"),
        ("live", "0013_poll_kinds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name='Commitment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('suggestion', '建议'), ('promise', '承诺')], max_length=10)),
                ('at', models.DateTimeField()),
                ('department', models.CharField(blank=True, max_length=120)),
                ('text', models.CharField(blank=True, max_length=300)),
                ('due_on', models.DateField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('done_note', models.CharField(blank=True, max_length=200)),
                ('undone_at', models.DateTimeField(null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('command_id', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Reply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('department', models.CharField(max_length=120)),
                ('respondent', models.CharField(blank=True, max_length=60)),
                ('text', models.TextField()),
                ('is_public', models.BooleanField(default=True)),
                ('state', models.CharField(choices=[('draft', '草稿'), ('submitted', '待核发'), ('returned', '退回修改'), ('released', '已发出'), ('recalled', '已收回')], default='draft', max_length=10)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('released_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='Slate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('method', models.CharField(choices=[('supports', '支持最多'), ('recent', '最近提出'), ('spread', '各方都有'), ('draw', '随机抽取')], max_length=10)),
                ('at', models.DateTimeField()),
                ('size', models.PositiveSmallIntegerField()),
                ('seed', models.CharField(blank=True, max_length=64)),
                ('chosen', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('among', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('command_id', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.AddField(
            model_name='question',
            name='carried_from',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='carried', to='live.question'),
        ),
        migrations.AddField(
            model_name='question',
            name='closed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='question',
            name='closing',
            field=models.CharField(blank=True, choices=[('covered', '节目里已经谈到'), ('elsewhere', '转其他渠道办理'), ('carried', '转到下一场'), ('off_topic', '不属于本场议题'), ('other', '其他原因')], max_length=12),
        ),
        migrations.AddField(
            model_name='question',
            name='closing_note',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='question',
            name='department',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name='question',
            name='due_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='question',
            name='promised_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='question',
            name='promised_to',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name='question',
            name='replies_out',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='question',
            name='state',
            field=models.CharField(choices=[('pending', '待审'), ('held', '暂扣'), ('second', '待复审'), ('escalated', '已上报'), ('approved', '已通过'), ('queued', '待播'), ('on_air', '正在回答'), ('answered', '已回答'), ('promised', '待书面答复'), ('closed', '已了结'), ('rejected', '未通过'), ('withdrawn', '已撤下'), ('retracted', '作者撤回'), ('merged', '已合并')], max_length=10),
        ),
        migrations.AddIndex(
            model_name='question',
            index=models.Index(condition=models.Q(('state', 'promised')), fields=['promised_to', 'due_on'], name='promised_questions'),
        ),
        migrations.AddField(
            model_name='commitment',
            name='marked_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='commitment',
            name='moment',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='broadcast.moment'),
        ),
        migrations.AddField(
            model_name='commitment',
            name='question',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='commitments', to='live.question'),
        ),
        migrations.AddField(
            model_name='commitment',
            name='room',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='commitments', to='live.room'),
        ),
        migrations.AddField(
            model_name='commitment',
            name='speaker',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='broadcast.person'),
        ),
        migrations.AddField(
            model_name='reply',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reply',
            name='question',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replies', to='live.question'),
        ),
        migrations.AddField(
            model_name='reply',
            name='written_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='slate',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='slate',
            name='room',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='slates', to='live.room'),
        ),
        migrations.AddIndex(
            model_name='commitment',
            index=models.Index(condition=models.Q(('done_at', None), ('kind', 'promise'), ('undone_at', None)), fields=['due_on'], name='promises_by_due'),
        ),
        migrations.AddConstraint(
            model_name='commitment',
            constraint=models.UniqueConstraint(fields=('room', 'command_id'), name='one_commitment_per_command'),
        ),
        migrations.AddIndex(
            model_name='reply',
            index=models.Index(condition=models.Q(('state', 'released')), fields=['question'], name='released_replies'),
        ),
        migrations.AddConstraint(
            model_name='reply',
            constraint=models.UniqueConstraint(fields=('question', 'department'), name='one_reply_per_department'),
        ),
        migrations.AddConstraint(
            model_name='slate',
            constraint=models.UniqueConstraint(fields=('room', 'command_id'), name='one_slate_per_command'),
        ),
    ]
