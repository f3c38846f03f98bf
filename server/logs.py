"""Structured log lines: one JSON object each, on standard error. Secrets are never passed to a log call."""

import contextlib
import logging
import sys
from typing import TextIO, cast

import structlog


class StandardError:
    """Where lines go. One that can't be written, since nobody reads any more or the disk is full, is lost: a statement
    must not fail for it."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


def configure(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, StandardError())),
        cache_logger_on_first_use=True,
    )


def logger(area: str) -> structlog.typing.FilteringBoundLogger:
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(area=area)
    return bound
