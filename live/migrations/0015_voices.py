"""Replies, pinned words, danmaku, captions."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("live", "0014_replies")]
    operations: ClassVar[list[Operation]] = []
