"""The lock that is had in the order in which it was asked for."""

import threading
import time

import pytest

from server.engine.turns import Turns

WAIT_S = 30.0


def test_one_at_a_time_and_in_the_order_of_asking() -> None:
    turns, order = Turns(), list[int]()
    inside = threading.Lock()

    def take(number: int) -> None:
        with turns:
            assert inside.acquire(blocking=False)
            order.append(number)
            inside.release()

    threads = []
    with turns:
        for number in range(5):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join(WAIT_S)
    assert order == list(range(5))


def test_whoever_takes_it_again_at_once_lets_in_who_waits() -> None:
    turns, stop, had = Turns(), threading.Event(), threading.Event()

    def work_in_rounds() -> None:
        while not stop.is_set():
            with turns:
                time.sleep(0.01)

    def take() -> None:
        with turns:
            had.set()

    busy = threading.Thread(target=work_in_rounds)
    busy.start()
    waiting = threading.Thread(target=take, daemon=True)
    waiting.start()
    try:
        assert had.wait(WAIT_S)
    finally:
        stop.set()
        busy.join(WAIT_S)


def test_its_thread_takes_it_again_and_gives_it_back_as_often() -> None:
    turns, had = Turns(), threading.Event()

    def take() -> None:
        with turns:
            had.set()

    other = threading.Thread(target=take)
    with turns, turns:
        other.start()
    assert had.wait(WAIT_S)
    other.join(WAIT_S)
    with pytest.raises(ValueError), turns, turns:  # noqa: PT011 - raised right here
        raise ValueError
    with turns:
        pass
