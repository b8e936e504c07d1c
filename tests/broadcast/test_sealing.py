"""Sealed fields: opened with any key still listed, with no other, and never the same twice."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import InvalidToken

from broadcast.sealing import seal, seal_many, unseal

DATA: list[Any] = [{"user": 1, "address": "2001:db8::1", "device": "浏览器"}, {"user": None}, ""]


@pytest.mark.parametrize("keys", [[], ["new", "old"]])
def test_what_is_sealed_is_opened_again(settings: Any, keys: list[str]) -> None:
    settings.EVIDENCE_KEYS = keys
    assert [unseal(each) for each in seal_many(DATA)] == DATA
    assert [unseal(seal(each)) for each in DATA] == DATA
    assert seal_many([]) == []


def test_an_older_key_opens_what_it_sealed_until_it_is_taken_off_the_list(settings: Any) -> None:
    settings.EVIDENCE_KEYS = ["old"]
    sealed = [*seal_many(DATA), seal(DATA[0])]
    settings.EVIDENCE_KEYS = ["new", "old"]
    assert [unseal(each) for each in sealed] == [*DATA, DATA[0]]
    settings.EVIDENCE_KEYS = ["new"]
    for each in sealed:
        with pytest.raises(InvalidToken):
            unseal(each)


def test_equal_data_is_sealed_differently_and_a_changed_byte_is_refused() -> None:
    one, two = seal_many([DATA[0], DATA[0]])
    assert one != two
    for at in (0, 5, len(one) - 1):
        with pytest.raises(InvalidToken):
            unseal(one[:at] + bytes([one[at] ^ 1]) + one[at + 1 :])
