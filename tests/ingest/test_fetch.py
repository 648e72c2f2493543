"""Where a fetch may be led: never from the open network into this machine's own. No test here leaves the machine."""

from __future__ import annotations

import httpx
import pytest

from janus_lab.errors import UrlFailed
from janus_lab.ingest.fetch import _follow

PUBLIC = "http://1.1.1.1/page"


def follow(start: str, to: str, asked: list[str] | None = None) -> bytes:
    asked = [] if asked is None else asked

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": to}) if request.url == start else httpx.Response(200, text="in")

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        return _follow(client, httpx.URL(start), 100, asked.append).data


@pytest.mark.parametrize(
    "inside",
    [
        "http://127.0.0.1:8888/api",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.1.2.3/",
        "http://192.168.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "//127.0.0.1/",
    ],
)
def test_a_page_of_the_open_network_can_not_lead_inside(inside):
    with pytest.raises(UrlFailed, match="own network"):
        follow(PUBLIC, inside)


@pytest.mark.parametrize(
    ("start", "to"), [(PUBLIC, "/other"), (PUBLIC, "https://9.9.9.9/"), ("http://127.0.0.1/", "http://127.0.0.1:81/")]
)
def test_other_redirects_are_followed(start, to):
    assert follow(start, to) == b"in"


def test_no_redirect_leads_to_a_file():
    with pytest.raises(UrlFailed, match="file:"):
        follow(PUBLIC, "file:///etc/passwd")


def test_a_turn_is_awaited_at_every_host_that_is_asked():
    asked: list[str] = []
    assert follow("http://127.0.0.1/", "http://127.0.0.2:81/", asked) == b"in"
    assert asked == ["127.0.0.1", "127.0.0.2"]


def test_no_turn_is_awaited_where_nothing_is_asked():
    asked: list[str] = []
    with pytest.raises(UrlFailed):
        follow(PUBLIC, "http://127.0.0.1/", asked)
    assert asked == ["1.1.1.1"]
