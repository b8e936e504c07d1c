"""Nothing is public by accident: what viewers can fetch never holds what is pending, hidden, withdrawn or of staff."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from broadcast import clock, registry
from broadcast.access import HOUSE, Actor
from broadcast.errors import IdentityStale
from broadcast.models import Airing, Episode
from broadcast.services import episodes, identity
from live import commands, protocol, queries
from live.models import Ballot, Comment
from live.services import audience
from tests.live import making
from tests.live.sockets import Server, staff_socket, viewer_socket

SECRET = "暗号秘密"


@pytest.mark.django_db
def test_no_surface_of_a_viewer_holds_what_is_not_public(client: Client) -> None:
    show, author = making.make_show(), making.make_viewer()
    moderator = making.staff_actor(show.moderator)
    poll, options = making.make_poll(show, results="never")
    commands.perform(author, show.id, making.vote(poll, options[0]))
    kept = [commands.perform(author, show.id, making.comment(f"{SECRET}{n}"))["item"] for n in range(3)]
    for item, verb in ((kept[1], "reject"), (kept[2], "withdraw")):
        if verb == "reject":
            commands.perform(
                moderator,
                show.id,
                protocol.RejectItem(
                    id=making.command_id(), kind="comment", item=item, version=1, reason="other", note=SECRET
                ),
            )
        else:
            approve = protocol.ApproveItem(id=making.command_id(), kind="comment", item=item, version=1)
            commands.perform(moderator, show.id, approve)
            commands.perform(
                moderator,
                show.id,
                protocol.WithdrawItem(
                    id=making.command_id(), kind="comment", item=item, version=2, reason="other", note=SECRET
                ),
            )
    Airing.objects.filter(pk=show.id).update(state="ended")
    Episode.objects.filter(pk=show.episode.pk).update(signed_off_at=show.airing.planned_start)
    base = f"/live/airings/{show.id}"
    for path in (f"{base}/state", f"{base}/timeline", f"{base}/comments?before=999999", f"{base}/mine"):
        body = client.get(path).content.decode()
        assert SECRET not in body, path
        assert '"votes":1' not in body, path
    assert client.get(f"{base}/staff/snapshot").status_code == 403
    own = queries.mine(show.airing, author.participant_id)
    assert {item.state for item in own.items} == {"pending", "rejected", "withdrawn"}
    assert SECRET not in {item.reason for item in own.items}, "the note stays behind the scenes"


# All that a viewer's socket, state or `mine` may be made of.
AUDIENCE_FRAMES = protocol.Snapshot | protocol.Tick | protocol.Mine | protocol.Ack | protocol.Refused | protocol.Pace


def assert_of_the_audience(raw: bytes | str) -> None:
    """It is one of the audience's frames, and holds no field that its class does not name."""
    frame = msgspec.json.decode(raw, type=AUDIENCE_FRAMES)
    whole = json.loads(msgspec.json.encode(frame))

    def within(sent: Any, known: Any, where: str) -> None:
        if isinstance(sent, dict):
            assert isinstance(known, dict), where
            assert set(sent) <= set(known), (where, set(sent) - set(known))
            for name, value in sent.items():
                within(value, known[name], f"{where}.{name}")
        elif isinstance(sent, list):
            for number, value in enumerate(sent):
                within(value, known[number], f"{where}[{number}]")

    within(json.loads(raw), whole, type(frame).__name__)


@pytest.mark.django_db
@pytest.mark.parametrize("results", ["never", "after_close", "after_vote"])
def test_a_hidden_result_is_on_no_surface_of_who_has_not_voted(client: Client, results: str) -> None:
    show = making.make_show(questions="post", comments="post")
    poll, options = making.make_poll(show, ("赞成", "反对"), results=results)
    for _each in range(7):
        commands.perform(making.make_viewer(), show.id, making.vote(poll, options[0]))
    base, page = f"/live/airings/{show.id}", f"/programmes/{show.programme.slug}/{show.episode.number}/"
    for raw in (client.get(f"{base}/state").content, client.get(f"{base}/mine").content):
        assert_of_the_audience(raw)
        assert b'"votes":7' not in raw
        assert b'"total":7' not in raw
    for tab in ("vote", "talk", "ask", "agenda"):
        body = client.get(f"{page}?tab={tab}").content.decode()
        assert "7 票" not in body
        assert '"votes": 7' not in body
        assert '"votes":7' not in body
    assert client.get(f"{page}comments").status_code == 200
    shown = queries.public_groups(show.id, ["polls"])
    assert shown is not None
    assert all(option.votes is None for each in shown["polls"] for option in each.options)
    Airing.objects.filter(pk=show.id).update(state="ended")
    Episode.objects.filter(pk=show.episode.pk).update(signed_off_at=show.airing.planned_start)
    queries.doors.forget(show.id)
    replay = client.get(f"{base}/timeline").content.decode() + client.get(page).content.decode()
    assert "7 票" not in replay


