"""Logs as events with fields: one JSON line each, ids bound once per message, personal data never."""

import logging
import sys

import structlog

from shared.settings import Settings


def configure(service: str, settings: Settings) -> None:
    """Set up structlog for this process; call once, first thing."""
    level = logging.getLevelNamesMapping()[settings.ilkim_log_level.upper()]
    shape: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if settings.ilkim_log_format == "console":
        shape = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    # Libraries log through the standard library: only their warnings matter here.
    logging.basicConfig(level=max(level, logging.WARNING), format="%(name)s: %(message)s", stream=sys.stdout)
