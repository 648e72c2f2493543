"""What the stand-in refuses."""

from __future__ import annotations


class Refused(Exception):
    """An answer with this status and Qdrant's form of an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
