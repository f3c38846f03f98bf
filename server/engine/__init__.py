"""DuckDB with DuckLake attached: start-up, cursors, running statements, streams. Knows no sessions and no policy."""
