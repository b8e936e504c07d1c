"""Whom a question may be asked of: somebody who appears in the episode, or a department that does; it writes nothing."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from broadcast.errors import InvalidInput
from broadcast.models import Appearance
from live import protocol
from live.services.batch import Write


def require(write: Write) -> None:
    """Raise InvalidInput (person, department) for somebody who is not there."""
    command = write.command
    if not isinstance(command, protocol.AskQuestion):
        return
    appear = Appearance.objects.filter(episode=write.airing.episode_id)
    if command.person is not None and not appear.filter(person=command.person).exists():
        raise InvalidInput(_("这一期没有这位嘉宾。"), field="person")
    department = command.department.strip()
    seats = appear.filter(role=Appearance.Role.DEPARTMENT, person__organisation=department)
    if department and (command.person is not None or not seats.exists()):
        raise InvalidInput(_("这一期没有这个部门。"), field="department")


def columns(write: Write) -> dict[str, Any]:
    """What a question keeps of it."""
    command = write.command
    if not isinstance(command, protocol.AskQuestion):
        return {}
    return {"person_id": command.person, "department": command.department.strip()}
