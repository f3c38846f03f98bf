"""Answers to the metadata commands, one file per command family: the exact published schema and a pure builder."""
