"""The process that reads an uploaded file: a file is hostile input, and a parser that crashes must not take the server.

Run as `python -m server.ingest.reading` with a JSON request on standard input; rows go out as an Arrow stream on
standard output, an error as a JSON object on standard error with exit status 3. `server/ingest/parsing.py` starts it.
"""

import json
import resource
import sys
from typing import Any

import duckdb
import pyarrow as pa

REFUSED = 3
BATCH_ROWS = 65_536
READERS = {"csv": "read_csv", "json": "read_json", "ndjson": "read_json", "parquet": "read_parquet"}
PACKED = {".gz": "gzip", ".zst": "zstd"}
REJECTS_MAX = 100
MESSAGE_LINES_MAX = 3


class Broken(Exception):
    """The file can't be loaded; the text says where and why."""


def main() -> None:
    request: dict[str, Any] = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (request["memory_bytes_max"], request["memory_bytes_max"]))
    try:
        _read(request)
    except (Broken, duckdb.Error, pa.ArrowException, MemoryError, OSError) as error:
        json.dump({"message": _message(error, request)}, sys.stderr)
        sys.exit(REFUSED)


def _message(error: Exception, request: dict[str, Any]) -> str:
    """What went wrong with the file that people know, without the place of its bytes or a statement of ours."""
    match error:
        case MemoryError() | duckdb.OutOfMemoryException():
            text = "the file needs more memory than parse_memory_bytes_max"
        case duckdb.Error() if (start := str(error).find("{")) >= 0:
            text = json.loads(str(error)[start:])["exception_message"]  # errors_as_json
        case _:
            text = str(error)
    paragraph = text.strip().split("\n\n")[0].replace(request["path"], request["name"])
    return "; ".join(line.strip() for line in paragraph.splitlines()[:MESSAGE_LINES_MAX])


