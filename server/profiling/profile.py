"""What a profile says of a column. Values are texts, as DuckDB casts them, cut to `TEXT_CHARS_MAX` characters."""

from dataclasses import dataclass, replace

TEXT_CHARS_MAX = 200
TOP_VALUES_MAX = 10
BINS_MAX = 20
SAMPLE_ROWS = 20_000  # that top values are taken from: of more rows, each is among them with the same chance


@dataclass(frozen=True)
class TopValue:
    """row_count: exact if the sample was all rows, else what the sample says of all."""

    value: str
    row_count: int


@dataclass(frozen=True)
class Bin:
    """Values above `lower` up to `upper`; in the first bin `lower` is among them. The bounds of a personal column are
    None. row_count is exact."""

    lower: str | None
    upper: str | None
    row_count: int


@dataclass(frozen=True)
class ColumnProfile:
    """path: the column's name, or names of a struct's column and of its members, with dots. What does not apply to its
    type is None.

    distinct_count: exact if the sample is all rows, else an estimate. non_finite_count: rows with NaN or an infinity,
    which minimum, maximum, mean and histogram leave out. mean: of numbers. lengths: characters of texts, bytes of
    blobs, items of lists and maps. withheld: the column is personal, so that minimum, maximum, mean, top_values and the
    bounds of the histogram are not told.
    """

    column_id: int
    path: str
    null_count: int
    distinct_count: int | None
    non_finite_count: int | None
    minimum: str | None
    maximum: str | None
    mean: float | None
    length_min: int | None
    length_mean: float | None
    length_max: int | None
    top_values: tuple[TopValue, ...] | None
    histogram: tuple[Bin, ...] | None
    withheld: bool


def without_values(column: ColumnProfile) -> ColumnProfile:
    """What may be told of it where it is personal."""
    bins = column.histogram
    return replace(
        column,
        minimum=None,
        maximum=None,
        mean=None,
        top_values=None,
        histogram=None if bins is None else tuple(Bin(None, None, each.row_count) for each in bins),
        withheld=True,
    )


@dataclass(frozen=True)
class TableProfile:
    """snapshot: the lake's that was read. sampled_rows: what top values were taken from. unreadable: paths of columns
    that DuckDB can't read."""

    table_id: int
    snapshot: int
    row_count: int
    sampled_rows: int
    columns: tuple[ColumnProfile, ...]
    unreadable: tuple[str, ...]
