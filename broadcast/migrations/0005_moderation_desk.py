"""The duty leader, 复审, published figures, and how long an appeal may wait."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('broadcast', '0004_publishes_ballots'),
    ]

    operations = [
        migrations.AddField(
            model_name='programme',
            name='appeal_hours',
            field=models.PositiveSmallIntegerField(default=24),
        ),
        migrations.AddField(
            model_name='programme',
            name='publishes_figures',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='programme',
            name='review_steps',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name='rolegrant',
            name='role',
            field=models.CharField(choices=[('member', '委员'), ('guest_speaker', '嘉宾'), ('department_respondent', '部门答复人'), ('call_screener', '导听'), ('moderator', '审核员'), ('duty_leader', '值班长'), ('producer', '编导'), ('host', '主持人'), ('auditor', '审计员'), ('secretariat', '秘书处'), ('administrator', '管理员')], max_length=32),
        ),
    ]
