"""Has one recording read again when a person asks; how it is read and mended, fixity.py says."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerError

from archive import fixity
from archive.models import Recording
from broadcast import audit
from broadcast.access import Ability, Actor, can, require
from broadcast.celery import app
from broadcast.errors import Conflict, NotFound, Unavailable
from broadcast.models import Airing

logger = logging.getLogger(__name__)


def may_ask(actor: Actor, programme_id: int) -> bool:
    """Whether the actor may have recordings of the programme read again."""
    return can(actor, Ability.PRODUCE, programme_id) or can(actor, Ability.ADMINISTER, programme_id)


def ask(actor: Actor, airing_id: UUID) -> None:
    """Ask a worker to read the whole recording in each place, due or not; it gives way to shows. Needs PRODUCE or ADMINISTER. Audited.

    Raises NotFound, Conflict for one that is not finished, Unavailable when nobody can be asked now.
    """
    airing = Airing.objects.select_related("episode").filter(pk=airing_id).first()
    if airing is None:
        raise NotFound(_("没有这一场。"))
    programme = airing.episode.programme_id
    if not may_ask(actor, programme):
        require(actor, Ability.PRODUCE, programme)
    if not Recording.objects.filter(pk=airing_id, state=Recording.State.FINISHED).exists():
        raise Conflict(_("录制还没有收尾，之后再核对。"))
    with transaction.atomic():
        audit.record(actor, "fixity.ask", f"airing:{airing_id}", airing=airing)
        try:
            app.send_task(fixity.TASK, args=[str(airing_id)], kwargs={"asked": True}, expires=3600.0, retry=False)
        except (BrokerError, OSError) as error:
            logger.warning("no audit asked: %s", type(error).__name__)
            raise Unavailable(_("现在叫不动后台程序，请稍后再试。")) from error
