"""Names into SQL text: the one place that quotes."""


def identifier(name: str) -> str:
    """Quote one identifier."""
    return '"' + name.replace('"', '""') + '"'


def qualified(*names: str) -> str:
    """Quote a dotted name: qualified('lakehouse', 'main', 't')."""
    return ".".join(identifier(name) for name in names)


def literal(text: str) -> str:
    """Quote a string for the few statements that take no bound values (ATTACH, SET, COMMENT)."""
    return "'" + text.replace("'", "''") + "'"
