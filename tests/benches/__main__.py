"""`python -m tests.benches [--quick] [--seconds N] [NAME …]`: measure, print, and keep the results of a whole run."""

from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from tests.benches.kit.context import FULL, QUICK
from tests.benches.kit.report import MAIN_PART
from tests.benches.runner import BENCHES, LONG, measure

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(sorted(BENCHES | LONG)))
@click.option("--quick", is_flag=True, help="Tiny sizes: does it run? The times mean nothing.")
@click.option("--seconds", type=click.FloatRange(min=1.0), help=f"Length of the soak instead of {FULL.soak_s:g} s.")
def main(names: tuple[str, ...], quick: bool, seconds: float | None) -> None:
    """Measure all benches but those that take long, or those named. Only what was measured whole goes into the results
    and the docs: all benches at full size, or a long one by itself."""
    console = Console()
    sizes = QUICK if quick else FULL
    if seconds is not None:
        sizes = replace(sizes, soak_s=seconds)
    report = measure(names or tuple(BENCHES), sizes, lambda what: console.print(f"{what} …"))
    console.print(report.table())
    part = names[0] if len(names) == 1 and names[0] in LONG else MAIN_PART
    whole = sizes == FULL and (not names or part != MAIN_PART)
    file = report.write(RESULTS if whole else RESULTS / "local", part)
    if whole:
        report.put_into(PAGE, part)
    console.print(f"written to {file}")


if __name__ == "__main__":
    main()
