"""A small HTTP server that speaks the part of Ollama's API that we use, and fails on demand.

Its vectors count words, so texts that share words are near each other. Its chat answers what `reply` makes of the
user's message. Everything it was sent is in `requests`.
"""

import contextlib
import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

EMBEDDING_MODEL, CHAT_MODEL = "stand-in-embed", "stand-in-chat"


class Failure(Enum):
    """What can go wrong with one request."""

    STATUS_500 = auto()
    DROPPED = auto()  # the connection ends without an answer
    HANGS = auto()  # no answer until the server closes
    MALFORMED_JSON = auto()
    OTHER_JSON = auto()  # valid JSON of another shape
    EMPTY = auto()  # no vectors, or an answer without text
    TOO_FEW = auto()  # one vector less than asked for
    WRONG_DIMENSION = auto()
    RAGGED = auto()  # vectors of different lengths
    ZERO_VECTOR = auto()
    NOT_A_NUMBER = auto()
    BREAKS_OFF = auto()  # a chat that ends before it is done
    ERROR_HALFWAY = auto()  # a chat whose second line is an error


def first_line(message: str) -> str:
    """The default reply: the user's message up to its first line break."""
    return message.strip().split("\n", 1)[0]


class OllamaStandIn:
    """Serves on a free port of 127.0.0.1 from its start to the end of its `with` block."""

    def __init__(self, dimension: int = 32, reply: Callable[[str], str] = first_line) -> None:
        self.models = {EMBEDDING_MODEL, CHAT_MODEL}
        self.dimension = dimension
        self.reply = reply
        self.embed_s = 0.0  # how long it takes over a request for vectors
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.closing = threading.Event()
        self._failures: deque[Failure] = deque()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def fail_next(self, failure: Failure, times: int = 1) -> None:
        """Let the next `times` requests fail in this way; those after them work again."""
        self._failures.extend([failure] * times)

    def drop_failures(self) -> None:
        """Let every request work again."""
        self._failures.clear()

    def next_failure(self) -> Failure | None:
        """Take the failure that the request being served must show."""
        return self._failures.popleft() if self._failures else None

    def embedded(self) -> list[str]:
        """Every text that a vector was asked for, in the order of the requests."""
        bodies = [body for path, body in list(self.requests) if path == "/api/embed"]
        return [
            text for body in bodies for text in ([body["input"]] if isinstance(body["input"], str) else body["input"])
        ]

    def vector(self, text: str) -> list[float]:
        """Count the text's words, each at a place given by its hash; never all zero."""
        counts = [0.01] * self.dimension
        for word in text.lower().split():
            place = int.from_bytes(hashlib.sha256(word.strip(".,!?;:").encode()).digest()[:4], "big")
            counts[place % self.dimension] += 1.0
        return counts

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _handler(stand_in: OllamaStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"  # a connection per request: none outlives the server

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
            """Keep the test's output clean."""

        def do_GET(self) -> None:
            if self.path == "/api/tags":
                self._send(200, {"models": [{"name": name, "model": name} for name in sorted(stand_in.models)]})
            elif self.path == "/api/version":
                self._send(200, {"version": "0.0.0"})
            else:
                self._send(404, {"error": "no such path"})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stand_in.requests.append((self.path, body))
            failure = stand_in.next_failure()
            if failure is Failure.HANGS:
                stand_in.closing.wait()
            elif failure is Failure.STATUS_500:
                self._send(500, {"error": "the runner stopped"})
            elif failure is Failure.MALFORMED_JSON:
                self._send_bytes(200, b'{"model": ')
            elif failure is Failure.OTHER_JSON:
                self._send_bytes(200, b"[1, 2]")
            elif failure is not Failure.DROPPED:
                self._answer(body, failure)

        def _answer(self, body: dict[str, Any], failure: Failure | None) -> None:
            if body["model"] not in stand_in.models:
                self._send(404, {"error": f'model "{body["model"]}" not found'})
            elif self.path == "/api/embed":
                texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
                stand_in.closing.wait(stand_in.embed_s)
                vectors = _spoil([stand_in.vector(text) for text in texts], failure)
                self._send(200, {"model": body["model"], "embeddings": vectors})
            elif self.path == "/api/chat":
                self._chat(body, failure)
            else:
                self._send(404, {"error": "no such path"})

        def _chat(self, body: dict[str, Any], failure: Failure | None) -> None:
            text = "" if failure is Failure.EMPTY else stand_in.reply(body["messages"][-1]["content"])
            pieces = [text] if body.get("stream") is False else text.split(" ")
            lines: list[dict[str, Any]] = [
                {"message": {"role": "assistant", "content": piece if number == 0 else f" {piece}"}, "done": False}
                for number, piece in enumerate(pieces)
            ]
            if failure is Failure.ERROR_HALFWAY:
                lines = [lines[0], {"error": "out of memory"}]
            if failure is not Failure.BREAKS_OFF:
                lines[-1]["done"] = True
            self._send_bytes(200, b"".join(json.dumps(line).encode() + b"\n" for line in lines))

        def _send(self, status: int, answer: dict[str, Any]) -> None:
            self._send_bytes(status, json.dumps(answer).encode())

        def _send_bytes(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a client that was killed
                self.wfile.write(content)

    return Handler


def _spoil(vectors: list[list[float]], failure: Failure | None) -> list[list[float]]:
    if failure is Failure.EMPTY:
        return []
    if failure is Failure.TOO_FEW:
        return vectors[:-1]
    if failure is Failure.WRONG_DIMENSION:
        return [vector[:-1] for vector in vectors]
    if failure is Failure.RAGGED:
        return [*vectors[:-1], vectors[-1][:-1]]
    if failure is Failure.ZERO_VECTOR:
        return [[0.0] * len(vector) for vector in vectors]
    if failure is Failure.NOT_A_NUMBER:
        return [[float("nan")] * len(vector) for vector in vectors]
    return vectors
