"""Who may do what: every address, command and act against every role, tried through the transport. The table is matrix.txt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from live import commands
from tests.permissions import table, trying, world

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
ROWS = table.rows()


def test_every_address_command_and_act_has_a_line_and_no_line_is_left_over() -> None:
    written = {row.key for row in ROWS}
    assert sorted(table.expected() - written) == [], "new: write its line into tests/permissions/matrix.txt"
    assert sorted(written - table.expected()) == [], "gone: take its line out of tests/permissions/matrix.txt"


# Where there is no such method it is enough to ask as these.
SOME = ("visitor", "moderator", "everywhere")


@pytest.mark.parametrize("kind", ["GET", "POST", "DO", "ACT"])
def test_every_cell(settings: Any, tmp_path: Path, kind: str) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    made = world.make(tmp_path)
    wrong = []
    for row in (each for each in ROWS if each.kind == kind):
        for column, cell in row.cells.items():
            if cell == "-" and column not in SOME:
                continue
            found, told = trying.outcome(made, row, column)
            # Where there is no such method, it does not matter who is told so first.
            if found != cell and not (cell == "-" and found == "."):
                wrong.append(f"{row} {column}: expected {cell}, found {found} ({told[:160]})")
    assert not wrong, "\n".join(wrong)


def test_the_three_offices_work_at_no_desk_and_share_no_right() -> None:
    offices = {"system_administrator", "security_administrator", "auditor"}
    audience = {str(each.__struct_config__.tag) for each in commands.AUDIENCE}
    work = [row for row in ROWS if row.kind == "ACT" or (row.kind == "DO" and row.name not in audience)]
    assert len(work) > 40
    assert [str(row) for row in work if "+" in {row.cells[each] for each in offices}] == []
    writing = [row for row in ROWS if row.kind == "POST" and row.name.startswith("staff:account")]
    both = [str(row) for row in writing if sum(row.cells[each] == "+" for each in offices) > 1]
    assert len(writing) > 8
    assert both == []
