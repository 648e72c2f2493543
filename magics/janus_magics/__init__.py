"""The notebook face of Janus Lab; load it with `%load_ext janus_lab`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from janus_lab.lab import Lab
    from janus_magics.widgets.board_panel import BoardPanel
    from janus_magics.widgets.keys_view import KeysView
    from janus_magics.widgets.models_view import ModelsView
    from janus_magics.widgets.queue_view import QueueView


def load_ipython_extension(shell: Any) -> None:
    """Attach `%janus` to a shell. Nothing heavy is imported and no lab is opened before the first verb that needs one."""
    from janus_magics.extension import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take `%janus` away again and close its lab."""
    from janus_magics.extension import unload

    unload(shell)


def live_board(lab: Lab, machine: str | None = None) -> BoardPanel:
    """A widget with the board of a machine (None: this one), which goes on until the lab is closed."""
    from janus_magics.widgets import live_board as live

    return live.live_board(lab, machine)


def live_queue(lab: Lab, run_id: str | None = None) -> QueueView:
    """A widget with a lab's queues and runs, and one run's steps, which goes on until the lab is closed."""
    from janus_magics.widgets import live_queue as live

    return live.live_queue(lab, run_id)


def live_keys(lab: Lab, pattern: str = "*", *, write: bool = False) -> KeysView:
    """A widget with the keys of a lab's server, which goes on until the lab is closed; only with `write` may they be deleted."""
    from janus_magics.widgets import live_keys as live

    return live.live_keys(lab, pattern, write=write)


def live_models(lab: Lab) -> ModelsView:
    """A widget with a lab's models, where they are loaded, and what is in each memory, which goes on until the lab is closed."""
    from janus_magics.widgets import live_models as live

    return live.live_models(lab)
