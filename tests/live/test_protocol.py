"""The decoder against what a browser, or somebody else, may send; and the documents against the types."""

from __future__ import annotations

import json

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


def test_no_staff_class_among_public_objects() -> None:
    public = set(protocol.PublicObject.__args__)
    assert not any(kind.__name__.startswith("Staff") for kind in public)


def test_documents_are_as_the_types_say() -> None:
    call_command("protocol", "--check")
