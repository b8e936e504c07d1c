"""Closed programmes, photos."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0009_rundown")]
    operations: ClassVar[list[Operation]] = []
