"""A start that must fail, and what a person then reads."""

import pytest

from tests.harness import Server, StartFailed


def refusal(server: Server) -> str:
    """The one line that a server which must not start leaves; never a traceback."""
    with pytest.raises(StartFailed) as failed:
        server.start()
    assert failed.value.status == 1
    assert failed.value.out == ""
    assert "Traceback" not in failed.value.err
    line = failed.value.err.splitlines()[-1]
    assert line.startswith("error: ")
    return line.removeprefix("error: ")
