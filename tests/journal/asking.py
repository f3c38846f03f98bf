"""What the tests ask a server's journal."""

from typing import Any

from tests.harness import Server


def journalled(server: Server, dataset: str, entity_column: str | None = None) -> None:
    """Journal the dataset from now on."""
    with server.operations() as operations:
        operations.call("set_journal", dataset=dataset, enabled=True, entity_column=entity_column)


def flush(server: Server) -> dict[str, Any]:
    """Have everything so far in the lake."""
    return server.rows("CALL journal_flush()")[0]


def events(server: Server, dataset: str) -> list[dict[str, Any]]:
    """The dataset's events after journal_on, all flushed, as dicts."""
    flush(server)
    text = "SELECT * FROM catalog.journal WHERE lower(dataset) = lower(?) AND change <> 'journal_on' ORDER BY sequence"
    return server.rows(text, [dataset])


def history(server: Server, dataset: str, key: object) -> list[tuple[Any, ...]]:
    """(change, field, old value, new value) of an entity, all flushed; what concerns its dataset left out."""
    flush(server)
    rows = server.rows("SELECT * FROM entity_history(?, ?) WHERE status IS NOT NULL", [dataset, str(key)])
    return [(row["change"], row["field"], row["old_value"], row["new_value"]) for row in rows]


def verdict(server: Server) -> dict[str, Any]:
    return server.rows("CALL journal_verify()")[0]
