"""Janus Lab: a Jupyter-native, local-first research workbench.

`open_lab()` does in Python what `%janus` does in a notebook and `janus` in a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from janus_lab.compose import migrate as migrate
    from janus_lab.compose import open_lab as open_lab
    from janus_lab.lab import Lab as Lab

__version__ = "0.1.0"
__all__ = ["Lab", "__version__", "load_ipython_extension", "migrate", "open_lab", "unload_ipython_extension"]


def __getattr__(name: str) -> Any:
    # Public names load on first use, so that `%load_ext janus_lab` and `janus --help` stay fast.
    if name == "open_lab":
        from janus_lab.compose import open_lab

        return open_lab
    if name == "migrate":
        from janus_lab.compose import migrate

        return migrate
    if name == "Lab":
        from janus_lab.lab import Lab

        return Lab
    raise AttributeError(name)


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext janus_lab`."""
    from janus_magics import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Called by `%unload_ext janus_lab`."""
    from janus_magics import unload_ipython_extension as unload

    unload(shell)
