"""The decoder against what a browser, or somebody else, may send; and the documents against the types."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from live import protocol

GOOD = '{"type":"comment.post","id":"abcdefgh","text":"好"}'


def refused(frame: str | bytes, *, staff: bool = False) -> protocol.BadFrame:
    with pytest.raises(protocol.BadFrame) as caught:
        protocol.decode(frame, staff=staff)
    return caught.value


def code_of(frame: str | bytes) -> str:
    """The refusal's code, empty for a command."""
    try:
        protocol.decode(frame, staff=True)
    except protocol.BadFrame as bad:
        return bad.code
    return ""


_OWN: dict[type[Any], dict[str, Any]] = {
    protocol.DecideItems: {"act": "reject", "items": (protocol.ItemRef("comment", 6, 2),)},
    protocol.UndoAct: {"act": "abcdefgh-0"},
    protocol.MergeQuestions: {"into": 7, "questions": (8, 9)},
    protocol.DecideAppeal: {"granted": True},
    protocol.MarkFalseHit: {"rule": 3},
    protocol.ImposeSanction: {"measure": "mute", "scope": "device", "where": "house"},
    protocol.LiftSanction: {"sanction": 5},
    protocol.WithdrawMany: {"scope": "author", "where": "house"},
    protocol.RestoreMany: {"withdrawal": 5},
    protocol.LogCall: {"number": "13900000000"},
    protocol.ScreenCall: {"number": "13900000000", "priority": True, "notice": True},
    protocol.MoveCall: {"to": "waiting"},
    protocol.EndCall: {"to": "dropped"},
    protocol.ReferCall: {"referral": "SZ-2026-1"},
    protocol.BlockCaller: {"days": 30},
    protocol.UnblockCaller: {"block": 5},
    protocol.OrderPolls: {"polls": (4, 3)},
    protocol.IssueCodes: {"count": 30, "label": "粤海"},
    protocol.RevokeCodes: {"sheet": 6},
    protocol.SchedulePoll: {"opens_at": "2026-11-22T11:05:00+08:00", "opens_with": 8},
    protocol.SetSwitch: {"switch": "comment_seconds", "value": 20},
    protocol.CloseQuestion: {"closing": "carried", "to": "0b3c6f1e-0000-4000-8000-000000000001"},
    protocol.MarkCommitment: {"kind": "promise", "speaker": 12},
    protocol.EditCommitment: {"kind": "suggestion", "speaker": 12, "text": "年底前通车"},
    protocol.OfferSlate: {"method": "draw", "size": 3},
    protocol.CorrectCaption: {"line": 14},
    protocol.RemoveCaption: {"line": 14},
}


def example(kind: type[Any]) -> Any:
    """A command of this kind with every field filled."""
    values: dict[str, Any] = {"id": "abcdefgh-1", "kind": "question", "options": (1, 2), "results": "always"}
    is_terms = issubclass(kind, protocol.PollTerms)
    if is_terms:
        rule = protocol.PollRule(quorum=(1, 2), least_ballots=30, threshold=(2, 3), base="ballots", tie="undecided")
        values |= {"kind": "multiple", "options": ("赞成", "反对"), "fewest": 1, "most": 2, "rule": rule}
        values |= {"secrecy": "named", "revote": "never", "electorate": "roll", "roll": 2, "eligible": 400}
        values |= {"filling_seconds": 10, "about": 7, "compares": 3, "adds_entered": False}
    words = {"text": '好，"引号"与\\', "question": "同意吗？" if is_terms else 7}
    rest = {"person": 3, "poll": 4, "on": False, "count": 5, "item": 6, "version": 2, "reason": "other", "note": "备注"}
    more = {"least_assurance": 20, "seconds": 60, "segment": 8, "act": "airing.start", "replaces": 9, "call": 11}
    more |= {"name": "李女士", "district": "福田区", "topic": "路灯", "line": "2"}
    more |= {"department": "市海洋局", "due": "2026-12-10", "commitment": 13}
    known = {**values, **words, **rest, **more, **_OWN.get(kind, {})}
    return kind(**{each.name: known[each.name] for each in msgspec.structs.fields(kind) if each.name in known})


def test_a_good_frame() -> None:
    assert protocol.decode(GOOD, staff=False) == protocol.PostComment(id="abcdefgh", text="好")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "bad_json"),
        ("not json", "bad_json"),
        ("[]", "bad_json"),
        ("null", "bad_json"),
        ("1", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        ('{"type":"comment.post","id":"abcdefgh","text":"\\ud800"}', "bad_json"),
        ("[" * 10_000, "bad_json"),
        ('{"a":' * 2_000 + "1" + "}" * 2_000, "bad_json"),
        ('{"type":"comment.post","id":"abcdefgh","text":"a"', "bad_json"),
        ("{}", "unknown_type"),
        ('{"type":"comment.delete","id":"abcdefgh"}', "unknown_type"),
        ('{"type":"item.approve","id":"abcdefgh","kind":"comment","item":1,"version":1}', "unknown_type"),
        ('{"type":["comment.post"],"id":"abcdefgh","text":"a"}', "unknown_type"),
        ('{"type":"comment.post","id":"abcdefgh","text":"a","extra":1}', "bad_field"),
        ('{"type":"comment.post","id":"abcdefgh","text":1}', "bad_field"),
        ('{"type":"comment.post","id":"abcdefgh"}', "bad_field"),
        ('{"type":"comment.post","id":"abcdefgh","text":""}', "bad_field"),
        ('{"type":"comment.post","id":"short","text":"a"}', "bad_field"),
        ('{"type":"comment.post","id":"a b c d e f g","text":"a"}', "bad_field"),
        ('{"type":"comment.post","id":7,"text":"a"}', "bad_field"),
        ('{"type":"poll.vote","id":"abcdefgh","poll":1,"options":[]}', "bad_field"),
        ('{"type":"poll.vote","id":"abcdefgh","poll":1e30,"options":[1]}', "bad_field"),
        ('{"type":"poll.vote","id":"abcdefgh","poll":-1,"options":[1]}', "bad_field"),
        ('{"type":"poll.vote","id":"abcdefgh","poll":true,"options":[1]}', "bad_field"),
        ('{"type":"like.add","id":"abcdefgh","count":1000000}', "bad_field"),
        ('{"type":"question.support","id":"abcdefgh","question":9007199254740993}', "bad_field"),
        ("x" * 1_000_000, "too_big"),
        (GOOD[:-1] + " " * protocol.MAX_FRAME_BYTES + "}", "too_big"),
    ],
)
def test_refused_with_a_stable_code(frame: str | bytes, code: str) -> None:
    assert refused(frame).code == code


