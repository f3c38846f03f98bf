"""A running server that is sent hostile bytes ends each call with a Flight status of its own and goes on."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.flight as fl
import pytest
from hypothesis import HealthCheck, given, settings

from flight.commands import pack
from flight.gen import flight_sql_pb2 as sql
from tests.door.bare import Bare, raising, refusal
from tests.fuzz.messages import actions, bodies, commands, tickets
from tests.harness import Server

EXAMPLES = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
DESTRUCTIVE = ("CloseSession",)  # it would end the session that the other examples use


@pytest.fixture(scope="module")
def bare(server: Server) -> Iterator[Bare]:
    with Bare(server) as client:
        yield client


@pytest.fixture(autouse=True)
def goes_on(bare: Bare) -> Iterator[None]:
    yield
    assert bare.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]


def answered(run: Callable[[], object]) -> None:
    """It returns, or is refused with a status that tells what was wrong."""
    try:
        run()
    except (fl.FlightError, pa.ArrowException, OSError) as error:
        found = error
    else:
        return
    assert refusal(raising(found)).code not in ("unknown", "internal"), found


@EXAMPLES
@given(commands)
def test_any_command_is_answered(bare: Bare, payload: bytes) -> None:
    for run in (lambda: bare.info(payload), lambda: bare.schema(payload), lambda: bare.put(payload)):
        answered(run)


@EXAMPLES
@given(commands)
def test_any_ticket_is_answered(bare: Bare, payload: bytes) -> None:
    answered(lambda: bare.get(payload))


@EXAMPLES
@given(tickets)
def test_any_handle_in_a_ticket_is_answered(bare: Bare, handle: bytes) -> None:
    answered(lambda: bare.get(pack(sql.TicketStatementQuery(statement_handle=handle))))


@EXAMPLES
@given(actions())
def test_any_action_is_answered(bare: Bare, action: tuple[str, bytes]) -> None:
    if action[0] not in DESTRUCTIVE:
        answered(lambda: bare.act(*action))


@EXAMPLES
@given(bodies)
def test_any_body_of_an_operation_is_answered(bare: Bare, body: bytes) -> None:
    for name in ("health", "set_metadata", "declare_foreign_key"):
        answered(lambda name=name: bare.act(name, body))  # type: ignore[misc]
