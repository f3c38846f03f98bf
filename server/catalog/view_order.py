"""The order in which files of views are applied: a view can be made once those that it reads are there."""

from graphlib import TopologicalSorter

MAKES = "CREATE OR REPLACE VIEW "


def in_order(texts: dict[str, str]) -> list[str]:
    """texts: SQL by name of file, each view in full and its MAKES at the beginning of a line. The names, those of files
    that read views of another one after it. Raises graphlib.CycleError where files wait for each other."""
    made_in = {
        line.removeprefix(MAKES).split()[0]: name
        for name, text in texts.items()
        for line in text.splitlines()
        if line.startswith(MAKES)
    }
    needed = {
        name: {made_in[word] for word in _words(text) if word in made_in} - {name} for name, text in texts.items()
    }
    return list(TopologicalSorter(needed).static_order())


def _words(text: str) -> set[str]:
    return {word.strip("(),;") for word in text.split()}
