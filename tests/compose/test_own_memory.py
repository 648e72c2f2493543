"""What this process uses of accelerators, through the driver's library."""

from __future__ import annotations

import os

from janus_lab.compose.own_memory import own_accelerator_use
from janus_lab.settings import load_settings

GB = 1 << 30


def test_only_its_own_use_is_told(nvidia, tmp_path):
    settings = load_settings(tmp_path)
    for index in range(2):
        nvidia.device(index, total=80 * GB, free=60 * GB)
    nvidia.process(0, os.getpid(), 5 * GB).process(1, os.getppid(), 6 * GB).write()
    assert own_accelerator_use(settings) == {"vram:0": 5 * GB}


def test_without_accelerators_there_is_none(nvidia, tmp_path):
    assert own_accelerator_use(load_settings(tmp_path)) == {}
