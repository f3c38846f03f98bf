"""Background jobs: rows in the lake, run by a worker of this process, resumed after any end of it."""
