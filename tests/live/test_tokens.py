"""Whose token it is: an old one neither writes nor reads as the account, and rooms for staff end with the staff's rights."""

from __future__ import annotations

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache

from broadcast import clock
from broadcast import identity as tokens
from broadcast.access import Actor
from broadcast.identity import COOKIE, Identity
from broadcast.models import RoleGrant, User
from broadcast.services import identity
from live import commands, protocol
from tests.live import making
from tests.live.sockets import Server, Socket, viewer_socket

PHONE = "13800138000"
new_show = sync_to_async(making.make_show)
perform = sync_to_async(commands.perform)


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.DEMO = True
    cache.clear()


def guest() -> Actor:
    actor = Actor(participant_id=uuid.uuid4(), address="192.0.2.1")
    identity.give_consent(actor, dict(settings.CONSENT_VERSIONS), "over")
    return actor


def verify(actor: Actor) -> Identity:
    return identity.verify_code(actor, PHONE, identity.send_code(actor, PHONE).code or "")


def socket(server: Server, show: making.Show, who: Identity) -> Socket:
    return Socket(server, f"/live/airings/{show.id}/socket", f"{COOKIE}={tokens.sign(who)}")


async def test_a_copied_guest_token_neither_posts_nor_reads_as_the_citizen(server: Server) -> None:
    show, actor = await new_show(), await sync_to_async(guest)()
    async with viewer_socket(server, show, actor) as thief:
        await thief.shows("airing")
        who = await sync_to_async(verify)(actor)
        async with socket(server, show, who) as citizen:
            sent = await citizen.ask("comment.post", text="我本人")
            assert sent["type"] == "ack"
            assert (await thief.ask("comment.post", text="冒名"))["code"] == "identity_stale"
            assert (await thief.ask("question.ask", text="冒名？"))["code"] == "identity_stale"
            await perform(
                making.staff_actor(show.moderator),
                show.id,
                protocol.ApproveItem(id=making.command_id(), kind="comment", item=sent["result"]["item"], version=1),
            )
            await citizen.wait(lambda frame: frame["type"] == "mine" and frame["items"][0]["state"] != "pending")
            assert [frame for frame in thief.frames if frame["type"] == "mine"] == []
    path = f"/live/airings/{show.id}/mine"
    own = await sync_to_async(server.get)(path, Cookie=f"{COOKIE}={tokens.sign(who)}")
    stolen = await sync_to_async(server.get)(path, Cookie=f"{COOKIE}={making.cookie(actor)}")
    assert len(own.json()["items"]) == 1
    assert (stolen.status_code, stolen.json()["code"]) == (403, "identity_stale")


async def test_one_batch_tells_the_thief_from_the_citizen(server: Server) -> None:
    show, actor = await new_show(), await sync_to_async(guest)()
    who = await sync_to_async(verify)(actor)
    async with viewer_socket(server, show, actor) as thief, socket(server, show, who) as citizen:
        for number in range(5):
            ids = (
                await citizen.send("comment.post", text=f"本人{number}"),
                await thief.send("comment.post", text="冒名"),
            )
            kinds = [
                (await each.wait(lambda frame, sent=sent: frame.get("id") == sent))["type"]
                for each, sent in zip((citizen, thief), ids, strict=True)
            ]
            assert kinds == ["ack", "error"]


def staff(show: making.Show) -> tuple[User, Identity]:
    user = User.objects.create_user(f"bian-{uuid.uuid4().hex[:6]}", password="correct horse 9")
    RoleGrant.objects.create(user=user, programme=show.programme, role="producer", granted_at=clock.now())
    return user, identity.log_in(Actor(participant_id=uuid.uuid4(), address="192.0.2.1"), user)


@pytest.mark.parametrize("end", ["log_out", "password", "role"])
async def test_a_room_for_staff_closes_for_a_token_that_is_over(server: Server, end: str) -> None:
    show = await new_show(announced=False)
    user, who = await sync_to_async(staff)(show)
    async with socket(server, show, who) as here:
        await here.shows("airing")

        def over() -> None:
            if end == "log_out":
                identity.log_out(Actor(user_id=user.pk))
            elif end == "password":
                user.set_password("another horse 10")
                user.save()
            else:
                RoleGrant.objects.filter(user=user).delete()

        await sync_to_async(over)()
        assert await here.closed(15) == protocol.CloseCode.NOT_ALLOWED
    async with socket(server, show, who) as again:
        assert await again.closed() == protocol.CloseCode.NOT_FOUND


@pytest.mark.parametrize("odd", ['foo={"a":1};', "bad[]=1; ", "= ; x; ", 'q="unclosed; '])
async def test_an_odd_cookie_of_another_does_not_silence_the_socket(server: Server, odd: str) -> None:
    show, viewer = await new_show(), await sync_to_async(making.make_viewer)()
    cookies = f"{odd} {COOKIE}={making.cookie(viewer)}"
    async with Socket(server, f"/live/airings/{show.id}/socket", cookies) as browser:
        assert (await browser.ask("comment.post", text="好"))["type"] == "ack"
