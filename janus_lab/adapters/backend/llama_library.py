"""llama.cpp's package, as every module here imports it first."""

from __future__ import annotations

import atexit
from functools import cache
from typing import Any

from janus_lab.adapters.backend.processors import rest_while_waiting
from janus_lab.errors import MissingPackage


@cache
def imported() -> Any:
    """The package. Raises MissingPackage."""
    rest_while_waiting()
    try:
        import llama_cpp
        from llama_cpp import _utils
    except ImportError as error:
        raise MissingPackage(
            "running GGUF models needs the package llama-cpp-python", remedy="pip install 'janus-lab[starter]'"
        ) from error
    # It opens two files at its import, and warns at the end that nobody has closed them.
    for file in (_utils.outnull_file, _utils.errnull_file):
        atexit.register(file.close)
    return llama_cpp
