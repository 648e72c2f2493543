"""A process that starts one engine and stays with it, so that nothing of the engine outlives whoever wanted it.

It adopts what the engine leaves behind (a daemon such as Erlang's port mapper), ends everything when its own parent is gone,
and holds a lock on the engine's folder meanwhile. Run as a program:
keeper.py [--detached] --folder F --user U --stop-signal N --grace SECONDS -- COMMAND...
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import psutil

LOCK = "keeper.lock"
LOG = "engine.log"
TAKEN = 75
"""The exit status of a keeper that found another one in the same folder."""
_PAUSE_SECONDS = 0.1
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def keeping(folder: Path) -> psutil.Process | None:
    """The keeper of this folder, whichever process started it, or None."""
    try:
        number = int((folder / LOCK).read_text(encoding="ascii") or 0)
        found = psutil.Process(number) if number else None
        # Another program may have got the number of a keeper that is gone.
        ours = found and found.status() != psutil.STATUS_ZOMBIE and f"--folder={folder}" in found.cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    return found if ours else None


def main(arguments: list[str]) -> int:
    """Start the engine, wait for its end, our parent's, or a signal; then leave nothing of it."""
    options = _parse(arguments)
    lock = os.open(options.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return TAKEN
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    parent = None if options.detached else os.getppid()
    engine = _start(options)
    while engine.poll() is None and not asked and (parent is None or os.getppid() == parent):
        time.sleep(_PAUSE_SECONDS)
        _reap_adopted(engine.pid)
    status = _end(engine, options.stop_signal, options.grace)
    _end_all()
    return status


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--detached", action="store_true")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--user")
    parser.add_argument("--stop-signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--grace", type=float, default=30.0)
    parser.add_argument("command", nargs="+")
    return parser.parse_args(arguments)


def _start(options: argparse.Namespace) -> subprocess.Popen[bytes]:
    # The engine's own end does not wait for us: were we killed, the kernel would kill it.
    # subprocess changes the user first and calls this afterwards; the other way round the kernel would forget it.
    with (options.folder / LOG).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - the command is ours, built from compose.yaml
            options.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=options.folder,
            umask=0o077,
            user=options.user,
            group=options.user and _group(options.user),
            extra_groups=[] if options.user else None,
            preexec_fn=lambda: _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509 - we have no threads
        )


def _group(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def _reap_adopted(engine: int) -> None:
    """Bury children that came to us when their parent ended; the engine itself is `subprocess`'s."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(ChildProcessError):
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid == engine:
                return
            os.waitpid(ended.si_pid, 0)


def _end(engine: subprocess.Popen[bytes], stop_signal: int, grace: float) -> int:
    if engine.poll() is None:
        engine.send_signal(stop_signal)
    try:
        return engine.wait(grace)
    except subprocess.TimeoutExpired:
        return -signal.SIGKILL


def _end_all() -> None:
    """Kill and reap whatever descends from us."""
    while left := psutil.Process().children(recursive=True):
        for process in left:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(left, timeout=5)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
