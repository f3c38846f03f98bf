"""`python -m tests.benches [--quick] [NAME …]`: measure, print, and keep the results of a whole run."""

from pathlib import Path

import click
from rich.console import Console

from tests.benches.kit.context import FULL, QUICK
from tests.benches.runner import BENCHES, measure

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(sorted(BENCHES)))
@click.option("--quick", is_flag=True, help="Tiny sizes: does it run? The times mean nothing.")
def main(names: tuple[str, ...], quick: bool) -> None:
    """Measure all benches, or those named. Only a whole run at full size goes into the results and the docs."""
    console = Console()
    report = measure(names or tuple(BENCHES), QUICK if quick else FULL, lambda what: console.print(f"{what} …"))
    console.print(report.table())
    whole = not names and not quick
    file = report.write(RESULTS if whole else RESULTS / "local")
    if whole:
        report.put_into(PAGE)
    console.print(f"written to {file}")


if __name__ == "__main__":
    main()
