"""What llama.cpp logs: kept out of everyone's terminal, its errors at hand for our own messages, and what it says of memory.

llama.cpp has one log for the whole process, hence the state of this module.
"""

from __future__ import annotations

import ctypes
import logging
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from janus_lab.adapters.backend.llama_library import imported

_DEBUG_LEVEL, _ERROR_LEVEL = 1, 4
_logger = logging.getLogger("janus_lab.llama_cpp")
_errors: deque[str] = deque(maxlen=4)
_keep: list[object] = []
_listeners: dict[int, list[str]] = {}


def quiet() -> None:
    """Send llama.cpp's log to Python's at debug level, from now on."""
    _listen()
    _errors.clear()


def last_error() -> str:
    """The last thing llama.cpp logged as an error since `quiet`, or "no reason given"."""
    return _errors[-1] if _errors else "no reason given"


@contextmanager
def heard() -> Iterator[list[str]]:
    """The lines that llama.cpp logs while this thread calls it, but for its debugging; other threads may load other models meanwhile."""
    _listen()
    lines: list[str] = []
    _listeners[threading.get_ident()] = lines
    try:
        yield lines
    finally:
        del _listeners[threading.get_ident()]


def _listen() -> None:
    if not _keep:
        llama_cpp = imported()
        callback = llama_cpp.llama_log_callback(_record)
        _keep.append(callback)
        llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))


def _record(level: int, text: bytes, _data: object) -> None:
    line = text.decode("utf-8", "replace").strip()
    if level == _ERROR_LEVEL:
        _errors.append(line)
    if len(line) > 1:  # progress comes as single dots
        _logger.debug("%s", line)
        lines = _listeners.get(threading.get_ident())
        if lines is not None and level != _DEBUG_LEVEL:
            lines.append(line)
