"""The query log: which statements ended, by whom, how, and how long they took."""

from server.querylog.log import QueryLog, Record

__all__ = ["QueryLog", "Record"]
