from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0013_captioner")]

    operations = [
        migrations.AlterField(
            model_name="airing",
            name="kind",
            field=models.CharField(
                choices=[
                    ("premiere", "首播"),
                    ("rerun", "重播"),
                    ("rehearsal", "彩排"),
                    ("filler", "垫片"),
                    ("recorded", "录播"),
                ],
                default="premiere",
                max_length=10,
            ),
        )
    ]
