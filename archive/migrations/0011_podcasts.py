from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("archive", "0010_editing")]

    operations = []
