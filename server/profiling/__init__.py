"""Profiles of columns: what values are in them, counted in one pass over a table, and kept with the snapshot read."""
