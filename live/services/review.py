"""初审 and 复审: what an approval leads to where a programme looks twice; pure arithmetic over a row, it writes nothing."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from broadcast.errors import NotAllowed
from live.models import Comment, Item, Question


class SamePerson(NotAllowed):
    """The second look is never by whoever gave the first."""

    code = "same_person"


def approved(row: Comment | Question, actor_id: int | None, steps: int) -> dict[str, Any]:
    """The columns that an approval by this person changes: on to 待复审, or public. Raises SamePerson at the second step.

    Of an escalated item whoever handed it up has looked at it first; a leader who did so himself passes it on like anybody.
    """
    if steps < 2:
        return {"state": Item.State.APPROVED}
    first = row.first_by_id
    if first is None and row.state == Item.State.ESCALATED:
        first = row.decided_by_id
    if first is not None and first != actor_id:
        return {"state": Item.State.APPROVED}
    if row.state == Item.State.SECOND:
        raise SamePerson(_("初审是您给的，复审要由另一位审核员来做。"))
    return {"state": Item.State.SECOND, "first_by_id": actor_id}
