import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archive", "0008_transcripts"), ("broadcast", "0014_recorded")]

    operations = [
        migrations.CreateModel(
            name="SearchEpisode",
            fields=[
                (
                    "episode",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="broadcast.episode",
                    ),
                ),
                ("wanted", models.BigIntegerField(default=1)),
                ("done", models.BigIntegerField(default=0)),
                ("stamp", models.TextField(blank=True)),
                ("looked_at", models.DateTimeField(null=True)),
                ("year", models.PositiveSmallIntegerField(default=0)),
                (
                    "guests",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), default=list, size=None
                    ),
                ),
                (
                    "sectors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                (
                    "departments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120), default=list, size=None
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("wanted", models.F("done")), _negated=True),
                        fields=["episode"],
                        name="search_stale",
                    ),
                    models.Index(fields=["looked_at"], name="search_looked_at"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("is_head", models.BooleanField(default=False)),
                ("source", models.CharField(max_length=20)),
                ("key", models.CharField(max_length=80)),
                ("text", models.TextField()),
                ("at", models.DateTimeField(null=True)),
                ("speaker", models.CharField(blank=True, max_length=120)),
                ("department", models.CharField(blank=True, max_length=120)),
                ("aired_at", models.DateTimeField()),
                ("words", django.contrib.postgres.search.SearchVectorField()),
                ("sounds", django.contrib.postgres.search.SearchVectorField(null=True)),
                (
                    "airing",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="broadcast.airing",
                    ),
                ),
                (
                    "episode",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="broadcast.episode"
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="broadcast.programme",
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        condition=models.Q(("is_head", True)),
                        fastupdate=False,
                        fields=["words"],
                        name="search_head_words",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        condition=models.Q(("is_head", True)),
                        fastupdate=False,
                        fields=["sounds"],
                        name="search_head_sounds",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        condition=models.Q(("is_head", False)), fastupdate=False, fields=["words"], name="search_words"
                    ),
                    models.Index(
                        models.OrderBy(models.F("aired_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("is_head", False)),
                        name="search_newest",
                    ),
                ],
            },
        ),
    ]
