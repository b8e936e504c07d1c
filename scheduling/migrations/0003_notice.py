import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('broadcast', '0008_rundown'),
        ('scheduling', '0002_time'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('kind', models.CharField(choices=[('invite', '邀请'), ('remind', '提醒'), ('moved', '改时间'), ('cancelled', '取消'), ('preempted', '让播')], max_length=10)),
                ('channel', models.CharField(choices=[('email', '邮件'), ('sms', '短信'), ('wechat', '微信'), ('hand', '人工转达')], max_length=8)),
                ('title', models.CharField(max_length=200)),
                ('text', models.TextField()),
                ('state', models.CharField(choices=[('open', '等待发出'), ('sending', '正在发出'), ('sent', '已发出'), ('failed', '没有发出'), ('unsure', '不确定是否发出'), ('by_hand', '待人工转达'), ('told', '已人工转达'), ('dropped', '过时未发')], default='open', max_length=8)),
                ('made_at', models.DateTimeField()),
                ('not_after', models.DateTimeField(blank=True, null=True)),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('airing', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='broadcast.airing')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='broadcast.person')),
                ('told_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-made_at', '-id'],
                'indexes': [models.Index(fields=['state', 'made_at'], name='scheduling_notice_state_idx')],
            },
        ),
    ]
