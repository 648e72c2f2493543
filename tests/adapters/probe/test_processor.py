"""What the operating system tells of processors."""

from __future__ import annotations

import os

from janus_lab.adapters.probe.processor import processor

INTEL = """\
processor\t: 0
model name\t: Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz
flags\t\t: fpu sse4_2 avx2 avx512f avx512_vnni

processor\t: 1
model name\t: another
flags\t\t: fpu
"""
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm sve\nModel\t\t: Raspberry Pi 5 Model B\n"


def test_the_first_processor_speaks_for_all(tmp_path):
    (tmp_path / "cpuinfo").write_text(INTEL)
    found = processor(tmp_path / "cpuinfo")
    assert found.name == "Intel(R) Xeon(R) Platinum 8358 CPU @ 2.60GHz"
    assert found.instructions == ("avx2", "avx512f", "avx512_vnni")
    assert found.threads == len(os.sched_getaffinity(0))


def test_other_makers_words_are_understood(tmp_path):
    (tmp_path / "cpuinfo").write_text(ARM)
    found = processor(tmp_path / "cpuinfo")
    assert (found.name, found.instructions) == ("Raspberry Pi 5 Model B", ("asimddp", "i8mm", "sve"))


def test_a_system_that_tells_nothing_still_has_processors(tmp_path):
    found = processor(tmp_path / "nothing")
    assert found.threads >= 1
    assert found.instructions == ()
