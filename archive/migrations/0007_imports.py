from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("archive", "0006_recorder_machine")]

    operations = []
