import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("archive", "0011_podcasts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='EditedReplay',
            fields=[
                ('airing', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='edited_replay', serialize=False, to='broadcast.airing')),
                ('wanted', models.PositiveIntegerField(default=0)),
                ('written', models.PositiveIntegerField(default=0)),
                ('hidden', models.PositiveIntegerField(default=0)),
                ('missing', models.PositiveIntegerField(default=0)),
                ('cleared', models.PositiveIntegerField(default=0)),
                ('problem', models.CharField(blank=True, max_length=32)),
                ('written_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AlterField(
            model_name='step',
            name='kind',
            field=models.CharField(choices=[('edit', '剪辑'), ('verify', '检查录制'), ('master', '生成母版'), ('rungs', '补齐清晰度'), ('loudness', '测量响度'), ('sound', '生成音频'), ('images', '缩略图'), ('peaks', '波形'), ('words', '语音识别'), ('upload', '上传'), ('manifest', '清单')], max_length=10),
        ),
        migrations.CreateModel(
            name='Edit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('trim', '修剪'), ('cut', '剪去'), ('bleep', '消音'), ('blur', '打码')], max_length=8)),
                ('state', models.CharField(choices=[('draft', '草稿'), ('applied', '已应用'), ('lifted', '已撤销')], default='draft', max_length=8)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('region', models.JSONField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('version', models.PositiveIntegerField(default=1)),
                ('made_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('applied_at', models.DateTimeField(blank=True, null=True)),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
                ('airing', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='edits', to='broadcast.airing')),
                ('applied_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lifted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['starts_at', 'id'],
                'indexes': [models.Index(fields=['airing', 'state'], name='archive_edi_airing__f4573a_idx')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='an_edit_takes_time'), models.CheckConstraint(condition=models.Q(('state', 'draft'), ('applied_at__isnull', False), _connector='OR'), name='a_public_edit_was_applied'), models.UniqueConstraint(condition=models.Q(('kind', 'trim'), ('state', 'applied')), fields=('airing',), name='one_applied_trim')],
            },
        ),
    ]
