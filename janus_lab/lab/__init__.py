"""The facade: what users call."""

from janus_lab.lab.front import Lab

__all__ = ["Lab"]
