"""What templates keep."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0005_slots_protect")]
    operations: ClassVar[list[Operation]] = []
