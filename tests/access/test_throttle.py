"""The table of failed logins: what is slowed, what is not, how large it may grow. In process, on its own clock."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from server.access import throttle as module
from server.access.throttle import ENTRIES_MAX, FORGET_S, FREE_PER_ADDRESS, FREE_PER_NAME, Throttle
from server.errors import LimitExceeded


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def fail(throttle: Throttle, times: int, name: str = "ann", address: str = "10.0.0.1") -> None:
    for _ in range(times):
        throttle.failed(name, address)


def is_slowed(throttle: Throttle, name: str = "ann", address: str = "10.0.0.1", credential: bytes = b"a guess") -> bool:
    try:
        with throttle.trying(name, address, credential):
            return False
    except LimitExceeded as error:
        return error.bound == "login_delay_s_max" and "try again in" in str(error)


def test_a_few_failures_cost_nothing_and_then_the_delay_doubles_up_to_its_bound(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=5)
    fail(throttle, FREE_PER_NAME)
    assert not is_slowed(throttle)
    for delay_s in (1, 2, 4, 5, 5, 5):
        fail(throttle, 1)
        clock.now += delay_s - 0.1
        assert is_slowed(throttle)
        clock.now += 0.2
        assert not is_slowed(throttle)


def test_guesses_at_once_get_no_further_than_one_after_the_other(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=60)
    with ExitStack() as going_on:
        for number in range(FREE_PER_NAME + 1):
            going_on.enter_context(throttle.trying("ann", "10.0.0.1", b"%d" % number))
        assert is_slowed(throttle)
        assert not is_slowed(throttle, "bob")
        assert not is_slowed(throttle, address="10.0.0.2")
    assert not is_slowed(throttle)  # none of them failed


def test_after_a_delay_one_guess_is_checked_at_a_time(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=60)
    fail(throttle, FREE_PER_NAME + 1)
    clock.now += 1.1
    with throttle.trying("ann", "10.0.0.1", b"one"):
        assert is_slowed(throttle, credential=b"other")
    assert not is_slowed(throttle, credential=b"other")


def test_any_number_of_tries_of_one_credential_at_once_are_one(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=60)
    fail(throttle, FREE_PER_NAME)
    with ExitStack() as going_on:
        for _ in range(50):
            going_on.enter_context(throttle.trying("ann", "10.0.0.1", b"the same"))
        assert not is_slowed(throttle, credential=b"the same")
        assert is_slowed(throttle)
    assert not is_slowed(throttle)


def test_names_tried_at_once_from_one_address_count_for_it(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=60)
    fail(throttle, FREE_PER_ADDRESS, address="10.0.0.2")
    clock.now += 61
    with throttle.trying("bob", "10.0.0.2", b"one"):
        assert is_slowed(throttle, "carl", "10.0.0.2", b"other")


def test_a_great_many_failures_are_counted_without_overflow(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=5)
    fail(throttle, 5000)
    clock.now += 5.1
    assert not is_slowed(throttle)


def test_whoever_guesses_from_one_address_locks_nobody_out_elsewhere(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=60)
    fail(throttle, 30)
    assert is_slowed(throttle)
    assert not is_slowed(throttle, address="10.0.0.2")
    assert not is_slowed(throttle, name="bob")
    assert not is_slowed(throttle, name="")  # keys and tokens are not slowed by a name's failures


def test_many_names_from_one_address_are_slowed_together(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=60)
    for number in range(FREE_PER_ADDRESS + 1):
        fail(throttle, 1, f"name {number}")
    assert is_slowed(throttle, name="another")
    assert is_slowed(throttle, name="")
    assert not is_slowed(throttle, address="10.0.0.2")


def test_addresses_of_one_ipv6_network_count_as_one(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=60)
    for number in range(FREE_PER_NAME + 1):
        fail(throttle, 1, address=f"2001:db8::{number:x}")
    assert is_slowed(throttle, address="2001:db8::ffff")
    assert not is_slowed(throttle, address="2001:db8:0:1::1")


def test_a_success_forgives_the_name_but_not_the_address(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=60)
    fail(throttle, FREE_PER_ADDRESS - 1)
    clock.now += 61
    throttle.succeeded("ann", "10.0.0.1")
    fail(throttle, 1)
    assert not is_slowed(throttle)
    fail(throttle, 1, "bob")
    assert is_slowed(throttle, name="carl")


def test_failures_are_forgotten_after_a_while(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=3600)
    fail(throttle, 30)
    clock.now += FORGET_S + 1
    assert not is_slowed(throttle)


def test_any_number_of_names_and_addresses_takes_bounded_memory_and_keeps_the_newest(clock: Clock) -> None:
    throttle = Throttle(delay_s_max=3600)

    def flood(part: int) -> None:
        for number in range(10_000):
            throttle.failed(f"name {part} {number}", f"10.{part}.{number // 250}.{number % 250}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(flood, range(4)))
    assert len(throttle) <= ENTRIES_MAX
    fail(throttle, FREE_PER_NAME + 1)
    assert is_slowed(throttle)
    assert not is_slowed(throttle, address="10.0.0.2")
