"""The six digits of RFC 6238, as the standard's own examples have them, and that none is taken twice."""

from __future__ import annotations

import base64

import pytest

from broadcast import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_the_examples_of_the_standard(seconds: int, code: str) -> None:
    assert totp.code_at(SECRET, seconds // 30) == code
    assert totp.matching_step(SECRET, code, seconds, after=0) == seconds // 30


def test_a_phone_one_step_off_is_taken_and_two_steps_is_not() -> None:
    now = 1_000_000_020
    for off, taken in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        found = totp.matching_step(SECRET, totp.code_at(SECRET, now // 30 + off), now, after=0)
        assert (found is not None) is taken


def test_no_code_is_taken_twice_nor_an_older_one_after_it() -> None:
    now = 1_000_000_020
    step = now // 30
    assert totp.matching_step(SECRET, totp.code_at(SECRET, step), now, after=step) is None
    assert totp.matching_step(SECRET, totp.code_at(SECRET, step - 1), now, after=step) is None
    assert totp.matching_step(SECRET, totp.code_at(SECRET, step + 1), now, after=step) == step + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "١٢٣٤٥٦", "12345a", "-12345"])
def test_what_is_not_six_digits_is_no_code(typed: str) -> None:
    assert totp.matching_step(SECRET, typed, 59, after=0) is None


def test_the_address_of_an_app_names_house_and_account() -> None:
    address = totp.address("ABC", "zheng wei", "示例市政协")
    assert address.startswith("otpauth://totp/%E7%A4%BA")
    assert ":zheng%20wei?secret=ABC&issuer=%E7" in address
