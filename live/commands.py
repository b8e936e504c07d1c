"""The table of all that a browser can do: command type to the service that does it, and who may send it; no rules of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from broadcast import lifecycle, registry
from broadcast.access import Actor
from broadcast.errors import InvalidInput
from broadcast.services import rundown
from live import protocol
from live.services import (
    appeals,
    audience,
    bulk,
    call_votes,
    callers,
    calls,
    captions,
    claims,
    commitments,
    false_hits,
    merging,
    moderation,
    notices,
    outcomes,
    poll_codes,
    poll_plans,
    polls,
    presence,
    questions,
    reports,
    sanctions,
    slates,
    switches,
    undo,
    withdrawals,
)

StaffService = Callable[[Actor, UUID, Any], dict[str, Any]]


def start_segment(actor: Actor, airing_id: UUID, command: protocol.StartSegment) -> dict[str, Any]:
    """Begin a segment of the run-down."""
    run = rundown.start_segment(actor, airing_id, command.segment)
    return {"segment": run.segment_id}


_LIFECYCLE: dict[str, Callable[[Actor, UUID, str], Any]] = {
    "airing.open": lambda actor, airing_id, reason: lifecycle.open_feed(actor, airing_id),
    "airing.start": lambda actor, airing_id, reason: lifecycle.start(actor, airing_id),
    "airing.close": lambda actor, airing_id, reason: lifecycle.close_feed(actor, airing_id),
    "airing.end": lambda actor, airing_id, reason: lifecycle.end(actor, airing_id),
    "airing.cancel": lambda actor, airing_id, reason: lifecycle.cancel(actor, airing_id, reason),
}


def perform_act(actor: Actor, airing_id: UUID, command: protocol.PerformAct) -> dict[str, Any]:
    """An act of the lifecycle, or one that another app registered. Raises InvalidInput (field: act) for an unknown one."""
    move = _LIFECYCLE.get(command.act)
    if move is not None:
        return {"state": str(move(actor, airing_id, command.reason).state)}
    offered = registry.staff_acts.get(command.act)
    if offered is not None:
        return offered(actor, airing_id, command.reason)
    name, _colon, thing = command.act.partition(":")
    offered_on = registry.staff_acts_on.get(name)
    if offered_on is None or not thing:
        raise InvalidInput(_("没有这个操作。"), field="act")
    return offered_on(actor, airing_id, thing, command.reason)


# Audience commands go through the group commit, all of them by services.audience; staff commands each through their own verb.
AUDIENCE: frozenset[type[Any]] = frozenset(protocol.AudienceCommand.__args__)
STAFF: dict[type[Any], StaffService] = {
    protocol.ApproveItem: moderation.decide,
    protocol.RejectItem: moderation.decide,
    protocol.WithdrawItem: moderation.decide,
    protocol.ReopenItem: moderation.decide,
    protocol.DismissReports: reports.dismiss,
    protocol.DecideAppeal: appeals.decide,
    protocol.HoldItem: moderation.decide,
    protocol.EscalateItem: moderation.decide,
    protocol.DecideItems: bulk.decide_many,
    protocol.UndoAct: undo.undo,
    protocol.ClaimItem: claims.claim,
    protocol.ReleaseItem: claims.release,
    protocol.LookAt: presence.look,
    protocol.MergeQuestions: merging.merge,
    protocol.UnmergeQuestion: merging.unmerge,
    protocol.ImposeSanction: sanctions.impose,
    protocol.LiftSanction: sanctions.lift,
    protocol.WithdrawMany: withdrawals.make,
    protocol.RestoreMany: withdrawals.restore,
    protocol.MarkFalseHit: false_hits.mark,
    protocol.SetSwitch: switches.turn,
    protocol.CreatePoll: poll_plans.create,
    protocol.ChangePoll: poll_plans.change,
    protocol.SchedulePoll: poll_plans.schedule,
    protocol.OrderPolls: poll_plans.order,
    protocol.DiscardPoll: poll_plans.discard,
    protocol.OpenPoll: polls.open_poll,
    protocol.ClosePoll: polls.close,
    protocol.PublishPoll: polls.publish,
    protocol.VoidPoll: polls.void,
    protocol.IssueCodes: poll_codes.issue,
    protocol.RevokeCodes: poll_codes.revoke,
    protocol.QueueQuestion: questions.queue,
    protocol.ShowQuestion: questions.show,
    protocol.AnswerQuestion: questions.answer,
    protocol.PromiseReply: outcomes.promise,
    protocol.CloseQuestion: outcomes.close,
    protocol.ResumeQuestion: outcomes.resume,
    protocol.MarkCommitment: commitments.mark,
    protocol.EditCommitment: commitments.edit,
    protocol.UndoCommitment: commitments.undo,
    protocol.FulfilCommitment: commitments.fulfil,
    protocol.OfferSlate: slates.offer,
    protocol.StartSegment: start_segment,
    protocol.PerformAct: perform_act,
    protocol.LogCall: calls.log,
    protocol.ScreenCall: calls.screen,
    protocol.MoveCall: calls.move,
    protocol.PutCallOnAir: calls.put_on_air,
    protocol.EndCall: calls.end,
    protocol.ReferCall: calls.refer,
    protocol.TakeCallbacks: calls.take_callbacks,
    protocol.AddCaption: captions.add,
    protocol.CorrectCaption: captions.correct,
    protocol.RemoveCaption: captions.remove,
    protocol.SetAnnouncement: notices.announce,
    protocol.PinComment: notices.pin,
    protocol.BlockCaller: callers.block,
    protocol.UnblockCaller: callers.unblock,
    protocol.RevealNumber: callers.reveal,
    protocol.VoteForCaller: call_votes.vote,
}


def perform(actor: Actor, airing_id: UUID, command: protocol.AudienceCommand | protocol.StaffCommand) -> dict[str, Any]:
    """Carry out one command and return the plain data of its acknowledgement. Synchronous, for any thread.

    Raises its refusal, worded in the language of the actor.
    """
    service = STAFF.get(type(command))
    if service is not None:
        with actor.spoken_to():
            return service(actor, airing_id, command)
    return audience.commit_one(actor, airing_id, command).result  # type: ignore[arg-type]
