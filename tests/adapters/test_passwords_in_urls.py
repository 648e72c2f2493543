"""A password that was not percent-encoded makes no URL; no error quotes a part of it, and neither do the error's causes."""

from __future__ import annotations

from traceback import TracebackException

import pytest

from janus_lab.adapters.amqp_client import parameters
from janus_lab.adapters.graph.neo4j_server import address
from janus_lab.adapters.objects.address import read_address
from janus_lab.adapters.redis.client import open_client
from janus_lab.adapters.vector.server.address import parsed
from janus_lab.errors import SettingsError


def open_redis(url):
    with open_client(url, retries=0):
        pass


READERS = {
    "redis": open_redis,
    "rediss": open_redis,
    "amqp": parameters,
    "amqps": parameters,
    "s3": read_address,
    "qdrant": parsed,
    "bolt": address,
}


@pytest.mark.parametrize(
    "password", ["s3cret/hushed", "s3cret?hushed", "s3cret#hushed", "hushed/s3cret", "hushed?s3cret=x"]
)
@pytest.mark.parametrize("scheme", READERS)
def test_an_error_quotes_no_part_of_it(scheme, password):
    with pytest.raises(SettingsError) as caught:
        READERS[scheme](f"{scheme}://user:{password}@127.0.0.1:1/name")
    told = "".join(caught.value.lines()) + "".join(TracebackException.from_exception(caught.value).format())
    assert "s3cret" not in told
    assert "hushed" not in told
