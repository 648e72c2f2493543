"""What a server gets that lays out its memory by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from janus_lab.resources.server_share import server_share
from janus_lab.resources.wish import Room

GB = 1 << 30


def test_the_freest_accelerator_is_taken_most_of():
    share = server_share(
        Room({"ram": 60 * GB, "vram:0": 8 * GB, "vram:1": 20 * GB}, {"vram:0": 22 * GB, "vram:1": 22 * GB})
    )
    assert share.device == "1"
    assert share.needed == {"vram:1": 18 * GB, "ram": 4 * GB}
    assert 0.7 < share.part < 18 / 22


def test_without_an_accelerator_half_of_the_memory():
    share = server_share(Room({"ram": 60 * GB}, {"ram": 64 * GB}))
    assert (share.needed, share.device, share.part) == ({"ram": 30 * GB}, "", 0.0)


@given(st.integers(-GB, 200 * GB), st.integers(0, 200 * GB), st.integers(0, 80 * GB))
def test_it_never_gets_more_than_is_free(ram, budget, used):
    room = Room({"ram": ram, "vram:0": budget - used}, {"ram": 200 * GB, "vram:0": budget})
    share = server_share(room)
    for name, amount in share.needed.items():
        assert amount <= max(0, room.free[name])
    if share.device:
        assert share.part * budget <= share.needed["vram:0"]
