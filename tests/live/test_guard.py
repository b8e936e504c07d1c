"""What somebody may do can end while their socket is open: the next act is refused at once, and the socket is closed a little later."""

from __future__ import annotations

import asyncio

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.sessions.models import Session

from broadcast.models import RoleGrant, User
from broadcast.models.catalogue import Assurance
from live import commands, protocol
from live.protocol import CloseCode
from tests.live import making
from tests.live.sockets import Server, Socket, staff_socket


def take_role(user: User) -> None:
    RoleGrant.objects.filter(user=user).delete()


def make_host(user: User) -> None:
    RoleGrant.objects.filter(user=user).update(role="host")


def end_session(user: User) -> None:
    for each in Session.objects.all():
        if each.get_decoded().get("_auth_user_id") == str(user.pk):
            SessionStore(each.session_key).delete()


async def test_staff_sockets_are_closed_with_the_role_the_view_or_the_session(server: Server) -> None:
    show = await sync_to_async(making.make_show)()
    viewer = await sync_to_async(making.make_viewer)(Assurance.PHONE)
    moderators = [await sync_to_async(making.make_staff)(show.programme, "moderator") for _each in range(4)]
    sockets = [await staff_socket(server, show, user) for user in moderators]
    async with sockets[0] as role, sockets[1] as view, sockets[2] as session, sockets[3] as stays:
        for each in (role, view, session, stays):
            await each.wait(lambda frame: frame["type"] == "staff.snapshot")
        item = (await sync_to_async(commands.perform)(viewer, show.id, making.comment()))["item"]
        await sync_to_async(take_role)(moderators[0])
        await sync_to_async(make_host)(moderators[1])
        await sync_to_async(end_session)(moderators[2])
        # At once: rights are read at every act.
        for each in (role, view):
            refused = await each.ask("item.approve", kind="comment", item=item, version=1)
            assert refused["code"] == "not_allowed"
        closed = await asyncio.gather(*(each.closed(60) for each in (role, view, session)))
        assert closed == [CloseCode.NOT_ALLOWED] * 3
        assert (await stays.ask("item.approve", kind="comment", item=item, version=1))["type"] == "ack"
        assert not _told_after(role, item)


def _told_after(socket: Socket, item: int) -> bool:
    """Whether the decision about the comment still reached it."""
    return any(
        row.get("id") == item and row.get("state") == "approved"
        for frame in socket.frames
        if frame["type"] == protocol.StaffChange.__struct_config__.tag
        for row in frame.get("items", ())
    )
