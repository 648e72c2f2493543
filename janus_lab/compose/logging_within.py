"""Where our log goes in somebody else's process: to the standard library's logging, which they direct."""

from __future__ import annotations


def log_to_standard_logging() -> None:
    """Let it go there unless somebody, such as a worker's process, has said where; nothing is printed into a cell or a script's output."""
    import structlog

    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            # Plain: a richer rendering would show variables, and with them passwords.
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
