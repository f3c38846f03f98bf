"""Failed logins are slowed: after a few, the next try is refused unchecked until a delay has passed, which doubles.

A refusal costs nothing and holds no thread. A try whose end is open counts as one that fails, so that many at once get
no further than one after the other; tries of the same credential are one. Failures are counted per principal and
address, so that whoever guesses from elsewhere locks nobody out, and per address over all names. Where the address is
unknown (see `flight/authentication.py`), a name's failures count together. The table is bounded: what was used longest
ago goes.
"""

import ipaddress
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from server.errors import LimitExceeded

DELAY = "login_delay_s_max"
FREE_PER_NAME = 5  # failures before the first delay: people mistype
FREE_PER_ADDRESS = 200  # many people may share an address
FIRST_DELAY_S = 1.0
FORGET_S = 900.0  # without a failure
ENTRIES_MAX = 10_000
NAME_CHARS_KEPT = 128  # no principal's name is longer
_IPV6_PREFIX = 64  # who has one address of such a network has all of them
_DOUBLINGS_MAX = 30

Key = tuple[str, str]  # name or '', address or ''


@dataclass
class _Failures:
    count: int
    last: float
    until: float


class Throttle:
    def __init__(self, delay_s_max: float) -> None:
        self._delay_s_max = delay_s_max
        self._entries: OrderedDict[Key, _Failures] = OrderedDict()
        self._tried: dict[Key, Counter[bytes]] = {}  # credentials whose check goes on, by how many calls
        self._lock = threading.Lock()

    @contextmanager
    def trying(self, name: str, address: str, credential: bytes) -> Iterator[None]:
        """Around a check, `failed` or `succeeded` included. credential: what tells it from others, such as a digest.

        Raises LimitExceeded while a delay runs, or would if the checks that go on failed, whatever the credential is.
        """
        keys, now = _keys(name, address), time.monotonic()
        with self._lock:
            wait_s = max((self._wait_s(key, credential, now) for key in keys), default=0.0)
            if wait_s <= 0:
                for key in keys:
                    self._tried.setdefault(key, Counter())[credential] += 1
        if wait_s > 0:
            raise LimitExceeded(DELAY, f"too many failed logins: try again in {max(1, round(wait_s))} seconds")
        try:
            yield
        finally:
            with self._lock:
                for key in keys:
                    self._tried_no_more(key, credential)

    def failed(self, name: str, address: str) -> int:
        """Count a failure; how many there were of this name from this address."""
        now = time.monotonic()
        with self._lock:
            counts = [self._count(key, now) for key in _keys(name, address)]
            while len(self._entries) > ENTRIES_MAX:
                self._entries.popitem(last=False)
        return counts[0] if counts else 0

    def succeeded(self, name: str, address: str) -> None:
        """Forget the name's failures from this address. The address's own stay: it may have one password and guess
        others."""
        with self._lock:
            self._entries.pop((name[:NAME_CHARS_KEPT], network(address)), None)

    def __len__(self) -> int:
        return len(self._entries)

    def _wait_s(self, key: Key, credential: bytes, now: float) -> float:
        entry, tried = self._current(key, now), self._tried.get(key, Counter())
        others = len(tried) - (credential in tried)
        if others and entry.count + others > _free(key):
            return max(FIRST_DELAY_S, entry.until - now)
        return entry.until - now

    def _tried_no_more(self, key: Key, credential: bytes) -> None:
        tried = self._tried[key]
        tried[credential] -= 1
        if not tried[credential]:
            del tried[credential]
        if not tried:
            del self._tried[key]

    def _count(self, key: Key, now: float) -> int:
        entry = self._current(key, now)
        entry.count, entry.last = entry.count + 1, now
        if entry.count > _free(key):
            doublings = min(entry.count - _free(key) - 1, _DOUBLINGS_MAX)
            entry.until = now + min(self._delay_s_max, FIRST_DELAY_S * 2**doublings)
        self._entries[key] = entry
        self._entries.move_to_end(key)
        return entry.count

    def _current(self, key: Key, now: float) -> _Failures:
        entry = self._entries.get(key)
        return entry if entry is not None and now - entry.last < FORGET_S else _Failures(0, now, 0.0)


def _free(key: Key) -> int:
    return FREE_PER_NAME if key[0] else FREE_PER_ADDRESS


def network(address: str) -> str:
    """What an address is counted under: itself, or the network of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))


def _keys(name: str, address: str) -> list[Key]:
    name, where = name[:NAME_CHARS_KEPT], network(address)
    return [(n, a) for n, a in dict.fromkeys(((name, where), ("", where))) if n or a]
