"""A released replay with a gap, made by the recorder's own writer and steps, with words, questions, polls, calls and comments in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from archive.steps import engine, work
from archive.transcripts import drafts, services
from archive.transcripts.queries import Timed
from broadcast.models import Airing, Episode, Moment, Segment, SegmentRun
from live import commands, protocol
from live.models import Call, CaptionLine, Comment, Poll, Question, Room
from live.services import replies
from tests.archive import steps_making
from tests.live import making

# 40 s, 30 s lost, 40 s: second 80 of the show is second 50 of the replay.
FIRST, LOST, SECOND = 40, 30, 40
SAID = [
    (2, 6, "主持人", "各位好，今天说公交。"),
    (12, 18, "主持人", "先请大家投票。"),
    (45, 50, "主持人", "这一句没有录下。"),
    (80, 86, "李处长", "公交站台下个月修好。"),
    (88, 94, "李处长", "维修计划会书面公布。"),
]
ANSWER = "维修计划已在官网公布。"


def make_replay(*, sound_only: bool = False) -> making.Show:
    """Questions at 24 (promised at 30, kept later) and 80 (answered at 90), a poll at 10 to 20, comments at 15 and 85, a call at 100.

    What is said was typed as captions while it ran; corrected and signed it is the transcript.
    """
    show = making.make_show(comments="post", questions="post", replay_release="at_once")
    author, host = making.make_viewer(name="陈女士"), making.staff_actor(show.host)
    asked = [
        commands.perform(author, show.id, making.question(text))["item"]
        for text in ("公交何时修好？", "计划何时公布？")
    ]
    due = (dt.datetime.now(dt.UTC) + dt.timedelta(days=20)).date().isoformat()
    for question in asked:
        commands.perform(host, show.id, protocol.ShowQuestion(id=making.command_id(), question=question))
        if question == asked[0]:
            commands.perform(host, show.id, protocol.AnswerQuestion(id=making.command_id(), question=question))
    promise = protocol.PromiseReply(id=making.command_id(), question=asked[1], department="市交通运输局", due=due)
    producer = making.staff_actor(show.producer)
    commands.perform(producer, show.id, promise)
    for *_when, text in SAID:
        commands.perform(producer, show.id, protocol.AddCaption(id=making.command_id(), text=text))
    said = [commands.perform(author, show.id, making.comment(text))["item"] for text in ("早该修了", "说得好")]
    poll, options = making.make_poll(show, ("赞成", "反对"), results="always")
    commands.perform(author, show.id, making.vote(poll, options[0]))
    commands.perform(producer, show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    if sound_only:
        show.programme.kind = "radio"
        show.programme.save()
    size = {"picture": ""} if sound_only else {"size": "640x360"}
    made = steps_making.finished(
        steps_making.Source(FIRST, **size),  # type: ignore[arg-type]
        steps_making.Source(SECOND, after_gap=LOST, **size),  # type: ignore[arg-type]
        programme=show.programme,
    )
    airing, start = made.airing, dt.datetime.fromtimestamp(made.start_ms / 1000, dt.UTC)

    def at(second: float) -> dt.datetime:
        return start + dt.timedelta(seconds=second)

    _move(show, airing)
    moments = [
        ("question.show", 0, 80),
        ("question.answer", 0, 90),
        ("question.show", 1, 24),
        ("question.promise", 1, 30),
    ]
    for kind, which, second in moments:
        Moment.objects.filter(airing=airing, kind=kind, data__question=asked[which]).update(at=at(second))
    for line, (second, *_more) in zip(CaptionLine.objects.filter(room=airing.pk).order_by("pk"), SAID, strict=True):
        CaptionLine.objects.filter(pk=line.pk).update(at=at(second))
    for comment, second in zip(said, (15, 85), strict=True):
        Comment.objects.filter(pk=comment).update(created_at=at(second + airing.delay_seconds))
    Poll.objects.filter(pk=poll).update(opened_at=at(10), closed_at=at(20))
    call = Call.objects.create(
        room_id=airing.pk,
        created_at=at(70),
        on_air_at=at(100),
        ended_at=at(108),
        state="ended",
        district="福田区",
        topic="站台没有灯",
    )
    Moment.objects.create(airing=airing, kind="call.start", at=at(100), data={"call": call.pk})
    _parts(show, airing, at)
    Episode.objects.filter(pk=airing.episode_id).update(signed_off_at=at(200))
    show.airing, show.episode = Airing.objects.get(pk=airing.pk), Episode.objects.get(pk=airing.episode_id)
    show.extra.update(question=asked[0], promised=asked[1], poll=poll, call=call.pk)
    _answer_in_writing(show)
    _sign_words(show, at)
    return show


def do_steps() -> None:
    """Images, peaks, sound, rungs and all else that follows a show, done here."""
    engine.ensure_all()
    while work.once("test"):
        pass


def _move(show: making.Show, airing: Airing) -> None:
    """What was done in the room belongs to the airing that was recorded."""
    Room.objects.create(airing=airing, created_at=show.airing.created_at)
    for model in (CaptionLine, Comment, Question, Poll):
        model.objects.filter(room=show.id).update(room=airing.pk)
    Moment.objects.filter(airing=show.id).update(airing=airing)


def _parts(show: making.Show, airing: Airing, at: Callable[[float], dt.datetime]) -> None:
    for position, (title, since, until) in enumerate((("开场", 0, 60), ("部门答复", 75, 110)), start=1):
        segment = Segment.objects.create(episode=airing.episode, position=position, title=title)
        SegmentRun.objects.create(airing=airing, segment=segment, started_at=at(since), ended_at=at(until))


def _answer_in_writing(show: making.Show) -> None:
    """Days later the department keeps its promise; who released it has not written it."""
    draft = replies.Draft("市交通运输局", ANSWER)
    reply = replies.write(making.staff_actor(show.producer), show.extra["promised"], draft, submit=True)
    replies.decide(making.staff_actor(show.moderator), reply.pk, reply.version, "release")


def _sign_words(show: making.Show, at: Callable[[float], dt.datetime]) -> None:
    """What was typed, with its speakers and exact ends, as a person has corrected it."""
    producer = making.staff_actor(show.producer)
    typed = drafts.take_live(producer, show.id)
    lines = [Timed(at(since), at(until), who, text) for since, until, who, text in SAID]
    corrected = services.save(producer, show.id, typed.pk, typed.version, lines)
    services.sign(producer, show.id, corrected.pk, corrected.version)
