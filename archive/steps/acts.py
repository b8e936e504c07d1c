"""What people may do to steps: have one done again; who may is checked here, and each act is audited."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from archive.models import Step
from archive.steps import hints
from broadcast import audit, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import IllegalTransition, NotFound
from broadcast.models import Airing


def retry(actor: Actor, airing_id: UUID, kind: str, reason: str = "") -> dict[str, Any]:
    """Try a failed step again, or one that waits after a failure at once; its tries are counted anew. Needs PRODUCE.

    Takes the step's row; announces recording_changed. Raises IllegalTransition for a step that runs, is done or has not failed.
    """
    with transaction.atomic():
        airing = Airing.objects.select_related("episode").filter(pk=airing_id).first()
        if airing is None:
            raise NotFound(_("没有这一场。"))
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        step = Step.objects.select_for_update().filter(recording_id=airing_id, kind=kind).first()
        if step is None:
            raise NotFound(_("这一场没有这个步骤。"))
        waits = step.state == Step.State.WAITING and step.not_before is not None
        if step.state != Step.State.FAILED and not waits:
            raise IllegalTransition(_("这个步骤没有失败，不用重做。"), state=step.state, wanted="waiting")
        before = {"state": step.state, "problem": step.problem}
        step.state, step.not_before, step.progress = Step.State.WAITING, None, 0
        step.problem = step.reason = ""
        step.result = {}
        step.save()
        after = {"state": step.state, "kind": kind}
        audit.record(
            actor, "step.retry", f"airing:{airing_id}", airing=airing, reason=reason, before=before, after=after
        )
        signals.tell(signals.recording_changed, airing_id=airing_id)
        transaction.on_commit(hints.hint)
    return {"kind": kind, "state": Step.State.WAITING.value}
