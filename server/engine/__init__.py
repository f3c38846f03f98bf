"""DuckDB with DuckLake attached: start-up, cursors, running statements, result streams. Knows no sessions and no policy."""
