"""Structured logs of the worker, one JSON object a line, in files of bounded size or to standard error."""

from __future__ import annotations

import logging
import logging.handlers
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from janus_lab.errors import SettingsError
from janus_lab.jobs.outages import Outages

if TYPE_CHECKING:
    from structlog.typing import Processor

BYTES_PER_FILE = 2_000_000
OLD_FILES = 3
_DRIVERS = {"pika": "CRITICAL", "httpx": "WARNING", "httpcore": "WARNING", "urllib3": "WARNING", "neo4j": "WARNING"}
"""They tell of every request and every connection, which is for `log_level = "debug"`; what fails is told by whoever asked."""


def log_to_file(file: Path, level: str) -> None:
    """Send everything that is logged in this process, by structlog or by the standard library, to `file`.

    Raises SettingsError for a level that does not exist.
    """
    _log_to(
        lambda: logging.handlers.RotatingFileHandler(
            file, maxBytes=BYTES_PER_FILE, backupCount=OLD_FILES, encoding="utf-8"
        ),
        level,
    )


def log_to_stderr(level: str) -> None:
    """The same to standard error, where a container's engine collects it. Raises SettingsError."""
    _log_to(logging.StreamHandler, level)


def _log_to(open_handler: Callable[[], logging.Handler], level: str) -> None:
    import structlog

    levels = logging.getLevelNamesMapping()
    if level.upper() not in levels:
        raise SettingsError(
            f"there is no log level {level!r}", remedy=f"set log_level to one of: {', '.join(levels).lower()}"
        )
    stamps = structlog.processors.TimeStamper(fmt="iso", utc=True)
    shared: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, stamps]
    handler = open_handler()
    if level.upper() != "DEBUG":
        handler.addFilter(Outages())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _DRIVERS.items():
        logging.getLogger(name).setLevel(logging.NOTSET if level.upper() == "DEBUG" else max(levels[least], root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
