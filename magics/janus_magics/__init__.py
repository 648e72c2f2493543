"""The notebook face of Janus Lab; load it with `%load_ext janus_lab`."""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Attach `%janus` to a shell. Nothing heavy is imported and no lab is opened before the first verb that needs one."""
    from janus_magics.extension import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take `%janus` away again and close its lab."""
    from janus_magics.extension import unload

    unload(shell)
