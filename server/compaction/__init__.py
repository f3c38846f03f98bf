"""Compaction: a table's small files merged and its deleted rows dropped from its files, verified before the commit."""
