import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('archive', '0015_retention'),
    ]

    operations = [
        migrations.CreateModel(
            name='PodcastCover',
            fields=[
                ('feed', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='cover', serialize=False, to='archive.podcastfeed')),
                ('picture', models.BinaryField()),
                ('at', models.DateTimeField()),
            ],
        ),
    ]
