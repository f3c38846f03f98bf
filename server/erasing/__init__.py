"""Erasing for good what tombstones took away, from every place of data, and looking for what is left."""
