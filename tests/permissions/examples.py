"""How each command and each address of the table is tried: what is sent, and what its placeholders stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from broadcast.models import AuditEntry
from tests.permissions import uploading
from tests.permissions.world import Person, World

Example = Callable[[World, Person], dict[str, Any]]


def _item(name: str = "waiting", version: int = 1, kind: str = "comment", **more: Any) -> Example:
    def made(world: World, _person: Person) -> dict[str, Any]:
        item = world.things["asked"][0] if kind == "question" else world.things[name]
        return {"kind": kind, "item": item, "version": version, **more}

    return made


def _question(number: int = 1, **more: Any) -> Example:
    return lambda world, _person: {"question": world.things["asked"][number], **more}


def _plain(**values: Any) -> Example:
    return lambda _world, _person: values


# By the tag of the command.
COMMANDS: dict[str, Example] = {
    "comment.post": _plain(text="赞成这条路"),
    "question.ask": _plain(text="什么时候通车？"),
    "question.support": _question(1),
    "poll.vote": lambda world, _person: {"poll": world.things["poll"], "options": world.things["options"][:1]},
    "like.add": _plain(count=1),
    "item.retract": lambda _world, person: {"kind": "comment", "item": person.own.get("waiting", 1)},
    "item.report": lambda world, _person: {"kind": "comment", "item": world.things["public"], "reason": "other"},
    "item.appeal": lambda _world, person: {"kind": "comment", "item": person.own.get("rejected", 1), "text": "请再看"},
    "item.approve": _item(),
    "item.reject": _item(reason="other"),
    "item.withdraw": _item("public", 2, reason="other"),
    "item.reopen": _item("public", 2),
    "item.hold": _item(),
    "item.escalate": _item(),
    "items.decide": lambda world, _person: {
        "act": "approve",
        "items": [{"kind": "comment", "item": world.things["waiting"], "version": 1}],
    },
    "items.undo": lambda world, person: {"act": person.own.get("act", "no-such-act")},
    "item.claim": lambda world, _person: {"kind": "comment", "item": world.things["waiting"]},
    "item.release": lambda world, _person: {"kind": "comment", "item": world.things["waiting"]},
    "desk.look": _plain(),
    "question.merge": lambda world, _person: {
        "into": world.things["asked"][1],
        "questions": [world.things["asked"][2]],
    },
    "question.unmerge": _question(2),
    "reports.dismiss": _item("public", 2),
    "appeal.decide": _item("appealed", 3, granted=False),
    "item.false_hit": lambda world, _person: {
        "kind": "comment",
        "item": world.things["waiting"],
        "rule": world.things["rule_pk"],
    },
    "sanction.impose": lambda world, _person: {
        "kind": "comment",
        "item": world.things["waiting"],
        "measure": "mute",
        "seconds": 600,
    },
    "sanction.lift": lambda world, _person: {"sanction": world.things["sanction"]},
    "withdrawal.make": lambda world, _person: {"scope": "everything"},
    "withdrawal.restore": lambda world, _person: {"withdrawal": world.things["withdrawal"]},
    "room.switch": _plain(switch="takes_comments", value=0),
    "poll.create": _plain(question="几点？", options=["七点", "八点"]),
    "poll.change": lambda world, _person: {
        "poll": world.things["draft"],
        "question": "几点？",
        "options": ["六点", "七点"],
    },
    "poll.schedule": lambda world, _person: {"poll": world.things["draft"], "opens_with": world.things["segment"]},
    "poll.order": lambda world, _person: {"polls": [world.things["draft"], world.things["poll"]]},
    "poll.discard": lambda world, _person: {"poll": world.things["draft"]},
    "poll.publish": lambda world, _person: {"poll": world.things["counted"]},
    "poll.codes": lambda world, _person: {"poll": world.things["draft"], "count": 3},
    "poll.codes.revoke": _plain(sheet=1),
    "poll.open": lambda world, _person: {"poll": world.things["draft"]},
    "poll.close": lambda world, _person: {"poll": world.things["poll"]},
    "poll.void": lambda world, _person: {"poll": world.things["poll"], "reason": "选项写错了"},
    "question.queue": _question(1),
    "question.show": _question(1),
    "question.answer": _question(1),
    "question.promise": _question(1, department="市海洋局", due="2099-12-10"),
    "question.close": _question(1, closing="covered"),
    "question.resume": _question(1),
    "commitment.mark": _plain(kind="promise"),
    "commitment.edit": _plain(commitment=1, version=1, kind="promise", text="年底通车"),
    "commitment.undo": _plain(commitment=1),
    "commitment.done": _plain(commitment=1, version=1),
    "slate.offer": _plain(method="draw"),
    "call.log": _plain(line="1", number="13900000000"),
    "call.screen": lambda world, _person: {"call": world.things["call"], "version": 1, "name": "李女士"},
    "call.move": lambda world, _person: {"call": world.things["call"], "version": 1, "to": "screened"},
    "call.air": lambda world, _person: {"call": world.things["call"], "version": 1},
    "call.end": lambda world, _person: {"call": world.things["call"], "version": 1},
    "call.refer": lambda world, _person: {"call": world.things["call"], "referral": "SZ-1"},
    "call.block": lambda world, _person: {"call": world.things["call"], "reason": "谩骂"},
    "call.unblock": lambda world, _person: {"block": world.things["block"]},
    "call.number": lambda world, _person: {"call": world.things["call"]},
    "call.vote": lambda world, _person: {
        "call": world.things["call"],
        "poll": world.things["poll"],
        "options": world.things["options"][:1],
    },
    "call.takes": _plain(on=True),
    "caption.add": _plain(text="大家晚上好"),
    "caption.correct": _plain(line=1, version=1, text="大家晚上好"),
    "caption.remove": _plain(line=1),
    "announcement.set": _plain(text="稍后开始"),
    "comment.pin": lambda world, _person: {"item": world.things["public"]},
    "segment.start": lambda world, _person: {"segment": world.things["segment"]},
}

# What follows the colon of an act on one thing, where it is not a target of simulcast.
ACTS: dict[str, str] = {"clip.mark": "60", "level.hold": "1", "step.retry": "loudness", "firing.seen": "991"}

# What stands behind the question mark of an address.
QUERIES: dict[str, Callable[[World], str]] = {
    "staff:slot-occurrence": lambda world: f"?start={world.things['occurrence']}",
    "episode-report": lambda world: f"?kind=comment&item={world.things['public']}",
}

# Fields of a form by the name of its address; elsewhere it is sent empty.
FORMS: dict[str, Example] = {
    "account:login": _plain(username="nobody", password="wrong"),
    "staff:account-new": _plain(username="new.one", display_name="新人"),
    "staff:account-grant": _plain(role="host", reason="任命"),
    "staff:account-revoke": _plain(reason="调离"),
    "staff:account-close": _plain(reason="离职"),
    "staff:account-reopen": _plain(reason="回来"),
    "staff:account-factor-reset": _plain(reason="丢了"),
    "staff:onsite": _plain(act="heads"),
    "staff:onsite-paper": _plain(act="enter"),
    "staff:airing-act": _plain(act="announce"),
    "staff:airing-cancel": _plain(reason="停电"),
    "staff:episode-withdraw": _plain(reason="有误"),
    "staff:episode-publication": _plain(act="publish"),
    "staff:rule": _plain(name="网址", kind="links", action="hold", version="1"),
    "staff:rule-new": _plain(name="网址", kind="links", action="hold"),
    "staff:rule-switch": _plain(on="1"),
    "staff:seat-act": lambda world, _person: {"invitation": world.things["asked_guest"], "version": 1, "act": "sent"},
    "staff:seat-choose": lambda world, _person: {"put": world.things["guest"]},
    "staff:seats-act": _plain(act="add", role="member"),
    "staff:notices": _plain(act="told", notice="1"),
    "staff:reasons": _plain(act="add", name_zh="涉及个人", name_en="About a person"),
    "staff:rundown-begin": lambda world, _person: {"segment": world.things["segment"]},
    "staff:rundown-revise": _plain(version=0, lines=[]),
    "staff:feeds": _plain(whose="own"),
    "imports:show": lambda world, _person: {"programme": world.shows[""].episode.programme.slug},
    "episode-act": _plain(type="like.add"),
    "transcripts:save": lambda world, _person: {"transcript": world.things["transcript"], "version": 1},
    "transcripts:sign": lambda world, _person: {"transcript": world.things["transcript"], "version": 1},
    "recordings:clip-withdraw": _plain(reason="有误"),
    "transcripts:withdraw": lambda world, _person: {"transcript": world.things["transcript"], "reason": "有误"},
}
JSON = frozenset(
    {
        "account:second-passkey",
        "account:second-passkey-answer",
        "account:passkey-options",
        "account:passkey-add",
        "staff:rundown-begin",
        "staff:rundown-revise",
    }
)


def address(world: World, name: str, place: str, parameters: set[str]) -> dict[str, Any]:
    """What the placeholders of an address stand for, in the show that the row names."""
    airing, things = world.shows[place], world.things
    starts = {
        "staff:episode": airing.episode_id,
        "staff:seat": airing.episode_id,
        "staff:roster": things["guest"],
        "staff:account": things["account"],
        "staff:output": things["target"],
        "staff:filler": things["filler"],
        "staff:slot": things["slot"],
        "staff:template": things["template"],
        "recordings:clip": things["clip"],
        "clips:": things["clip"],
    }
    known = {
        "airing_id": airing.pk,
        "seat_id": things["seat"],
        "slug": airing.episode.programme.slug,
        "key": airing.episode.key,
        "pk": next((value for start, value in starts.items() if name.startswith(start)), 1),
        "grant_id": things["grant"],
        "poll_id": things["counted"],
        "kind": "comment",
        "number": things["waiting"],
        "token": things["overlay"],
        "rung": "index",
        "form": "srt",
        "secret": things["calendar_secret"],
        "name": things["media"],
        "way": "oidc",
        "provider": "oidc",
        "year": 2026,
    }
    special = {
        "account:invitation": {"pk": things["account"], "token": things["invitation"]},
        "staff:person": {"pk": things["author"]},
        "staff:withdrawal": {"pk": things["person_withdrawal"]},
        "staff:withdrawal-new": {"pk": things["guest"]},
        "staff:withdrawal-restore": {"pk": things["person_withdrawal_item"]},
        "staff:reply": {"question_id": things["asked"][1]},
        "staff:onsite-qr": {"code": things["source"], "kind": "svg"},
        "source": {"code": things["source"]},
        "hall": {"token": things["hall"]},
        "live-poll-names": {"poll_id": things["named"]},
        "invitation": {"token": things["guest_token"]},
        "schedule:photo": {"name": things["photo"]},
        "invitation-briefing": {"token": things["guest_token"]},
        "staff:audit-entry": {"pk": AuditEntry.objects.values_list("pk", flat=True).first()},
        "staff:feeds-revoke": {"pk": things["calendar"]},
        "staff:feeds-partner-revoke": {"pk": things["api_token"]},
        "staff:as-run-remove": {"pk": things["station_log"]},
        "staff:rule": {"number": things["rule"]},
        "staff:rule-switch": {"number": things["rule"]},
        "staff:schedule-seen": {"pk": things["firing"]},
        "staff:numbers-strike": {"pk": things["figure"]},
    }
    if name.startswith(("imports:", "uploads:")):
        special[name] = uploading.places(airing.episode.programme, name)
    return {each: (known | special.get(name, {}))[each] for each in parameters}
