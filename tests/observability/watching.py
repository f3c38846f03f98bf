"""What an operator's tools do: scrape metrics, ask for health."""

import http.client
import time
from collections.abc import Mapping
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from tests.harness import Server

SETTLED_S = 20.0
Series = Mapping[str, float]  # 'name{label="value"}', labels in the order of their names, as Prometheus prints them


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: str


def place(server: Server) -> tuple[str, int]:
    """Host and port of the line that a server with --metrics-port prints before it is ready."""
    lines = [line for line in server.out if line.startswith("metrics ")]
    assert len(lines) == 1, server.out
    address = lines[0].removeprefix("metrics http://").removesuffix("/metrics")
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def ask(server: Server, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
    connection = http.client.HTTPConnection(*place(server), timeout=30)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers), response.read().decode())
    finally:
        connection.close()


def scrape(server: Server) -> Series:
    """Every sample as Prometheus reads it."""
    answer = ask(server, "/metrics")
    assert answer.status == 200, answer
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.body):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            name = f"{sample.name}{{{labels}}}" if labels else sample.name
            assert name not in found, f"{name} comes twice"
            found[name] = sample.value
    return found


def rises(before: Series, after: Series, prefix: str) -> dict[str, float]:
    """What has risen of the series whose names begin so."""
    return {
        name: value - before.get(name, 0.0)
        for name, value in after.items()
        if name.startswith(prefix) and value != before.get(name, 0.0)
    }


def settled(server: Server, before: Series, prefix: str, expected: Mapping[str, float]) -> dict[str, float]:
    """What has risen, once it is as expected: the server counts a call when its client has the answer already."""
    deadline = time.monotonic() + SETTLED_S
    while (found := rises(before, scrape(server), prefix)) != expected and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
