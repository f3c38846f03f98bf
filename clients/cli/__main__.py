"""`python -m clients.cli`."""

from clients.cli.root import cli

if __name__ == "__main__":
    cli(prog_name="lakehouse")
