"""Where viewers come from."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0011_identities")]
    operations: ClassVar[list[Operation]] = []
