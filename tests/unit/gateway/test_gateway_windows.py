"""Codes that expire and rates that slide, on a clock that the test moves."""

from contextlib import suppress
from dataclasses import dataclass

import pytest

from gateway.access import Access
from gateway.errors import CallError
from gateway.settings import load


@dataclass
class Clock:
    """Seconds."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def _access(clock: Clock, codes: str = "7:old:2000,7:new") -> Access:
    return Access(load({"GATEWAY_CODES": codes}), clock, clock)


def _refused(access: Access, code: str) -> bool:
    try:
        access.check_code("7", code)
    except CallError as error:
        return error.code == "UNAUTHORIZED"
    return False


def _call(access: Access, per_minute: int = 2) -> None:
    with access.within_rate("import.users.batch", "7", per_minute):
        pass


def test_a_code_is_valid_until_it_expires_and_the_new_one_goes_on() -> None:
    clock = Clock(1999.9)
    access = _access(clock)
    assert not _refused(access, "old")
    clock.now = 2000.0
    assert _refused(access, "old")
    assert not _refused(access, "new")


def test_a_code_of_one_user_is_not_that_of_another() -> None:
    access = _access(Clock(), "7:one,8:other")
    with pytest.raises(CallError):
        access.check_code("8", "one")


@pytest.mark.parametrize(
    ("user", "code"), [("7:new", ""), ("", "7:new"), ("7", ""), ("", ""), ("7", "new:"), ("7", "nеw")]
)
def test_user_and_code_cannot_be_cut_otherwise(user: str, code: str) -> None:
    with pytest.raises(CallError):
        _access(Clock()).check_code(user, code)


def test_the_window_of_a_rate_slides() -> None:
    clock = Clock()
    access = _access(clock)
    _call(access)
    clock.now += 40
    _call(access)
    with pytest.raises(CallError) as refusal:
        _call(access)
    assert (refusal.value.status, refusal.value.retry_after) == (429, 20)
    clock.now += 20
    _call(access)
    with pytest.raises(CallError) as refusal:
        _call(access)
    assert refusal.value.retry_after == 40


def test_who_waits_as_long_as_he_is_told_is_let_in() -> None:
    clock = Clock(1000.7)
    access = _access(clock)
    _call(access, 1)
    clock.now += 0.5
    with pytest.raises(CallError) as refusal:
        _call(access, 1)
    clock.now += refusal.value.retry_after or 0
    _call(access, 1)


def test_a_call_that_is_refused_inside_gives_its_place_back() -> None:
    access = _access(Clock())
    for _ in range(5):
        with pytest.raises(CallError, match="no"), access.within_rate("import.users.batch", "7", 1):
            raise CallError("MALFORMED", "no")
    _call(access, 1)


def test_a_call_that_is_refused_after_its_window_has_passed_gives_nothing_back() -> None:
    clock = Clock()
    access = _access(clock)
    with suppress(RuntimeError), access.within_rate("import.users.batch", "7", 1):
        clock.now += 61
        _call(access, 1)
        raise RuntimeError
    with pytest.raises(CallError, match="per minute"):
        _call(access, 1)


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_an_address_is_the_same_in_both_notations(peer: str) -> None:
    settings = load({"GATEWAY_CODES": "7:c", "GATEWAY_IP_ALLOW": "10.0.0.0/8"})
    Access(settings).check_address(peer, [])
