from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("live", "0007_moderation_desk")]

    operations = [
        migrations.AddField("comment", "before", models.JSONField(default=dict)),
        migrations.AddField("question", "before", models.JSONField(default=dict)),
        migrations.RemoveIndex("comment", "pending_comments"),
        migrations.AddIndex(
            "comment",
            models.Index(
                fields=["room", "id"],
                condition=models.Q(("state__in", ("pending", "held", "second", "escalated"))),
                name="waiting_comments",
            ),
        ),
        migrations.AddIndex(
            "comment",
            models.Index(fields=["room", "id"], condition=models.Q(("open_reports__gt", 0)), name="reported_comments"),
        ),
    ]
