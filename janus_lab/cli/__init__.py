"""The terminal face: `janus VERB …`."""

from janus_lab.cli.main import main

__all__ = ["main"]
