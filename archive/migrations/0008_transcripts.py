from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("archive", "0007_imports")]

    operations = []
