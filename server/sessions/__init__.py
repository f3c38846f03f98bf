"""A caller's session: its schema and time zone, statements, transactions, and results that wait to be fetched."""