@pytest.mark.django_db
def test_what_staff_know_of_the_pressure_is_not_public(client: Client) -> None:
    show = making.make_show()
    held = protocol.PerformAct(id=making.command_id(), act="level.hold:3", reason=SECRET)
    commands.perform(making.staff_actor(show.producer), show.id, held)
    raw = client.get(f"/live/airings/{show.id}/state").content
    assert_of_the_audience(raw)
    (load,) = [each for each in json.loads(raw)["objects"] if each["kind"] == "load"]
    assert set(load) == {"kind", "key", "level", "likes_ms", "comments_percent", "danmaku_percent", "cleared"}
    assert SECRET not in raw.decode()


@pytest.mark.django_db
def test_the_timeline_has_what_was_public(client: Client) -> None:
    show, author = making.make_show(), making.make_viewer()
    moderator, host = making.staff_actor(show.moderator), making.staff_actor(show.host)
    comment = commands.perform(author, show.id, making.comment("好节目"))["item"]
    question = commands.perform(author, show.id, making.question("何时修好？"))["item"]
    for kind, item in (("comment", comment), ("question", question)):
        sent = protocol.ApproveItem(id=making.command_id(), kind=kind, item=item, version=1)  # type: ignore[arg-type]
        commands.perform(moderator, show.id, sent)
    commands.perform(host, show.id, protocol.ShowQuestion(id=making.command_id(), question=question))
    commands.perform(host, show.id, protocol.AnswerQuestion(id=making.command_id(), question=question))
    making.make_poll(show)
    Airing.objects.filter(pk=show.id).update(state="ended", actual_end=clock.now())
    assert client.get(f"/live/airings/{show.id}/timeline").status_code == 404, "not released yet"
    Episode.objects.filter(pk=show.episode.pk).update(signed_off_at=show.airing.planned_start)
    queries.doors.forget(show.id)
    marks = client.get(f"/live/airings/{show.id}/timeline").json()["marks"]
    ours = [mark["kind"] for mark in marks if mark["kind"] != "segment"]
    assert ours[:4] == ["comment", "question.show", "question.answer", "poll.open"]
    assert dict(registry.timeline)["live"]


@pytest.mark.django_db
def test_guest_and_account_become_one_voter() -> None:
    """The real way: a guest votes, logs in with an account that voted too, and repeats an old command under the new name."""
    show = making.make_show()
    poll, options = making.make_poll(show)
    guest = making.make_viewer(0)
    account = making.make_staff(show.programme, "member")
    at_home = making.make_viewer(0)
    first_time = identity.log_in(at_home, account)
    known = Actor(user_id=account.pk, participant_id=first_time.participant_id, generation=first_time.generation)
    first, last = making.vote(poll, options[0]), making.vote(poll, options[1])
    commands.perform(known, show.id, first)
    commands.perform(guest, show.id, last)
    merged = identity.log_in(guest, account)
    assert merged.participant_id == at_home.participant_id
    ballot = Ballot.objects.get(poll=poll)
    assert list(ballot.options) == [options[1]], "the last accepted"
    for late in (first, last):
        assert isinstance(audience.commit_batch([(known, show.id, late)])[0], audience.Answer)
        # The tokens of the guests that they were are nobody's now.
        for old in (guest, at_home):
            assert isinstance(audience.commit_batch([(old, show.id, late)])[0], IdentityStale)
    assert list(Ballot.objects.get(poll=poll).options) == [options[1]]
    assert queries.recount(poll) == {options[1]: 1}


async def test_frames_of_viewers_hold_nothing_of_staff(server: Server) -> None:
    show = await sync_to_async(making.make_show)()
    viewer = await sync_to_async(making.make_viewer)()
    async with viewer_socket(server, show, viewer) as browser, await staff_socket(server, show, show.moderator) as desk:
        await browser.shows("airing")
        for n in range(4):
            item = (await browser.ask("comment.post", text=f"{SECRET}{n}"))["result"]["item"]
            verb = {"kind": "comment", "item": item, "version": 1}
            if n % 2:
                await desk.ask("item.reject", **verb, reason="other", note="内部备注")
        other = viewer_socket(server, show)
        async with other:
            await other.shows("airing")
            await browser.wait(lambda frame: frame["type"] == "tick" and not frame["put"], seconds=8)
            assert SECRET not in json.dumps(other.frames, ensure_ascii=False)
        seen = json.dumps(browser.frames, ensure_ascii=False)
        assert "staff." not in seen
        assert "内部备注" not in seen
        for frame in (*browser.frames, *other.frames):
            assert_of_the_audience(json.dumps(frame))


@pytest.mark.django_db
def test_a_withdrawn_episode_leaves_nothing(client: Client) -> None:
    show = making.make_show(comments="post")
    commands.perform(making.make_viewer(), show.id, making.comment(SECRET))
    assert SECRET in client.get(f"/live/airings/{show.id}/state").content.decode()
    episodes.withdraw(HOUSE, show.episode.pk, "测试")
    queries.doors.forget(show.id)
    assert client.get(f"/live/airings/{show.id}/state").status_code == 404
    assert [each.key for each in queries.public_objects(show.airing)] == ["airing"]
    assert queries.marks(Airing.objects.get(pk=show.id)) == []
    assert Comment.objects.count() == 1
