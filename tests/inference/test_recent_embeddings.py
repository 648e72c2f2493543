"""A cache in memory keeps what was used last, and no more than its limit."""

from __future__ import annotations

import numpy as np

from janus_lab.inference.recent_embeddings import RecentEmbeddings


def test_what_was_used_longest_ago_makes_room():
    cache = RecentEmbeddings(3)
    cache.put("model", {name: np.full(2, number, np.float32) for number, name in enumerate("abc")})
    cache.get("model", ["a"])
    cache.put("model", {"d": np.zeros(2, np.float32)})
    assert cache.get("model", list("abcd")).keys() == set("acd")
