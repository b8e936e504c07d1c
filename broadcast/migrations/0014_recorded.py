from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0013_captioner")]

    operations = []
