"""SQL text: quoting, DuckDB's own parse tree, statement kinds, parameters. No execution and no policy."""
