"""The catalog: its schema and migrations, and operations on datasets' metadata."""
