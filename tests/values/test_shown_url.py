"""URLs as they may be shown."""

from __future__ import annotations

import pytest

from janus_lab.values.shown_url import shown_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:pw@host:6379/0", "redis://host:6379/0"),
        ("s3://key:a/b?c#d@host:9000/bucket?tls=on", "s3://host:9000/bucket"),
        ("bolt://host", "bolt://host"),
        ("amqp://u:p@q@host/%2F", "amqp://host/%2F"),
        ("sqlite:////data/janus.db", "sqlite:////data/janus.db"),
        ("u:pw@host", "***"),
        ("", ""),
    ],
)
def test_urls_as_they_are_shown(url, shown):
    assert shown_url(url) == shown
