from __future__ import annotations

import pytest

from janus_lab.errors import RunCancelled
from janus_lab.serve.shapes import ChatShape, TextShape
from janus_lab.values.chat import ChatReply
from janus_lab.values.generation import FinishReason


@pytest.mark.parametrize("shape", [ChatShape(), TextShape()])
def test_a_reply_that_was_cut_is_never_told_as_complete(shape):
    cut = ChatReply("half a", FinishReason.CANCELLED, "m", 3, 2, "run")
    for telling in (shape.choice, shape.closing):
        with pytest.raises(RunCancelled):
            telling(cut)


@pytest.mark.parametrize("finish", [reason for reason in FinishReason if reason is not FinishReason.CANCELLED])
def test_every_other_end_is_told_in_words_of_the_protocol(finish):
    reply = ChatReply("all", finish, "m", 3, 2, "run")
    assert ChatShape().choice(reply)["finish_reason"] in ("stop", "length", "tool_calls")
