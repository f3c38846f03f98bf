"""Many values looked for at once: in bytes, in files and in columns."""
