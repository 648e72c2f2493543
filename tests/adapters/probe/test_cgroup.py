"""What control groups leave of a machine: files as the kernel writes them, of both versions, in and outside of containers."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from janus_lab.adapters.probe.cgroup import ControlGroups, MemoryLevel
from janus_lab.adapters.probe.host import Memory, Processors, measure_memory

MB = 1 << 20
V2 = "35 25 0:29 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "32 31 0:29 {0} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 {0} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)


@pytest.fixture
def groups(tmp_path):
    """The control groups of a system whose files are these, by path."""

    def find(files):
        for path, text in files.items():
            file = tmp_path / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return ControlGroups(tmp_path)

    find.root = tmp_path
    return find


def v2(path="/", **own):
    """A system of version 2 whose process is in `path`, with these files there."""
    files = {
        "/proc/self/mountinfo": f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n{V2}",
        "/proc/self/cgroup": f"0::{path}\n",
        "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
    }
    folder = f"/sys/fs/cgroup{path.rstrip('/')}"
    return {**files, **{f"{folder}/{name.replace('__', '.')}": f"{value}\n" for name, value in own.items()}}


def v1(mounted="/", path="/", **own):
    return {
        "/proc/self/mountinfo": V1.format(mounted),
        "/proc/self/cgroup": f"5:memory:{path}\n4:cpu,cpuacct:{path}\n0::/\n",
        **{f"/sys/fs/cgroup/{name}": f"{value}\n" for name, value in own.items()},
    }


STAT = "anon 1000\nfile 900000000\ninactive_file 209715200\nactive_file 104857600\nslab_reclaimable 1048576\n"


def test_version_2_in_a_container(groups):
    found = groups(
        v2(
            memory__max=4096 * MB,
            memory__high="max",
            memory__current=1024 * MB,
            memory__stat=STAT,
            cpu__max="150000 100000",
            cpu__stat="usage_usec 2500000\nuser_usec 1\n",
        )
    )
    assert found.memory() == [MemoryLevel(4096 * MB, 1024 * MB - 301 * MB)]
    assert found.processors() == 1.5
    assert found.processor_seconds() == 2.5


def test_version_2_without_limits(groups):
    found = groups(v2(memory__max="max", memory__current=5, cpu__max="max 100000"))
    assert found.memory() == []
    assert found.processors() is None


def test_every_level_up_to_the_top_counts(groups):
    files = v2("/slice/unit", memory__max=4096 * MB, memory__current=10 * MB, cpu__max="400000 100000")
    files["/sys/fs/cgroup/slice/memory.max"] = f"{2048 * MB}\n"
    files["/sys/fs/cgroup/slice/memory.high"] = f"{1024 * MB}\n"
    files["/sys/fs/cgroup/slice/memory.current"] = f"{900 * MB}\n"
    files["/sys/fs/cgroup/slice/cpu.max"] = "250000 100000\n"
    found = groups(files)
    assert found.memory() == [MemoryLevel(4096 * MB, 10 * MB), MemoryLevel(1024 * MB, 900 * MB)]
    assert found.processors() == 2.5


def test_version_1_in_a_container_that_sees_only_its_own_folder(groups):
    found = groups(
        v1(
            "/docker/abc",
            "/docker/abc",
            **{
                "memory/memory.limit_in_bytes": 2048 * MB,
                "memory/memory.usage_in_bytes": 700 * MB,
                "memory/memory.stat": "inactive_file 7\ntotal_inactive_file 104857600\ntotal_active_file 104857600",
                "cpu,cpuacct/cpu.cfs_quota_us": 50_000,
                "cpu,cpuacct/cpu.cfs_period_us": 100_000,
                "cpu,cpuacct/cpuacct.usage": 3_000_000_000,
            },
        )
    )
    assert found.memory() == [MemoryLevel(2048 * MB, 500 * MB)]
    assert found.processors() == 0.5
    assert found.processor_seconds() == 3.0


def test_version_1_without_limits(groups):
    unlimited = {"memory/memory.limit_in_bytes": 9223372036854771712, "memory/memory.usage_in_bytes": 5}
    found = groups(v1(**unlimited, **{"cpu,cpuacct/cpu.cfs_quota_us": -1, "cpu,cpuacct/cpu.cfs_period_us": 100_000}))
    assert found.memory() == []
    assert found.processors() is None


def test_both_versions_at_once_as_systemd_sets_them_up(groups):
    files = v1(**{"memory/memory.limit_in_bytes": 64 * MB, "memory/memory.usage_in_bytes": 5 * MB})
    files["/proc/self/mountinfo"] += V2.replace("/sys/fs/cgroup ", "/sys/fs/cgroup/unified ")
    files["/sys/fs/cgroup/unified/cgroup.controllers"] = "\n"
    assert groups(files).memory() == [MemoryLevel(64 * MB, 5 * MB)]


@pytest.mark.parametrize("path", ["/not/to/be/seen", "/../../outside"])
def test_a_folder_that_can_not_be_seen_leaves_the_one_that_can(groups, path):
    files = v2(memory__max=64 * MB, memory__current=5 * MB)
    files["/proc/self/cgroup"] = f"0::{path}\n"
    assert groups(files).memory() == [MemoryLevel(64 * MB, 5 * MB)]


def test_a_system_without_control_groups_has_no_limits(groups):
    found = groups({})
    assert (found.memory(), found.processors(), found.processor_seconds()) == ([], None, None)


def test_a_limit_that_is_changed_counts_from_then_on(groups):
    files = v2(memory__max=64 * MB, memory__current=5 * MB)
    found = groups(files)
    groups(v2(memory__max=32 * MB))
    assert found.memory() == [MemoryLevel(32 * MB, 5 * MB)]


def steadily(found):
    """The machine's memory, and what is told of it while others neither take nor free much."""
    while True:
        before, told, after = psutil.virtual_memory(), measure_memory(found), psutil.virtual_memory()
        if abs(before.available - after.available) < 100 * MB:
            return before, told


def test_the_machine_s_own_memory_counts_as_well(groups):
    limited = measure_memory(groups(v2(memory__max=64 * MB, memory__current=50 * MB)))
    assert limited == Memory(64 * MB, 50 * MB, limited=True)
    total = psutil.virtual_memory().total
    whole, generous = steadily(groups(v2(memory__max=total * 2, memory__current=50 * MB)))
    assert generous.total == whole.total
    assert not generous.limited
    assert abs(generous.used - (whole.total - whole.available)) < 500 * MB


def test_a_limit_near_the_machine_s_own_leaves_what_the_machine_has_left(groups):
    total = psutil.virtual_memory().total
    whole, found = steadily(groups(v2(memory__max=total - MB, memory__current=0)))
    assert found.total - found.used <= whole.available + 500 * MB


def test_a_container_s_share_of_the_processors_counts(groups, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("janus_lab.adapters.probe.host.time", SimpleNamespace(monotonic=lambda: now[0]))
    found = groups(v2(cpu__max="50000 100000", cpu__stat="usage_usec 1000000"))
    processors = Processors(found)
    now[0] += 1.0
    groups(v2(cpu__stat="usage_usec 1250000"))
    count, load, limited = processors.measure()
    assert (count, limited) == (0.5, True)
    assert load == pytest.approx(0.5)
