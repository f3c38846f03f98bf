"""The sample data, and the files that it is read from."""
