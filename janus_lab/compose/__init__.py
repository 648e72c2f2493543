"""Where a lab is put together: settings choose adapters, and whatever was opened is closed again."""

from janus_lab.compose.client import open_lab

__all__ = ["open_lab"]
