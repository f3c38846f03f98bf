"""Names of columns and fields as DuckDB tells them apart."""

from string import ascii_lowercase, ascii_uppercase

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def folded(name: str) -> str:
    """Equal for names that are the same to DuckDB: in other letter case, but of A to Z alone. `Ä` and `ä` are two."""
    return name.translate(_LOWER)
