"""The results as a table on the terminal, as JSON and Markdown files, and in docs/benchmarks.md."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

from tests.benches.kit.machine import Machine
from tests.benches.kit.rows import Row, Value
from tests.benches.kit.timing import Measured

MAIN_PART = "results"
COLUMNS = ("ours: reference", "ours", "reference", "unit", "ratio", "target", "met", "note")
MET = {True: "yes", False: "**missed**", None: ""}


@dataclass(frozen=True)
class Report:
    """rows: by the name of their bench. series: numbers over time, for the JSON file alone."""

    measured_at: datetime
    machine: Machine
    rows: Sequence[tuple[str, Row]]
    series: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def stem(self, part: str) -> str:
        ending = "" if part == MAIN_PART else f"-{part}"
        return f"{self.measured_at:%Y-%m-%d}-{self.machine.name}{ending}"

    def write(self, folder: Path, part: str = MAIN_PART) -> Path:
        """Write the JSON file, and the Markdown one beside it that is returned. part: of the page that it is for."""
        folder.mkdir(parents=True, exist_ok=True)
        fields = {"measured_at": self.measured_at.isoformat(), "machine": asdict(self.machine)}
        rows = [{"bench": bench} | asdict(row) for bench, row in self.rows]
        series = {"series": dict(self.series)} if self.series else {}
        text = json.dumps(fields | {"rows": rows} | series, indent=1, ensure_ascii=False)
        (folder / f"{self.stem(part)}.json").write_text(text + "\n", encoding="utf-8")
        file = folder / f"{self.stem(part)}.md"
        file.write_text(self.markdown(), encoding="utf-8")
        return file

    def markdown(self) -> str:
        machine = self.machine
        load = ", ".join(f"{value:.2f}" for value in machine.load_at_start)
        versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
        head = [
            f"Measured {self.measured_at:%Y-%m-%d %H:%M} UTC on {machine.cpu}, {machine.cores} cores, "
            f"{machine.memory_bytes / 2**30:.0f} GiB, {machine.system}; load average at the start {load}; "
            f"commit {machine.commit or 'unknown'}.",
            "",
            f"Versions: {versions}.",
            "",
            _line(COLUMNS),
            _line("---" for _ in COLUMNS),
        ]
        return "\n".join([*head, *(_line(_cells(row)) for _, row in self.rows)]) + "\n"

    def table(self) -> Table:
        table = Table(*COLUMNS)
        for _, row in self.rows:
            style = {True: "green", False: "red", None: "dim"}[row.met]
            table.add_row(*(cell.replace("*", "") for cell in _cells(row)), style=style)
        return table

    def put_into(self, page: Path, part: str = MAIN_PART) -> None:
        """Replace what stands between the part's two marks on a page. Raises ValueError if it has none."""
        text = page.read_text(encoding="utf-8")
        begin, end = marks(part)
        before, found, rest = text.partition(begin)
        _, found_too, after = rest.partition(end)
        if not found or not found_too:
            raise ValueError(f"{page.name} has no marks for the {part}")
        page.write_text(f"{before}{begin}\n\n{self.markdown()}\n{end}{after}", encoding="utf-8")


def marks(part: str) -> tuple[str, str]:
    return f"<!-- {part}: begin -->", f"<!-- {part}: end -->"


def now() -> datetime:
    return datetime.now(UTC)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row) -> Iterator[str]:
    yield row.what
    yield _shown(row.ours)
    yield _shown(row.reference)
    yield row.unit
    yield "" if row.ratio is None else _figure(row.ratio)
    yield row.target
    yield MET[row.met]
    yield row.note


def _shown(value: Value | None) -> str:
    match value:
        case None:
            return ""
        case Measured():
            return f"{_figure(value.median)} ({_figure(value.least)} to {_figure(value.most)})"
    return _figure(value)


def _figure(value: float) -> str:
    """Three figures, without an exponent."""
    for limit, digits in ((10, 2), (100, 1)):
        if abs(value) < limit:
            return f"{value:.{digits}f}"
    return f"{value:,.0f}"
