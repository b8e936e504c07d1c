from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("broadcast", "0016_retention"),
    ]

    operations = [
        migrations.AddField(
            model_name="personwithdrawalitem",
            name="called",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
    ]
