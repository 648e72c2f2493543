"""A stream whose worker was lost never says anything twice, nor two replies in one."""

import pytest

from janus_lab.errors import ModelFailed
from janus_lab.serve.retelling import Retelling
from janus_lab.values.event import Event, EventKind


def heard(*told):
    """The text that a client is sent: texts are words, numbers are attempts."""
    retelling = Retelling()
    sent = []
    for one in told:
        word = isinstance(one, str)
        kind, data = (
            (EventKind.TOKEN, {"text": one}) if word else (EventKind.STATE, {"state": "running", "attempt": one})
        )
        sent.append(retelling.fresh(Event("r", kind, data, 0.0)))
    retelling.end()
    return "".join(sent)


def test_one_attempt_is_told_as_it_comes():
    assert heard(1, "Lima", " is", " old") == "Lima is old"


@pytest.mark.parametrize("again", [("Lima", " is", " old"), ("Li", "ma is old"), ("Lima is old",)])
def test_what_a_later_attempt_repeats_is_left_out(again):
    assert heard(1, "Lima", " is", 2, *again) == "Lima is old"
    assert heard(1, "Lima", " is", 2, "Li", 3, *again) == "Lima is old"


@pytest.mark.parametrize("again", [("Lagos",), ("Lima", " was"), ("Lima",)])
def test_another_reply_is_an_error(again):
    with pytest.raises(ModelFailed, match="anew"):
        heard(1, "Lima", " is", 2, *again)
