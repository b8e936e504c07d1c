"""The public state of an airing as objects, group by group; nothing that is not public may be made here."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import msgspec
from django.db.models import Case, Count, IntegerField, Q, Sum, Value, When
from django.urls import reverse

from broadcast import clock, registry, shown_people
from broadcast.models import Airing, Episode, Programme, SegmentRun
from live import protocol, wording
from live.models import LikeCount, Poll, Question, Room
from live.queries import behind, calls, captions, ends, notices, outcome, talk, visible
from live.queries.polls import has_public_list, results

logger = logging.getLogger(__name__)

QUESTIONS_SHOWN = 200
Objects = list[Any]
_Public = protocol.PublicObject


@dataclass(frozen=True)
class Sight:
    """Who looks: how many watch, and up to when they have seen the studio (`behind.seen_until`; None: all of it), and whether they
    get every comment (staff) or what people can read."""

    viewers: int = 0
    seen: dt.datetime | None = None
    whole: bool = False


def public_groups(
    airing_id: UUID, groups: Iterable[str] | None = None, viewers: int = 0, *, ahead: bool = False
) -> dict[str, Objects] | None:
    """The objects of these groups (default: all), or None when there is no such airing.

    What goes with the picture waits for it: segments, the question on air, the opening of polls. `ahead` is for staff, who need not
    wait. Of a withdrawn episode nothing is left but the airing that says so.
    """
    airing = Airing.objects.select_related("episode__programme").filter(pk=airing_id).first()
    if airing is None:
        return None
    wanted = set(GROUPS if groups is None else groups)
    if airing.episode.publication == Episode.Publication.WITHDRAWN:
        return {name: [] for name in GROUPS} | {"airing": [_withdrawn(airing)]}
    sight = Sight(viewers, None if ahead else behind.seen_until(airing), whole=ahead)
    return {name: make(airing, sight) for name, make in GROUPS.items() if name in wanted}


def public_objects(airing: Airing, viewers: int = 0, *, ahead: bool = False) -> list[_Public]:
    """All public objects of an airing in one list; `ahead` as in `public_groups`."""
    found = public_groups(airing.pk, None, viewers, ahead=ahead) or {}
    return [each for group in found.values() for each in group]


def _airing(airing: Airing, sight: Sight) -> Objects:
    episode, programme = airing.episode, airing.episode.programme
    room = Room.objects.filter(pk=airing.pk).first() or Room(airing_id=airing.pk)
    return [
        protocol.AiringObject(
            key="airing",
            state=airing.state,  # type: ignore[arg-type]
            title=episode.title,
            programme=programme.name_zh,
            number=episode.number,
            planned_start=wording.iso(airing.planned_start),
            planned_end=wording.iso(airing.planned_end),
            actual_start=wording.iso_or_none(airing.actual_start),
            actual_end=wording.iso_or_none(airing.actual_end),
            delay_seconds=airing.delay_seconds,
            comments=_taken(programme.comments, room.takes_comments, room.is_post),
            questions=_taken(programme.questions, room.takes_questions, room.is_post),
            likes=programme.likes,
            title_en=episode.title_en,
            programme_en=programme.name_en,
            comment_seconds=room.comment_seconds,
            question_seconds=room.question_seconds,
            verified_only=room.verified_only,
            callbacks=calls.takes_callbacks(airing, room),
            captions=room.captions_since is not None,
        )
    ]


def _taken(policy: str, is_taken: bool, is_post: bool) -> Literal["off", "pre", "post"]:
    """What of the programme's policy holds now, by the room's switches."""
    if policy == Programme.Moderation.OFF or not is_taken:
        return "off"
    return "post" if policy == Programme.Moderation.POST and is_post else "pre"


def _withdrawn(airing: Airing) -> protocol.AiringObject:
    shown = _airing(airing, Sight())[0]
    hidden: protocol.AiringObject = msgspec.structs.replace(
        shown,
        title="",
        title_en="",
        number=None,
        comments="off",
        questions="off",
        likes=False,
        withdrawn=True,
        callbacks=False,
        captions=False,
    )
    return hidden


def _media(airing: Airing, sight: Sight) -> Objects:
    found: Objects = []
    for name, make in registry.public_state:
        try:
            found.append(msgspec.convert({"key": name, "kind": name, **make(airing)}, _Public))
        except Exception:  # another app's part may fail without taking the room with it
            logger.exception("public state of %s failed airing=%s", name, airing.pk)
    if not any(isinstance(each, protocol.MediaObject) for each in found):
        found.append(protocol.MediaObject(key="media", state="none"))
    return found


def _segments(airing: Airing, sight: Sight) -> Objects:
    seen = sight.seen or clock.now()
    started = SegmentRun.objects.filter(airing=airing, started_at__lte=seen).order_by("started_at")
    runs = {run.segment_id: run for run in started}
    shown: Objects = []
    for segment in airing.episode.segments.select_related("role"):
        run = runs.get(segment.pk)
        shown.append(
            protocol.SegmentObject(
                key=f"segment:{segment.pk}",
                id=segment.pk,
                position=segment.position,
                mark=segment.role.mark if segment.role else "",
                role=segment.role.name_zh if segment.role else "",
                title=segment.title,
                planned_seconds=segment.planned_seconds,
                started_at=wording.iso(run.started_at) if run else None,
                ended_at=wording.iso(run.ended_at) if run and run.ended_at and run.ended_at <= seen else None,
                role_en=segment.role.name_en if segment.role else "",
                shown_from=wording.iso_or_none(behind.shown_from(airing, run.started_at)) if run else None,
            )
        )
    return shown


def _people(airing: Airing, sight: Sight) -> Objects:
    return [
        protocol.PersonObject(
            key=f"person:{each.pk}",
            id=each.person_id,
            name=each.person.name,
            role=each.role,
            role_name=each.get_role_display(),
            organisation=each.person.organisation,
            position=each.position,
        )
        for each in shown_people.named(airing.episode.appearances.select_related("person"))
    ]


def _comments(airing: Airing, sight: Sight) -> Objects:
    return talk.everything(airing) if sight.whole else talk.readable(airing)


def _rank(sight: Sight, asked: dict[int, behind.Asked] | None) -> Case:
    """The one on air first, then the host's list, the others, and the answered last: by where they stand for who looks."""
    on_air = Q(state="on_air")
    if asked is not None:
        on_air = Q(pk__in=[pk for pk, act in asked.items() if act.shown.state == "on_air"])
    seen = sight.seen or clock.now()
    waiting = Q(state__in=["queued", "on_air"]) | Q(state="answered", answered_at__gt=seen)
    waiting |= Q(state="promised", promised_at__gt=seen) | Q(state="closed", closed_at__gt=seen)
    return Case(
        When(on_air, then=Value(0)),
        When(waiting, then=Value(1)),
        When(state="approved", then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )


def _questions(airing: Airing, sight: Sight) -> Objects:
    asked = None if sight.seen is None else behind.asked_until(airing, sight.seen)
    rows = (
        visible.public_items(Question, airing.pk)
        .select_related("person")
        .annotate(support_count=Count("supports"), rank=_rank(sight, asked), to_nobody=visible.to_nobody())
        .order_by("rank", "-support_count", "pk")
    )
    found = list(rows[:QUESTIONS_SHOWN])
    shown = {row.pk: behind.as_seen(row, asked) for row in found}
    known = ends.ends(found, {pk: each.state for pk, each in shown.items()})
    return [
        wording.public_question(row, row.support_count, shown[row.pk], airing.delay_seconds, known.get(row.pk))
        for row in found
    ]


def _polls(airing: Airing, sight: Sight) -> Objects:
    rows = Poll.objects.filter(room=airing.pk).exclude(state__in=Poll.UNSEEN).select_related(outcome.BESIDE)
    rows = rows.prefetch_related("options", outcome.BESIDE_MANY)
    now = clock.now()
    shown = [poll for poll in rows if sight.seen is None or behind.poll_is_shown(poll, now)]
    behalf = calls.shown_on_behalf([poll for poll in shown if outcome.are_public(poll)])
    return [_poll(poll, now, behalf.get(poll.pk, 0)) for poll in shown]


def _poll(poll: Poll, now: dt.datetime, on_behalf: int) -> protocol.PollObject:
    is_void = poll.state == Poll.State.VOID
    is_over = poll.state == Poll.State.CLOSED or (poll.closes_at is not None and now >= poll.closes_at)
    shown, known = outcome.are_public(poll), None
    if shown:
        known = results(poll, poll.options.all())
        options = known.options
    else:
        options = tuple(protocol.OptionResult(id=each.pk, text=each.text, votes=None) for each in poll.options.all())
    return protocol.PollObject(
        key=f"poll:{poll.pk}",
        id=poll.pk,
        question=poll.question,
        options=options,
        state="void" if is_void else "closed" if is_over else "open",
        results=poll.results,  # type: ignore[arg-type]
        least_assurance=poll.least_assurance,
        opened_at=wording.iso(poll.opened_at or poll.created_at),
        closes_at=wording.iso_or_none(poll.closes_at),
        closed_at=wording.iso_or_none(poll.closed_at),
        total=known.total if known else None,
        shown_from=wording.iso_or_none(behind.poll_shown_from(poll)),
        void_reason=poll.void_reason,
        replaces=poll.replaces_id,
        list=reverse("live-poll-ballots", args=[poll.pk]) if has_public_list(poll) else "",
        on_behalf=on_behalf,
        poll_kind=poll.kind,  # type: ignore[arg-type]
        fewest=poll.fewest,
        most=poll.most,
        secrecy=poll.secrecy,  # type: ignore[arg-type]
        revote=poll.revote,  # type: ignore[arg-type]
        electorate=poll.electorate,  # type: ignore[arg-type]
        position=poll.position,
        ends_at=wording.iso_or_none(behind.poll_ends_at(poll)),
        published_at=wording.iso_or_none(poll.published_at),
        segment=poll.segment_id,
        about=poll.about_id,
        compares=poll.compares_id,
        rule=outcome.rule_of(poll),
        outcome=outcome.outcome(poll, known.options, known.total) if known else None,
    )


def _counts(airing: Airing, sight: Sight) -> Objects:
    return [
        protocol.CountsObject(
            key="counts",
            viewers=sight.viewers,
            likes=LikeCount.objects.filter(room=airing.pk).aggregate(all=Sum("count"))["all"] or 0,
            comments=talk.comments_total(airing.pk),
            questions=visible.public_items(Question, airing.pk).count(),
        )
    ]


def _notices(airing: Airing, sight: Sight) -> Objects:
    return list(notices.announcement(airing))


def _captions(airing: Airing, sight: Sight) -> Objects:
    try:
        return list(captions.in_state(airing, sight.seen))
    except Exception:  # what was cut is not known: no line then, and the room lives on
        logger.exception("captions failed airing=%s", airing.pk)
        return []


GROUPS: dict[str, Callable[[Airing, Sight], Objects]] = {
    "airing": _airing,
    "media": _media,
    "rundown": _segments,
    "people": _people,
    "notices": _notices,
    "captions": _captions,
    "comments": _comments,
    "questions": _questions,
    "polls": _polls,
    "counts": _counts,
}
