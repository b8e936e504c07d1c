"""Answers in writing, commitments, the choice of questions."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("live", "0013_poll_kinds")]
    operations: ClassVar[list[Operation]] = []
