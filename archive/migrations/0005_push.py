from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archive", "0002_playout")]

    operations = [
        migrations.AddField(model_name="push", name="is_off", field=models.BooleanField(default=False)),
        migrations.AddField(
            model_name="push", name="restart_asked_at", field=models.DateTimeField(blank=True, null=True)
        ),
    ]
