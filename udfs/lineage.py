"""What `catalog.functions` shows of column_sources and column_targets, macros over `catalog.lineage_edges`."""

from udfs.binding import SqlFunction

FUNCTIONS = [
    SqlFunction(
        "column_sources",
        "table",
        "column_sources(dataset VARCHAR [, column VARCHAR]) -> source_dataset, source_column, target_dataset,"
        " target_column, kind, transformation, is_direct, source_exists",
        "Where a column came from: every step back to files and first tables. is_direct: values flow all the way,"
        " rather than decide about rows. Without a column, of the whole dataset.",
        "SELECT count(*) FROM column_sources('python_reference', 'body')",
    ),
    SqlFunction(
        "column_targets",
        "table",
        "column_targets(dataset VARCHAR [, column VARCHAR]) -> target_dataset, target_column, source_dataset,"
        " source_column, kind, transformation, is_direct, target_exists",
        "Where a column goes: every table, view and index that was made from it. Without a column, from the whole"
        " dataset.",
        "SELECT count(*) FROM column_targets('python_reference', 'body')",
    ),
]
