"""Which cell of a notebook asks, for people who look at runs later."""

from __future__ import annotations

import os
import sys
from pathlib import PurePath


def asking_cell() -> str:
    """Such as "In [12] of wind.ipynb", or "In [12]" in a shell without a file; "" where no IPython runs.

    Jupyter's servers tell a kernel its notebook through the environment, VS Code through a variable; others tell none.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    # A shell's counter is at this cell or already at the next one, as its version is; the inputs are noted in any case.
    number = len(shell.history_manager.input_hist_parsed) - 1 if shell is not None else 0
    if shell is None or number < 1:
        return ""
    notebook = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    name = PurePath(str(notebook)).name
    return f"In [{number}] of {name}" if name else f"In [{number}]"
