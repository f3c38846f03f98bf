"""A way to PostgreSQL that breaks at a commit when a test says so: before PostgreSQL hears of it, or after."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import BinaryIO, Self

PROTOCOL = struct.pack("!I", 196608)  # 3.0: it opens the last message that has no type
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
ANSWER_S = 60.0


class Cut(Enum):
    """BEFORE: PostgreSQL never hears of the COMMIT. LATE: the connection breaks, and PostgreSQL hears of the COMMIT
    later. AFTER: PostgreSQL has committed, and its answer is lost."""

    BEFORE = "before"
    LATE = "late"
    AFTER = "after"


@dataclass(frozen=True)
class Plan:
    """One commit to be cut: of a transaction whose last words before it hold one of `marked`. late_s: how much later
    a LATE one arrives, unless `arrive` is set before. stays_down: from then on nobody gets through. done: it is over.
    """

    cut: Cut
    marked: tuple[bytes, ...]
    late_s: float
    stays_down: bool
    arrive: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """A loopback port that leads to PostgreSQL's. All passes as it is but what there is a plan for."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._lock = threading.Lock()
        self._plan: Plan | None = None
        self._down = False
        self._links: list[_Link] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def plan(self, cut: Cut, *marked: str, late_s: float = 1.0, stays_down: bool = False) -> Plan:
        """Cut the next commit that fits, and no other."""
        plan = Plan(cut, tuple(words.encode() for words in marked), late_s, stays_down)
        with self._lock:
            self._plan = plan
        return plan

    def mend(self) -> None:
        """Let everybody through again."""
        self._down = False

    def take(self, words: bytes, own: "_Link") -> Plan | None:
        """The plan, for the connection that it is meant for."""
        with self._lock:
            plan = self._plan
            if plan is None or not [mark for mark in plan.marked if mark in words]:
                return None
            self._plan, self._down = None, plan.stays_down
            others = [link for link in self._links if link is not own]
        if plan.stays_down:
            for link in others:
                link.shut()
        return plan

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _shut(self._listener)
        self._accepting.join()
        self._listener.close()
        for link in self._links:
            link.shut()
            link.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener was shut
            while True:
                server, _ = self._listener.accept()
                with self._lock:
                    if self._down:
                        server.close()
                        continue
                    link = _Link(self, server, socket.create_connection(("127.0.0.1", self._to)))
                    self._links = [known for known in self._links if known.is_alive()] + [link]
                link.start()


class _Link(threading.Thread):
    """One connection of the server's, and the one to PostgreSQL that it leads to."""

    def __init__(self, proxy: Proxy, server: socket.socket, postgres: socket.socket) -> None:
        super().__init__(daemon=True)
        self._proxy, self._server, self._postgres = proxy, server, postgres
        self._silent = False  # what PostgreSQL answers is lost
        self._answered = threading.Event()
        for end in (server, postgres):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self) -> None:
        back = threading.Thread(target=self._back, daemon=True)
        back.start()
        with self._server, self._postgres, self._server.makefile("rb") as said:
            with contextlib.suppress(OSError):
                self._forth(said)
            self.shut()
            back.join()

    def shut(self) -> None:
        for end in (self._server, self._postgres):
            _shut(end)

    def _forth(self, said: BinaryIO) -> None:
        words = b""
        for message in _messages(said):
            if message == COMMIT and (plan := self._proxy.take(words, self)) is not None:
                self._break(plan)
                plan.done.set()
                return
            words = message
            self._postgres.sendall(message)

    def _break(self, plan: Plan) -> None:
        if plan.cut is Cut.BEFORE:
            return
        self._silent = True
        if plan.cut is Cut.LATE:
            _shut(self._server)
            plan.arrive.wait(plan.late_s)
        self._postgres.sendall(COMMIT)
        assert self._answered.wait(ANSWER_S), "PostgreSQL did not answer"

    def _back(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._postgres.recv(1 << 16):
                if self._silent:
                    self._answered.set()
                else:
                    self._server.sendall(data)
        _shut(self._server)


def _messages(said: BinaryIO) -> Iterator[bytes]:
    """What a client of PostgreSQL says, one message after the other."""
    opened = False
    while True:
        head = said.read(5 if opened else 4)
        if len(head) < 4:
            return
        body = said.read(struct.unpack("!I", head[-4:])[0] - 4)
        opened = opened or body.startswith(PROTOCOL)
        yield head + body


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
