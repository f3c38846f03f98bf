"""Pinned datasets: exact copies in memory that answer queries while they equal the lake. Knows no sessions."""