def _read(request: dict[str, Any]) -> None:
    connection = duckdb.connect(":memory:", config={"threads": 2})
    limit = max(128 << 20, request["memory_bytes_max"] // 2) >> 20
    connection.execute(f"SET memory_limit = '{limit}MiB'")
    connection.execute("SET temp_directory = ''")
    connection.execute("SET errors_as_json = true")
    connection.execute("SET TimeZone = 'UTC'")  # a time that names no zone means the same on every machine
    connection.execute("SET allowed_paths = [?]".replace("?", _literal(request["path"])))
    connection.execute("SET enable_external_access = false")
    _refuse_repeated_names(connection, request)
    arguments = [_literal(request["path"]), *_options(connection, request)]
    reader = connection.execute(f"SELECT * FROM {READERS[request['format']]}({', '.join(arguments)})").to_arrow_reader(
        BATCH_ROWS
    )
    with pa.ipc.new_stream(_file(sys.stdout.buffer), reader.schema) as out:
        for batch in reader:
            out.write_batch(batch)
        # The end of the stream tells the server that all is well, so broken rows must be known before it.
        if request["format"] == "csv":
            _refuse_rejects(connection, request["name"])


def _options(connection: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> list[str]:
    packed = f"compression := '{_packed(request['name'])}'"
    match request["format"]:
        case "csv":
            types = _known_types(connection, request, packed)
            return ["store_rejects := true", f"rejects_limit := {REJECTS_MAX}", packed, *types]
        case "json" | "ndjson":
            form = "auto" if request["format"] == "json" else "newline_delimited"
            options = [f"format := '{form}'", "maximum_object_size := 67108864", packed]
            return [*options, *_known_texts(connection, request, options)]
        case _:
            return []


def _packed(name: str) -> str:
    """The file's name tells, since uploaded bytes lie under another one."""
    return next((kind for ending, kind in PACKED.items() if name.lower().endswith(ending)), "uncompressed")


def _known_types(connection: duckdb.DuckDBPyConnection, request: dict[str, Any], packed: str) -> list[str]:
    """Columns that the dataset already has keep their types, so that a value that does not fit is told by its line."""
    if not request["types"]:
        return []
    rows = connection.execute(f"DESCRIBE SELECT * FROM read_csv({_literal(request['path'])}, {packed})").fetchall()
    types = {name.lower(): kind for name, kind in request["types"].items()}
    known = {name: types[name.lower()] for name, *_ in rows if name.lower() in types}
    listed = ", ".join(f"{_literal(name)}: {_literal(type_name)}" for name, type_name in known.items())
    return [f"types := {{{listed}}}"] if known else []


def _known_texts(connection: duckdb.DuckDBPyConnection, request: dict[str, Any], options: list[str]) -> list[str]:
    """What is text in the dataset stays as it is written, though all of a file may look like days, numbers or UUIDs, or
    be of several types. The whole file is looked at for the types of the others, since a list of columns is all that is
    read then."""
    texts = {name.lower() for name, kind in request["types"].items() if kind == "VARCHAR"}
    if not texts:
        return []
    arguments = ", ".join([_literal(request["path"]), *options, "sample_size := -1"])
    rows = connection.execute(f"DESCRIBE SELECT * FROM read_json({arguments})").fetchall()
    types = {str(name): str(kind) for name, kind, *_ in rows}
    read = {name: kind for name, kind in types.items() if name.lower() in texts and _is_text_in_json(kind)}
    if not read:
        return []
    listed = ", ".join(f"{_literal(name)}: {_literal('VARCHAR' if name in read else types[name])}" for name in types)
    return [f"columns := {{{listed}}}"]


def _is_text_in_json(kind: str) -> bool:
    """Whether it was read off something else than text; no object or list, which do not go into a column of text."""
    return kind != "VARCHAR" and not kind.endswith("]") and not kind.startswith(("STRUCT(", "MAP("))


def _refuse_repeated_names(connection: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> None:
    """DuckDB numbers a name that comes again: to a dataset that is there it would look like a new column."""
    if not request["types"] or request["format"] not in ("csv", "parquet"):
        return
    seen: set[str] = set()
    for name in _header(connection, request) if request["format"] == "csv" else _top_names(connection, request):
        if name.lower() in seen:
            raise Broken(f"{request['name']}: column {name} comes twice: names differ in more than case")
        seen.add(name.lower())


def _header(connection: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> list[str]:
    """The first line's names as they stand there; none if it is no header."""
    arguments = f"{_literal(request['path'])}, compression := '{_packed(request['name'])}'"
    called = [str(row[0]) for row in connection.execute(f"DESCRIBE FROM read_csv({arguments})").fetchall()]
    plain = f"read_csv({arguments}, header := false, all_varchar := true)"
    first = [str(name or "") for name in connection.execute(f"FROM {plain} LIMIT 1").fetchone() or ()]
    pairs = list(zip(called, first, strict=False))
    is_header = len(called) == len(first) and all(one.lower().startswith(other.lower()) for one, other in pairs)
    return first if is_header and all(first) else []


def _top_names(connection: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> list[str]:
    """Of the columns of a Parquet file, not of what is nested in them."""
    rows = connection.execute(f"SELECT name, num_children FROM parquet_schema({_literal(request['path'])})").fetchall()
    names: list[str] = []
    inside = 0  # elements that belong to the column before
    for name, children in rows[1:]:
        if inside:
            inside -= 1
        else:
            names.append(str(name))
        inside += int(children or 0)
    return names


def _refuse_rejects(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    rows = connection.execute(
        "SELECT line, column_name, error_message FROM reject_errors ORDER BY line, column_idx"
    ).fetchall()
    if rows:
        line, column, message = rows[0]
        broken = len({row[0] for row in rows})
        least = "at least " if len(rows) >= REJECTS_MAX else ""
        more = f" ({least}{broken} broken rows in all)" if broken > 1 else ""
        where = f", column {column}" if column else ""
        raise Broken(f"{name}, line {line}{where}: {message.splitlines()[0].rstrip('.')}{more}")


def _file(raw: Any) -> pa.PythonFile:
    return pa.PythonFile(raw, mode="w")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


if __name__ == "__main__":
    main()
