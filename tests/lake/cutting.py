"""A way to PostgreSQL that breaks at a commit when a test says so: before PostgreSQL hears of it, or after."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import BinaryIO, Self

PROTOCOL = struct.pack("!I", 196608)  # 3.0: the last message without a type
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
LATE_S = 1.0
ANSWER_S = 60.0


class Cut(Enum):
    """BEFORE: PostgreSQL never hears of the COMMIT. LATE: the connection breaks, and PostgreSQL hears of the COMMIT a
    second later. AFTER: PostgreSQL has committed, and its answer is lost."""

    BEFORE = "before"
    LATE = "late"
    AFTER = "after"


@dataclass
class Plan:
    """Cut the commit of a transaction whose last words hold `marked`. stays_down: from then on nobody gets through,
    until `Proxy.mend`. done: set once it has happened."""

    cut: Cut
    marked: bytes
    stays_down: bool
    done: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """A loopback port that leads to PostgreSQL's. Everything passes as it is but what a plan is for."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._lock = threading.Lock()
        self._plan: Plan | None = None
        self._down = False
        self._links: list[_Link] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def plan(self, cut: Cut, marked: str, stays_down: bool = False) -> Plan:
        """Cut one commit: the next that fits."""
        plan = Plan(cut, marked.encode(), stays_down)
        with self._lock:
            self._plan = plan
        return plan

    def mend(self) -> None:
        self._down = False

    def take(self, words: bytes, own: "_Link") -> Plan | None:
        """The plan, if it is for the transaction of these words, for this one alone."""
        with self._lock:
            if (plan := self._plan) is None or plan.marked not in words:
                return None
            self._plan, self._down = None, plan.stays_down
            others = [link for link in self._links if link is not own] if plan.stays_down else []
        for link in others:
            link.close()
        return plan

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            link.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                server, _ = self._listener.accept()
                with self._lock:
                    if self._down:
                        server.close()
                    else:
                        postgres = socket.create_connection(("127.0.0.1", self._to))
                        self._links.append(_Link(self, server, postgres))


class _Link:
    """One connection of the server's, with the one to PostgreSQL behind it."""

    def __init__(self, proxy: Proxy, server: socket.socket, postgres: socket.socket) -> None:
        self._proxy, self._server, self._postgres = proxy, server, postgres
        self._silent = False  # PostgreSQL's answers are lost
        self._answered = threading.Event()
        for end in (server, postgres):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for work in (self._forth, self._back):
            threading.Thread(target=self._run, args=(work,), daemon=True).start()

    def close(self) -> None:
        for end in (self._server, self._postgres):
            _shut(end)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            with contextlib.suppress(OSError):
                work()
        finally:
            self.close()

    def _forth(self) -> None:
        words = b""
        for message in _messages(self._server.makefile("rb")):
            if message == COMMIT and (plan := self._proxy.take(words, self)) is not None:
                self._break(plan.cut)
                plan.done.set()
                return
            words = message
            self._postgres.sendall(message)

    def _break(self, cut: Cut) -> None:
        if cut is Cut.BEFORE:
            return
        self._silent = True
        if cut is Cut.LATE:
            _shut(self._server)
            time.sleep(LATE_S)
        self._postgres.sendall(COMMIT)
        assert self._answered.wait(ANSWER_S), "PostgreSQL did not answer"

    def _back(self) -> None:
        while data := self._postgres.recv(1 << 16):
            if self._silent:
                self._answered.set()
            else:
                self._server.sendall(data)


def _messages(stream: BinaryIO) -> Iterator[bytes]:
    """What a client of PostgreSQL says, message by message: those that open the connection lack a type."""
    opened = False
    while True:
        head = stream.read(5 if opened else 4)
        if len(head) < 4:
            return
        body = stream.read(struct.unpack("!I", head[-4:])[0] - 4)
        opened = opened or body.startswith(PROTOCOL)
        yield head + body


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
