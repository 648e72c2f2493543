from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from janus_lab.adapters.backend.text_pieces import TextPieces


def everything(data, stop, size):
    """What is told of `data` when it comes `size` bytes at a time."""
    pieces = TextPieces(stop)
    parts = [pieces.push(data[n : n + size]) for n in range(0, len(data), size)]
    return [*parts, pieces.push(b"", last=True)], pieces.stopped


@given(text=st.text(max_size=40), size=st.integers(1, 5))
def test_characters_come_whole_however_their_bytes_are_cut(text, size):
    parts, stopped = everything(text.encode(), (), size)
    assert "".join(parts) == text
    assert not stopped


@given(text=st.text("ab\n", max_size=30), stop=st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=3))
def test_everything_before_the_first_stop_and_nothing_of_it(text, stop):
    parts, stopped = everything(text.encode(), stop, 1)
    told = "".join(parts)
    assert text.startswith(told)
    assert stopped == any(s in text for s in stop)
    assert not any(s in told for s in stop)
    if not stopped:
        assert told == text


def test_text_is_told_as_soon_as_it_is_certain():
    pieces = TextPieces(["END"])
    assert pieces.push(b"one E") == "one "
    assert pieces.push(b"lse") == "Else"
    assert pieces.push(b" EN") == " "
    assert pieces.push(b"D more") == ""
    assert pieces.stopped
    assert pieces.push(b"after", last=True) == ""


def test_broken_bytes_at_the_end_become_one_sign():
    parts, _ = everything("é".encode()[:1], (), 1)
    assert parts == ["", "�"]
