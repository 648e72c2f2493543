"""Ending when told to, in processes of their own: signals are a whole process's."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

_SECOND_WITHIN_THE_FIRST = """
import signal
from janus_lab.jobs.lifeline import told_to_stop

told = told_to_stop()
with told._cond:  # as a signal that arrives while the one before it is being noted
    signal.raise_signal(signal.SIGTERM)
assert told.wait(60)
"""
_WAITING = """
import os
from janus_lab.jobs.lifeline import told_to_stop

told = told_to_stop()
print("ready", flush=True)
told.wait()
os._exit(0)  # a signal in the interpreter's own ending would be the system's affair
"""


def test_a_signal_in_the_midst_of_another_holds_nobody_up():
    subprocess.run([sys.executable, "-c", _SECOND_WITHIN_THE_FIRST], check=True, timeout=120)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_either_signal_ends_it_however_often_it_is_sent(number):
    with subprocess.Popen([sys.executable, "-c", _WAITING], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        for _ in range(20):
            process.send_signal(number)
        assert process.wait(60) == 0
