from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Find at once what ceased to be public last, however many comments a room has."""

    dependencies = [("live", "0008_undo")]

    operations = [
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                fields=["room", "staff_seq"],
                name="cleared_comments",
                condition=Q(public_at__isnull=False) & ~Q(state="approved"),
            ),
        ),
    ]
