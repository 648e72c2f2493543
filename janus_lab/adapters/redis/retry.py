"""When a command to a Redis-compatible server is given again. Imports the driver: for whoever opens a client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from redis.exceptions import AuthenticationError
from redis.exceptions import TimeoutError as Silence
from redis.retry import Retry

Answer = TypeVar("Answer")

_SILENCES = 1
"""So often a server that did not answer is asked again: each time takes as long as a reply may."""


class UnlessRefused(Retry):
    """The driver's own retries, but few of a server that is silent, and none of a password that is refused.

    The driver counts the latter as a lost connection.
    """

    def call_with_retry(
        self,
        do: Callable[[], Answer],
        fail: Callable[[Exception], Any] | Callable[[Exception, int], Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,  # noqa: FBT001, FBT002 - the driver's own signature
    ) -> Answer:
        """The answer of `do`, which is called again after what may pass."""
        silences = 0

        def passes(error: Exception) -> bool:
            nonlocal silences
            silences += isinstance(error, Silence)
            if silences > _SILENCES:
                return False
            return not isinstance(error, AuthenticationError) and (is_retryable is None or is_retryable(error))

        return super().call_with_retry(do, fail, passes, with_failure_count)
