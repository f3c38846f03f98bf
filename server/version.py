"""The version of the server, as SqlInfo and health tell it."""

VERSION = "0.1.0"
