"""Results as tables for a terminal; the CLI and the demo tour print with it.

Many rows: one line each, long text cut. One row too wide for a line: one line per column, long text wrapped.
"""

import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clients.cli.layout import GAP, Wish, fit
from clients.cli.values import column_values, json_value, printable, text_value

ELLIPSIS = "…"
# Longer cells are cut before they are measured: a terminal line never shows more.
CELL_CHARS_MAX = 1_000


@dataclass(frozen=True)
class _Column:
    """A column ready to print; cells are None for NULL."""

    name: str
    numeric: bool
    cells: list[str | None]

    @property
    def wish(self) -> Wish:
        width = max([cell_len(self.name), *(cell_len("NULL" if cell is None else cell) for cell in self.cells)])
        return Wish(width, cuttable=not self.numeric)


def render(table: pa.Table, console: Console, rows_max: int = 40, rows_total: int | None = None) -> None:
    """Print at most rows_max rows of the table, then a line that counts them.

    rows_total: how many rows the result had, when `table` holds only its head.
    """
    total = table.num_rows if rows_total is None else rows_total
    if table.num_columns == 0:
        console.print("done", style="dim")
        return
    shown = table.slice(0, rows_max)
    columns = [_column(shown, index) for index in range(shown.num_columns)]
    wishes = [column.wish for column in columns]
    line_width = sum(wish.width for wish in wishes) + GAP * (len(wishes) - 1)
    if total == 1 and shown.num_rows == 1 and line_width > console.width:
        _print_vertically(shown, console)
        columns_shown = len(columns)
    else:
        widths = fit(wishes, console.width)
        _print_lines(columns, widths, console)
        columns_shown = len(widths)
    console.print(_count_line(shown.num_rows, total, columns_shown, len(columns)), style="dim", highlight=False)


def is_numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _column(table: pa.Table, index: int) -> _Column:
    field = table.schema.field(index)
    cells = [
        None if value is None else printable(text_value(value)[:CELL_CHARS_MAX])
        for value in column_values(table.column(index))
    ]
    return _Column(printable(field.name), is_numeric(field.type), cells)


def _print_lines(columns: list[_Column], widths: list[int], console: Console) -> None:
    # The box itself puts one blank between columns.
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, GAP - 1, 0, 0), pad_edge=False, show_edge=False)
    kept = columns[: len(widths)]
    for column, width in zip(kept, widths, strict=True):
        header = Text(_cut(column.name, width), style="bold")
        grid.add_column(header, justify="right" if column.numeric else "left", width=width, no_wrap=True)
    for cells in zip(*(column.cells for column in kept), strict=True):
        grid.add_row(*(_cell(cell, width) for cell, width in zip(cells, widths, strict=True)))
    console.print(grid)


def _print_vertically(row: pa.Table, console: Console) -> None:
    grid = Table.grid(padding=(0, GAP, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, column in zip(row.schema.names, row.columns, strict=True):
        value = column_values(column)[0]
        cell = Text("NULL", style="dim") if value is None else Text(printable(_tall_text(value), keep="\n"))
        grid.add_row(Text(printable(name)), cell)
    console.print(grid)


def _tall_text(value: Any) -> str:
    """Text where room is no concern: each element of a list of structs on a line of its own."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return "\n".join(json.dumps(json_value(item), ensure_ascii=False) for item in value)
    return text_value(value)


def _cell(cell: str | None, width: int) -> Text:
    return Text("NULL", style="dim") if cell is None else Text(_cut(cell, width))


def _cut(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def _count_line(rows_shown: int, rows: int, columns_shown: int, columns: int) -> str:
    line = "1 row" if rows == 1 else f"{rows:,} rows"
    if rows_shown < rows:
        line += f", the first {rows_shown:,} shown"
    if columns_shown < columns:
        line += f"; {columns_shown} of {columns} columns shown"
    return line
