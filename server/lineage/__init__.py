"""Column lineage: which columns a table or view was made from, read off each statement and kept with its commit.

`origins` and `relations` say what a column comes from; `queries`, `sources` and `expressions` find it out for a query;
`statements` for what writes; `recording` keeps it, `graph` and the views in `catalog_sql` read it.
"""
