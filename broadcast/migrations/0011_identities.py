"""Ways to say who one is."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0010_programmes")]
    operations: ClassVar[list[Operation]] = []
