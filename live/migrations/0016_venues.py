"""Places where people watch together, and votes from there."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("live", "0015_voices")]
    operations: ClassVar[list[Operation]] = []
