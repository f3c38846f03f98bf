"""The SQL that is longer than a line, as files: migrations, views, macros, named queries and demo data."""

from importlib.resources import files


def load(name: str) -> str:
    """Return the text of one file, `name` being its path below this folder, such as 'views/datasets.sql'.

    Raises FileNotFoundError if there is no such file.
    """
    return files(__name__).joinpath(*name.split("/")).read_text(encoding="utf-8")


def named_queries(file: str) -> dict[str, str]:
    """Return the queries of a file by name, each from the line after its `-- name --` to the next such line.

    What stands before the first name is the file's own comment and is left out.
    Raises FileNotFoundError if there is no such file, ValueError if a name comes twice.
    """
    queries: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in load(file).splitlines():
        name = _name_in(line)
        if name in queries:
            raise ValueError(f"{file} has two queries named {name}")
        if name is not None:
            lines = queries[name] = []
        else:
            lines.append(line)
    return {name: "\n".join(body).strip() for name, body in queries.items()}


def _name_in(line: str) -> str | None:
    name = line.removeprefix("-- ").removesuffix(" --")
    return name if line == f"-- {name} --" and name.isidentifier() else None
