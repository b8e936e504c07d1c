"""Whether a room takes wishes to be called back, and which cast a caller's vote made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("live", "0011_calls")]

    operations = [
        migrations.AddField("room", "takes_callbacks", models.BooleanField(default=None, null=True)),
        migrations.AddField("callvote", "cast", models.BigIntegerField(null=True)),
        migrations.AlterField("callvote", "poll", models.ForeignKey("live.Poll", models.PROTECT, related_name="+")),
    ]
