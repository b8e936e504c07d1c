from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archive", "0005_push")]

    operations = [
        migrations.AddField(
            model_name="recorderstatus", name="machine", field=models.CharField(blank=True, max_length=32)
        ),
        migrations.AddField(
            model_name="recorderstatus", name="host", field=models.CharField(blank=True, max_length=80)
        ),
    ]
