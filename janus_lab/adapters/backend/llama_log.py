"""What llama.cpp logs: kept out of everyone's terminal, and its errors at hand for our own messages.

llama.cpp has one log for the whole process, hence the state of this module.
"""

from __future__ import annotations

import ctypes
import logging
from collections import deque

_ERROR_LEVEL = 4
_logger = logging.getLogger("janus_lab.llama_cpp")
_errors: deque[str] = deque(maxlen=4)
_keep: list[object] = []


def quiet() -> None:
    """Send llama.cpp's log to Python's at debug level, from now on."""
    import llama_cpp

    if not _keep:
        callback = llama_cpp.llama_log_callback(_record)
        _keep.append(callback)
        llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    _errors.clear()


def last_error() -> str:
    """The last thing llama.cpp logged as an error since `quiet`, or "no reason given"."""
    return _errors[-1] if _errors else "no reason given"


def _record(level: int, text: bytes, _data: object) -> None:
    line = text.decode("utf-8", "replace").strip()
    if level == _ERROR_LEVEL:
        _errors.append(line)
    if len(line) > 1:  # progress comes as single dots
        _logger.debug("%s", line)
