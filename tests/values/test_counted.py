"""Numbers of things in words."""

import pytest

from janus_lab.values.counted import count


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (1, "document", "1 document"),
        (0, "document", "0 documents"),
        (1200, "file", "1,200 files"),
        (2, "query", "2 queries"),
        (3, "key", "3 keys"),
        (2, "process", "2 processes"),
        (2, "index", "2 indexes"),
    ],
)
def test_the_noun_follows_the_number(number, noun, words):
    assert count(number, noun) == words
