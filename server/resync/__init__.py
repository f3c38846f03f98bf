"""Resync: a catalog that disagrees with its files, found and repaired."""