def test_the_refusal_names_the_command_when_it_can_be_read() -> None:
    assert refused('{"type":"comment.post","id":"abcdefgh","text":1}').command_id == "abcdefgh"
    assert refused('{"type":"comment.post","id":"' + "x" * 200 + '","text":1}').command_id == ""


def test_staff_may_send_what_viewers_may_not() -> None:
    frame = '{"type":"item.approve","id":"abcdefgh","kind":"comment","item":1,"version":1}'
    assert isinstance(protocol.decode(frame, staff=True), protocol.ApproveItem)
    assert isinstance(protocol.decode(GOOD, staff=True), protocol.PostComment)


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_anything_is_a_command_or_a_bad_frame(frame: str | bytes) -> None:
    assert code_of(frame) in {"", "bad_json", "unknown_type", "bad_field", "too_big"}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.sampled_from(sorted(protocol.AUDIENCE_TYPES | protocol.STAFF_TYPES)),
    st.dictionaries(st.text(max_size=8), _json, max_size=5),
)
def test_any_fields_under_a_known_type(name: str, fields: dict[str, object]) -> None:
    frame = json.dumps({**fields, "type": name, "id": "abcdefgh"})
    assert code_of(frame) in {"", "bad_field", "bad_json", "too_big"}


# One good frame of every command, to be broken in every way.
SEEDS: dict[str, bytes] = {
    kind.__struct_config__.tag: protocol.encode(example(kind))
    for kind in (*protocol.AudienceCommand.__args__, *protocol.StaffCommand.__args__)
}
EDGES = (
    *(b"\x00", b"\xff", b'"', b"\\", b"{", b"}", b"[", b",", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf0\x9f\x92\xa9"),
    *(
        b"1e999",
        b"-0",
        b"NaN",
        b"null",
        b"true",
        b"9" * 400,
        b'"id":',
        b'"type":"item.approve",',
        b"\\u0000",
        b"[" * 200,
    ),
)


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_every_command_comes_back_as_it_was(name: str) -> None:
    command = protocol.decode(SEEDS[name], staff=True)
    assert protocol.encode(command) == SEEDS[name]
    if name in protocol.STAFF_TYPES:
        assert refused(SEEDS[name]).code == "unknown_type"


def broken(chance: random.Random, frame: bytes) -> bytes:
    """A few bytes changed, cut, doubled, moved, or something sharp put in."""
    made = bytearray(frame)
    for _each in range(chance.randint(1, 4)):
        at = chance.randrange(len(made) + 1)
        until = min(len(made), at + chance.randint(0, 12))
        what = chance.randrange(5)
        if what == 0 and at < len(made):
            made[at] = chance.randrange(256)
        elif what == 1:
            del made[at:until]
        elif what == 2:
            made[at:at] = made[at:until]
        elif what == 3:
            made[at:at] = chance.choice(EDGES)
        else:
            other = chance.choice(list(SEEDS.values()))
            made[at:until] = other[chance.randrange(len(other)) :]
    return bytes(made)


def judged(frame: bytes | str, *, staff: bool) -> str:
    """The refusal's code, empty for a command; nothing of what was sent is thrown back at length."""
    bad = None
    try:
        command = protocol.decode(frame, staff=staff)
    except protocol.BadFrame as error:
        bad = error
    else:
        kind = type(command).__struct_config__.tag
        assert staff or kind in protocol.AUDIENCE_TYPES, "no staff command by a viewer, however it is written"
        return ""
    assert len(bad.command_id) <= 64
    assert len(str(bad)) < 1_000
    return bad.code


def fuzz(seed: int, rounds: int) -> dict[str, int]:
    chance, found = random.Random(seed), Counter[str]()
    frames = list(SEEDS.values())
    for _each in range(rounds):
        frame: bytes | str = broken(chance, chance.choice(frames))
        if chance.random() < 0.3:
            frame = bytes(frame).decode("utf-8", "replace")
        for staff in (False, True):
            found[judged(frame, staff=staff)] += 1
    return dict(found)


def test_broken_frames_are_refused_with_a_code_and_hurt_nothing() -> None:
    found = fuzz(seed=1, rounds=20_000)
    assert set(found) == {"", "bad_json", "unknown_type", "bad_field"}
    assert min(found.values()) > 20


@pytest.mark.long
def test_two_million_broken_frames() -> None:
    for seed in range(100):
        assert set(fuzz(seed, rounds=20_000)) <= {"", "bad_json", "unknown_type", "bad_field", "too_big"}


def test_no_staff_class_among_public_objects() -> None:
    public = set(protocol.PublicObject.__args__)
    assert not any(kind.__name__.startswith("Staff") for kind in public)


def test_documents_are_as_the_types_say() -> None:
    call_command("protocol", "--check")
