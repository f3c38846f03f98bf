"""The Python language reference as a dataset, for demos and evaluations that must work without a network.

CPython ships the text in `pydoc_data.topics` for `help()`. It follows the interpreter: 78 topics in 3.11 to 3.13.
"""

import re
from pydoc_data.topics import topics as pydoc_topics

import pyarrow as pa

_TYPES: dict[str, pa.DataType] = {"topic": pa.string(), "title": pa.string(), "body": pa.string(), "chars": pa.int64()}
SCHEMA = pa.schema(_TYPES)
_SENTENCE = re.compile(r'["*A-Z0-9].*[.,:;)]')
_FOOTNOTE_MARK = re.compile(r" \[\d+\](?=[\s.,;:)]|$)")


def topics() -> pa.Table:
    """Return one row per topic, in order of its key.

    Columns: topic (string, unique key), title (string, the first heading), body (string, the rest as prose, unique),
    chars (int64, the body's length in code points). Where topics share a text, the first key has it.
    """
    first_keys: dict[str, str] = {}
    for key in sorted(pydoc_topics):
        first_keys.setdefault(pydoc_topics[key], key)
    pages = [(key, *_title_and_body(text)) for text, key in first_keys.items()]
    rows = [{"topic": key, "title": title, "body": body, "chars": len(body)} for key, title, body in pages]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _title_and_body(text: str) -> tuple[str, str]:
    """Split a topic into its first heading and the rest, without underlines, rules and footnotes."""
    lines = text.partition("-[ Footnotes ]-")[0].strip().splitlines()
    blocks = "\n".join(line for line in lines[1:] if not _is_rule(line)).split("\n\n")
    return lines[0], "\n\n".join(_unwrap(block.strip("\n")) for block in blocks if block.strip())


def _is_rule(line: str) -> bool:
    return len(line) >= 3 and line[0] in "*=-~" and len(set(line)) == 1


def _unwrap(block: str) -> str:
    """Join the lines of a paragraph or list item, without its marks of footnotes; code and grammar keep their lines."""
    lines = block.splitlines()
    text = " ".join(line.strip() for line in lines)
    is_prose = all(line[0] != " " for line in lines) or _SENTENCE.fullmatch(text)
    return _FOOTNOTE_MARK.sub("", text) if is_prose else block
