"""The places for a lake that its own tests have."""

from tests.lake.conftest import on_postgres, on_s3, place, postgres, s3

__all__ = ["on_postgres", "on_s3", "place", "postgres", "s3"]
