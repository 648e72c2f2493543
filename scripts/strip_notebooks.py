"""Take outputs, execution counts and widget state out of notebooks, so that a diff shows what a person wrote.

python scripts/strip_notebooks.py FILE...     rewrites files that need it; exits with 1 if it changed any
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

KEPT_METADATA = ("kernelspec",)
KEPT_CELL_METADATA = ("tags",)


def stripped(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook without what running it leaves behind."""
    cells = []
    for cell in notebook["cells"]:
        kept = dict(
            cell, metadata={key: cell["metadata"][key] for key in KEPT_CELL_METADATA if key in cell["metadata"]}
        )
        if cell["cell_type"] == "code":
            kept.update(outputs=[], execution_count=None)
        cells.append(kept)
    metadata = {key: notebook["metadata"][key] for key in KEPT_METADATA if key in notebook["metadata"]}
    return dict(notebook, cells=cells, metadata=metadata)


def strip(path: Path) -> bool:
    """Rewrite one notebook if it needs it; True if it did."""
    before = json.loads(path.read_text(encoding="utf-8"))
    after = stripped(before)
    if after == before:
        return False
    path.write_text(json.dumps(after, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return True


if __name__ == "__main__":
    changed = [name for name in sys.argv[1:] if strip(Path(name))]
    print("\n".join(f"stripped {name}" for name in changed))
    raise SystemExit(bool(changed))
