"""Two moderators race over 500 items on real sockets, singly and in bulk, retrying as pages do: nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async

from broadcast import audit_chain
from broadcast.models import AuditEntry
from live.models import Question
from live.services import deciding
from tests.live import desk, making
from tests.live.sockets import Server, Socket, staff_socket

ITEMS = 500
ASKED = 100
AT_ONCE = 4
Key = tuple[str, int]


@dataclass
class Racer:
    """One moderator: goes over all items in an order of their own, deciding as they please."""

    socket: Socket
    seed: int
    done: dict[Key, str] = field(default_factory=dict)
    beaten: dict[Key, str] = field(default_factory=dict)
    repeated: int = 0

    async def run(self, items: list[Key]) -> None:
        lot = random.Random(self.seed)
        order = list(items)
        lot.shuffle(order)
        batches: list[list[Key]] = []
        while order:
            many = lot.choice((1, 1, 1, 2, 8, 20))
            batches.append(order[:many])
            del order[:many]
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(batch: list[Key], verb: str, again: bool) -> None:
            async with turns:
                await self._decide(batch, verb, again)

        acts = [(batch, lot.choice(("approve", "reject", "hold")), lot.random() < 0.1) for batch in batches]
        await asyncio.gather(*(one(*each) for each in acts))

    async def _decide(self, batch: list[Key], verb: str, again: bool) -> None:
        name, fields = _command(batch, verb)
        answer = await self.socket.ask(name, **fields)
        if again:
            await self.socket.send(name, **fields)
            found = await self.socket.wait(lambda frame: frame.get("id") == fields["id"] and frame is not answer)
            self.repeated += 1
            # Somebody may have gone on from it meanwhile, never back before it.
            assert found["type"] == answer["type"] or answer["type"] == "ack"
        self._note(batch, answer)

    def _note(self, batch: list[Key], answer: dict[str, Any]) -> None:
        if answer["type"] == "error":
            assert answer["code"] == "conflict", answer
            self.beaten[batch[0]] = answer["data"]["decided_by"]
            return
        result = answer["result"]
        for each in result.get("done", [result]):
            assert each["version"] == 2
            self.done[each["kind"], each["item"]] = each["state"]
        for each in result.get("moved", ()):
            assert each["code"] == "conflict", each
            self.beaten[each["kind"], each["item"]] = each["decided_by"]


def _command(batch: list[Key], verb: str) -> tuple[str, dict[str, Any]]:
    reason = {"reason": "other"} if verb == "reject" else {}
    if len(batch) == 1:
        kind, item = batch[0]
        return f"item.{verb}", {"id": making.command_id(), "kind": kind, "item": item, "version": 1, **reason}
    items = [{"kind": kind, "item": item, "version": 1} for kind, item in batch]
    return "items.decide", {"id": making.command_id(), "act": verb, "items": items, **reason}


def fill(show: making.Show) -> list[Key]:
    said, asked = desk.fill(show, ITEMS - ASKED), desk.fill(show, ASKED, Question)
    return [*(("comment", pk) for pk in said), *(("question", pk) for pk in asked)]


def decided(show: making.Show) -> dict[Key, tuple[str, int, int | None]]:
    return {
        (kind, row.pk): (row.state, row.version, row.decided_by_id)
        for kind, model in deciding.MODELS
        for row in model.objects.filter(room=show.id)
    }


def acts_by_item(show: making.Show) -> Counter[str]:
    return Counter(AuditEntry.objects.filter(airing_id=show.id).values_list("target", flat=True))


async def test_two_moderators_race_over_five_hundred_items(server: Server) -> None:
    show = await sync_to_async(making.make_show)()
    rival = await sync_to_async(making.make_staff)(show.programme, "moderator")
    items = await sync_to_async(fill)(show)
    async with await staff_socket(server, show, show.moderator) as one, await staff_socket(server, show, rival) as two:
        racers = {show.moderator.pk: Racer(one, 1), rival.pk: Racer(two, 2)}
        await asyncio.gather(*(each.run(items) for each in racers.values()))
        rows = await sync_to_async(decided)(show)
        assert set(rows) == set(items)
        for key, (state, version, by) in rows.items():
            assert version == 2, "decided once"
            assert by is not None
            winner, loser = racers[by], next(each for user, each in racers.items() if user != by)
            assert winner.done[key] == state, "what was acknowledged stands"
            assert key not in loser.done
            assert loser.beaten[key] == str(show.moderator if by == show.moderator.pk else rival)
        assert set(await sync_to_async(acts_by_item)(show)) == {f"{kind}:{item}" for kind, item in items}
        assert set((await sync_to_async(acts_by_item)(show)).values()) == {1}, "each act is on record once"
        assert not (await sync_to_async(audit_chain.verify)()).broken
        assert min(len(each.done) for each in racers.values()) > ITEMS // 10, "both took part"
        assert sum(each.repeated for each in racers.values()) > 10
        for each in racers.values():
            await _sees_all(each.socket, rows)


async def _sees_all(socket: Socket, rows: dict[Key, tuple[str, int, int | None]]) -> None:
    """What came down the lane is what the database says, for every item."""

    def known() -> dict[Key, tuple[str, int]]:
        found: dict[Key, tuple[str, int]] = {}
        for frame in socket.frames:
            for each in frame.get("items", ()):
                key = (each["kind"], each["id"])
                if each["version"] >= found.get(key, ("", 0))[1]:
                    found[key] = (each["state"], each["version"])
        return found

    wanted = {key: (state, version) for key, (state, version, _by) in rows.items()}
    for _try in range(400):
        if known() == wanted:
            return
        await asyncio.sleep(0.05)
    assert known() == wanted
