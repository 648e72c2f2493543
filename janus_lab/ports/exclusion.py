"""One at a time: whoever changes what others may be changing too."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Protocol


class Exclusion(Protocol):
    """Names that one holder has at a time, across threads and, where the store is a server, across processes and machines.

    A holder that dies lets go at once. It is no queue: who waits longest need not come first.
    """

    def hold(self, names: Collection[str]) -> AbstractContextManager[None]:
        """Hold all of these names inside, waiting for whoever holds one; never nested.

        They are taken in one order, so that two holders can't wait for each other. Raises StoreUnreachable, also at the end
        of the context if the names may have been another's meanwhile.
        """
        ...
