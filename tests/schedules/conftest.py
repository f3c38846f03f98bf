"""The places for a lake that its own tests have."""

from tests.lake.conftest import on_postgres, postgres

__all__ = ["on_postgres", "postgres"]
