"""Little datasets and indexes for the tests of search, made over SQL."""

from typing import Any

from adbc_driver_manager import dbapi

from tests.harness import query

ANIMALS = {
    1: "The cat sleeps on the warm windowsill all afternoon.",
    2: "A dog barks at the postman every morning.",
    3: "Goldfish swim in circles in their bowl.",
    4: "The stock market fell sharply after the interest rate decision.",
    5: "Parliament passed the annual budget with a narrow majority.",
}


def make_texts(connection: dbapi.Connection, name: str, texts: dict[int, str | None]) -> None:
    """A dataset with the columns id and body."""
    query(connection, f"CREATE TABLE {name} (id INTEGER, body VARCHAR)")
    for key, text in texts.items():
        query(connection, f"INSERT INTO {name} VALUES (?, ?)", (key, text))


def make_index(connection: dbapi.Connection, name: str, **arguments: Any) -> dict[str, Any]:
    """Index the dataset of the same name and wait; the operation's row."""
    given = {"dataset": name, "key_column": "id", "wait": True} | arguments
    if "vector_column" not in given:
        given.setdefault("text_columns", ["body"])
    parameters = {"name": name} | given
    text = ", ".join(f"{argument} := ?" for argument in parameters)
    (row,) = query(connection, f"CALL create_index({text})", tuple(parameters.values())).to_pylist()
    return dict(row)


def indexed_animals(connection: dbapi.Connection, name: str) -> None:
    make_texts(connection, name, dict(ANIMALS))
    make_index(connection, name)


def documents(connection: dbapi.Connection, index: str, asked: Any, k: int = 10) -> list[str]:
    """The doc_ids found, best first."""
    table = query(connection, "SELECT doc_id FROM vector_search(?, ?, k := ?) ORDER BY rank", (index, asked, k))
    return [str(value) for value in table["doc_id"].to_pylist()]
