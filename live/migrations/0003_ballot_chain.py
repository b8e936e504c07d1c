"""Casts are chained, a poll can be voided and asked again, and votes cost the database fewer look-ups."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("live", "0002_epoch_and_reasons")]

    operations = [
        migrations.AddField(
            model_name="ballotcast",
            name="cast_by",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="ballotcast",
            name="leaf",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="ballotcast",
            name="number",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="ballotcast",
            name="salt",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="poll",
            name="replaces",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rounds",
                to="live.poll",
            ),
        ),
        migrations.AddField(
            model_name="poll",
            name="void_reason",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="poll",
            name="voided_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="ballot",
            name="cast",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="live.ballotcast",
            ),
        ),
        migrations.AlterField(
            model_name="ballotcast",
            name="command_id",
            field=models.CharField(max_length=96),
        ),
        migrations.AlterField(
            model_name="poll",
            name="state",
            field=models.CharField(
                choices=[("draft", "Draft"), ("open", "Open"), ("closed", "Closed"), ("void", "Void")],
                default="draft",
                max_length=6,
            ),
        ),
        migrations.CreateModel(
            name="BallotLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("casts", "Casts"), ("move", "Move"), ("close", "Close"), ("void", "Void")],
                        max_length=5,
                    ),
                ),
                ("count", models.PositiveIntegerField(default=0)),
                ("salt", models.BinaryField(default=bytes)),
                ("data", models.JSONField(null=True)),
                ("root", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("number", models.PositiveIntegerField(null=True)),
                ("previous", models.BinaryField(null=True)),
                ("digest", models.BinaryField(null=True)),
                ("algorithm", models.CharField(max_length=16)),
                (
                    "poll",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="links", to="live.poll"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="ballotcast",
            name="link",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="casts",
                to="live.ballotlink",
            ),
        ),
        migrations.AddIndex(
            model_name="ballotlink",
            index=models.Index(condition=models.Q(("number", None)), fields=["poll", "id"], name="links_without_place"),
        ),
        migrations.AddConstraint(
            model_name="ballotlink",
            constraint=models.UniqueConstraint(fields=("poll", "number"), name="one_link_per_place"),
        ),
    ]
