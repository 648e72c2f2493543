"""Where a lab is put together: settings choose adapters, and whatever was opened is closed again."""

from janus_lab.compose.client import open_lab
from janus_lab.compose.migrating import migrate

__all__ = ["migrate", "open_lab"]
