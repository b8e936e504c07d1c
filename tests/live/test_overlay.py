"""The overlay: a signed link shows what is on air, ahead for the studio, with the picture for the public, nothing once it is ended."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.core import signing
from django.test import Client

from broadcast import clock
from broadcast.errors import InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Episode, Segment
from live import commands, overlay_token, protocol
from live.models import Overlay
from live.overlay_lane import QUEUE, OverlaySeat
from live.overlay_token import Link
from live.queries import overlay as overlays
from live.services import overlay
from tests.live import making
from tests.live.sockets import Server, Socket
from tests.live.test_behind import act, ask, at, end, make_show, withdraw

BORN = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def links(show: making.Show) -> tuple[Link, Link]:
    """The studio's and the public's."""
    overlay.make_links(making.staff_actor(show.producer), show.id)
    studio, public = overlays.standing(show.id).links
    assert (studio.kind, public.kind) == ("studio", "public")
    return studio, public


def see(link: Link) -> protocol.OverlayScene:
    found = overlays.scene(link)
    assert found is not None
    return found


def asked(link: Link) -> str:
    question = see(link).question
    return question.text if question else ""


def announce(show: making.Show, words: str) -> None:
    overlay.announce(making.staff_actor(show.producer), show.id, words)


@pytest.mark.django_db
def test_the_studio_is_ahead_and_the_public_goes_with_its_picture() -> None:
    show = make_show(20)
    question = ask(show)
    segment = Segment.objects.get(episode=show.episode)
    with at(1):
        studio, public = links(show)
    with at(5):
        act(show, "show", question)
        commands.perform(
            making.staff_actor(show.producer),
            show.id,
            protocol.StartSegment(id=making.command_id(), segment=segment.pk),
        )
        announce(show, "热线 12345")
        for link, shown in ((studio, True), (public, False)):
            scene = see(link)
            assert (scene.question is not None, scene.segment is not None, bool(scene.announcement)) == (shown,) * 3
    with at(24):
        assert not asked(public)
    with at(25.1):
        assert asked(public) == asked(studio) == "电费由谁出？"
        assert see(public).segment is not None
        assert see(public).announcement == "热线 12345"
    with at(30):
        act(show, "answer", question)
        assert not asked(studio)
        assert asked(public)
    with at(50.1):
        assert not asked(public)


@pytest.mark.django_db
def test_what_is_taken_down_waits_for_nothing() -> None:
    show = make_show(20)
    question = ask(show)
    with at(1):
        both = links(show)
        announce(show, "热线 12345")
    with at(2):
        act(show, "show", question)
    with at(40):
        assert [asked(link) for link in both] == ["电费由谁出？"] * 2
        withdraw(show, question)
        announce(show, "")
        assert [(asked(link), see(link).announcement) for link in both] == [("", "")] * 2
        Episode.objects.filter(pk=show.episode.pk).update(publication=Episode.Publication.WITHDRAWN)
        assert [(see(link).shown, see(link).programme) for link in both] == [(False, "")] * 2


@pytest.mark.django_db
@pytest.mark.parametrize("results", ["always", "after_vote", "after_close", "never"])
def test_hidden_results_stay_hidden(results: str) -> None:
    show = make_show(20)
    with at(0):
        poll, options = making.make_poll(show, results=results)
        both = links(show)
    with at(25):
        commands.perform(making.make_viewer(), show.id, making.vote(poll, options[0]))
        for link in both:
            shown = see(link).poll
            assert shown is not None
            assert shown.state == "open"
            assert (shown.total == 1) == (results == "always")
            assert all((each.votes is None) == (results != "always") for each in shown.options)


@pytest.mark.django_db
def test_a_closed_poll_shows_its_result_for_a_while() -> None:
    from live.services import polls

    show = make_show(20)
    with at(0):
        poll, options = making.make_poll(show, results="after_close")
        studio, public = links(show)
    with at(25):
        commands.perform(making.make_viewer(), show.id, making.vote(poll, options[1]))
    with at(30):
        act(show, "close", poll)
        # The studio's picture says so from now on, the public may vote until that picture has come.
        states = [(see(link).poll or pytest.fail("no poll")).state for link in (studio, public)]
        assert states == ["closed", "open"]
        assert (see(studio).poll or pytest.fail("no poll")).total is None
    with at(50.1):
        polls.freeze_due()
        shown = see(public).poll
        assert shown is not None
        assert (shown.state, shown.total, [each.votes for each in shown.options]) == ("closed", 1, [0, 1])
    with at(50.1 + overlays.LINGER.total_seconds()):
        assert see(public).poll is None
        assert see(studio).poll is None


@pytest.mark.django_db
def test_nothing_is_shown_when_there_is_no_picture() -> None:
    show = make_show(20)
    with at(0):
        studio, public = links(show)
        assert see(studio).shown
    with at(60):
        end(show)
    with at(61):
        assert not see(studio).shown, "its picture is over"
        assert see(public).shown, "theirs goes on for the delay"
    with at(81):
        assert not see(public).shown
    Airing.objects.filter(pk=show.id).update(state="planned", actual_start=None, actual_end=None)
    with at(82):
        assert not see(studio).shown


@pytest.mark.django_db
def test_the_speaker_is_named_only_where_the_question_was_put_to_somebody() -> None:
    show = make_show(0)
    person = making.make_person(show, "吴处长")
    with at(1):
        studio, _public = links(show)
        to = making.question("谁来管？", person=person.pk)
        question = int(commands.perform(making.make_viewer(), show.id, to)["item"])
    with at(2):
        act(show, "show", question)
        speaker = see(studio).speaker
        assert speaker is not None
        assert speaker.name == "吴处长"


@pytest.mark.django_db
def test_a_link_is_forged_over_or_revoked() -> None:
    show = make_show(0)
    with at(0):
        studio, _public = links(show)
        token = overlay_token.make(studio)
        assert overlays.admitted(token) == studio
        other = make_show(0)
        said = [str(other.id), "studio", 1, int(studio.expires_at.timestamp())]
        forged = [
            token[:-2] + ("aa" if not token.endswith("aa") else "bb"),
            token.split(":")[0],
            signing.Signer(key="x" * 50, salt="live.overlay").sign_object(said),
            signing.Signer(salt="something.else").sign_object(said),
            overlay_token.make(replace(studio, kind="desk")),  # type: ignore[arg-type]
            overlay_token.make(replace(studio, airing_id=other.id)),
            overlay_token.make(replace(studio, generation=2)),
            signing.Signer(salt="live.overlay").sign_object({"a": 1}),
            signing.Signer(salt="live.overlay").sign_object(["x", "studio", 1, 2]),
            "",
            "名字",
        ]
        assert [overlays.admitted(each) for each in forged] == [None] * len(forged)
    with at((studio.expires_at - BORN).total_seconds() + 1):
        assert overlays.admitted(token) is None
        assert overlays.scene(studio) is None
    with at(10):
        newer, _public = links(show)
        assert overlays.admitted(token) is None, "new links end the old ones"
        overlay.revoke(making.staff_actor(show.producer), show.id)
        assert overlays.admitted(overlay_token.make(newer)) is None
        assert overlays.standing(show.id).links == ()
    acts = list(AuditEntry.objects.filter(target=f"overlay:{show.id}").order_by("id").values_list("act", flat=True))
    assert acts == ["overlay.links", "overlay.links", "overlay.revoke"]


@pytest.mark.django_db
def test_only_those_who_run_the_show_give_links_and_lines() -> None:
    show = make_show(0)
    for user in (show.moderator, show.host):
        who = making.staff_actor(user)
        for act_ in (overlay.make_links, overlay.revoke):
            with pytest.raises(NotAllowed):
                act_(who, show.id)
        with pytest.raises(NotAllowed):
            overlay.announce(who, show.id, "x")
    assert not Overlay.objects.exists()
    with pytest.raises(InvalidInput):
        announce(show, "长" * 61)
    with pytest.raises(InvalidInput):
        announce(show, "\u200b")


@pytest.mark.django_db
def test_the_staff_page_gives_links_and_the_page_behind_them_knows_nobody() -> None:
    show, staff, anybody = make_show(0), Client(), Client()
    staff.force_login(show.producer)
    path = f"/staff/airings/{show.id}/overlay"
    assert b"/overlay/" not in staff.get(path).content.replace(path.encode(), b"")
    assert staff.post(path, {"act": "make"})["Location"] == path
    standing = overlays.standing(show.id)
    paths = [f"/overlay/{overlay_token.make(each)}/" for each in standing.links]
    shown = staff.get(path).content.decode()
    assert all(f'value="http://testserver{each}"' in shown for each in paths)
    page = anybody.get(paths[0])
    assert page.status_code == 200
    assert not page.cookies, "the link is all it carries"
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "unsafe" not in page["Content-Security-Policy"]
    assert "style=" not in page.content.decode()
    state = anybody.get(f"{paths[1]}state")
    assert state.json()["type"] == "overlay"
    assert not state.cookies
    assert staff.post(path, {"act": "announce", "words": "长" * 61}).status_code == 422
    staff.post(path, {"act": "announce", "words": " 热线  12345 "})
    assert anybody.get(f"{paths[0]}state").json()["announcement"] == "热线 12345"
    staff.post(path, {"act": "revoke"})
    for each in (*paths, *(f"{each}state" for each in paths), "/overlay/x/", "/overlay/x/state"):
        gone = anybody.get(each)
        assert gone.status_code == 404
        assert b"json_script" not in gone.content
        assert show.programme.name_zh not in gone.content.decode()
    for user in (show.moderator, show.host):
        other = Client()
        other.force_login(user)
        assert other.get(path).status_code == 403
        assert other.post(path, {"act": "make"}).status_code == 403


def test_one_who_does_not_read_is_sent_away() -> None:
    link = Link(show_id(), "studio", 1, clock.now() + dt.timedelta(hours=1))
    seat = OverlaySeat(link)
    for number in range(QUEUE + 1):
        seat.offer(protocol.OverlayScene(shown=True, programme="p", programme_en="p", number=number), 0.0)
    assert seat.code == protocol.CloseCode.TOO_SLOW
    assert seat.frames.get_nowait() == ""


def show_id() -> Any:
    import uuid

    return uuid.uuid4()


# -- over real sockets -------------------------------------------------------------------------------------------------

new_show, new_links = sync_to_async(making.make_show), sync_to_async(links)
perform = sync_to_async(commands.perform)


def socket(server: Server, link: Link | str) -> Socket:
    token = link if isinstance(link, str) else overlay_token.make(link)
    return Socket(server, f"/overlay/{token}/socket")


async def test_cues_come_at_once_and_go_within_two_seconds(server: Server) -> None:
    show = await new_show(questions="post", delay_seconds=3)
    studio, public = await new_links(show)
    item = (await perform(await sync_to_async(making.make_viewer)(), show.id, making.question("电费由谁出？")))["item"]
    async with socket(server, studio) as ahead, socket(server, public) as behind:
        for each in (ahead, behind):
            await each.wait(lambda frame: frame["shown"])
        loop = asyncio.get_running_loop()
        begun = loop.time()
        shown = protocol.ShowQuestion(id=making.command_id(), question=item)
        await perform(making.staff_actor(show.producer), show.id, shown)
        with_question = [
            asyncio.create_task(each.wait(lambda frame: frame["question"] is not None)) for each in (ahead, behind)
        ]
        await with_question[0]
        assert not with_question[1].done(), "the public's overlay waits for the picture"
        await with_question[1]
        assert loop.time() - begun >= 3
        before = [len(each.frames) for each in (ahead, behind)]
        begun = loop.time()
        await sync_to_async(withdraw)(show, item)
        for each, known in zip((ahead, behind), before, strict=True):
            newer = each.frames
            await each.wait(lambda frame, n=newer, k=known: frame in n[k:] and frame["question"] is None)
        assert loop.time() - begun < 2, "what is taken down waits for nothing"
        assert {frame["type"] for each in (ahead, behind) for frame in each.frames} == {"overlay"}
        # It is not listened to, whatever it says.
        await ahead.send("question.ask", text="x")
        await ahead.send_raw("{" * 100)
        await ahead.send_raw(b"\0")
        seen = len(ahead.frames)
        await ahead.wait(lambda frame: len(ahead.frames) > seen)
        assert all(frame["type"] == "overlay" for frame in ahead.frames)


async def test_a_revoked_link_closes_open_sockets_and_a_forged_one_none_open(server: Server) -> None:
    show = await new_show()
    studio, _public = await new_links(show)
    async with socket(server, studio) as open_:
        await open_.wait(lambda frame: frame["shown"])
        await sync_to_async(overlay.revoke)(making.staff_actor(show.producer), show.id)
        assert await open_.closed(5) == protocol.CloseCode.NOT_ALLOWED
    for bad in (studio, overlay_token.make(studio)[:-3] + "xyz", "x"):
        async with socket(server, bad) as refused:
            assert await refused.closed() == protocol.CloseCode.NOT_ALLOWED
            assert not refused.frames
    path = f"{server.http}/overlay/{overlay_token.make(studio)}/state"
    assert (await sync_to_async(httpx.get)(path)).status_code == 404
