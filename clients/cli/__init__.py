"""The command line client: `python -m clients.cli --help`."""
