"""`python -m qdrant_stand_in FOLDER PORT`; the key, if there is to be one, stands in the environment variable STAND_IN_KEY."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from qdrant_stand_in.service import serve

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    serve(Path(sys.argv[1]), int(sys.argv[2]), os.environ.get("STAND_IN_KEY", ""))
