"""ingest_file: every format, whole or not at all, once, and hostile files."""
