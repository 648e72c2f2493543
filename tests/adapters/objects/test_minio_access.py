"""Keys, clocks and addresses that a server refuses, and what the doctor says of it."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider

from janus_lab.adapters.objects.minio import open_objects
from janus_lab.adapters.objects.minio_checks import checks
from janus_lab.errors import AccessDenied, SettingsError, StoreFailed, StoreUnreachable
from janus_lab.values.health import Verdict

READING = ("GetBucketLocation", "GetObject", "ListBucket", "ListBucketVersions")


def with_credentials(url: str, user: str, secret: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}:{secret}@{parts.hostname}:{parts.port}").geturl()


@pytest.fixture
def stranger(minio_url: str) -> Callable[..., str]:
    """Makes a user of the server who may do these acts, and gives the URL with that user's key."""
    parts = urlsplit(minio_url)
    admin = MinioAdmin(
        endpoint=f"{parts.hostname}:{parts.port}",
        credentials=StaticProvider(parts.username or "", parts.password or ""),
        secure=False,
    )

    def make(*actions: str) -> str:
        name = f"user-{uuid.uuid4().hex[:12]}"
        admin.user_add(name, "a-long-secret")
        if actions:
            allowed = {"Effect": "Allow", "Action": [f"s3:{act}" for act in actions], "Resource": ["arn:aws:s3:::*"]}
            admin.policy_add(name, policy={"Version": "2012-10-17", "Statement": [allowed]})
            admin.policy_set(name, user=name)
        return with_credentials(minio_url, name, "a-long-secret")

    return make


@pytest.mark.parametrize(("user", "secret"), [("", "wrong-secret"), ("nobody", "wrong-secret")])
def test_a_wrong_key_is_told_apart(minio_url, user, secret):
    url = with_credentials(minio_url, user or urlsplit(minio_url).username or "", secret)
    with pytest.raises(AccessDenied, match="key or the secret") as caught, open_objects(url):
        pass
    assert secret not in "".join(caught.value.lines())
    assert [check.verdict for check in checks(url)][-1] is Verdict.FAILED


def test_a_key_that_may_not_make_the_bucket(minio_url, stranger):
    with pytest.raises(AccessDenied), open_objects(stranger()):
        pass
    with pytest.raises(AccessDenied, match="may not make it"), open_objects(stranger(*READING)):
        pass


def test_a_key_that_may_only_read(minio_url, stranger):
    with open_objects(minio_url) as objects:
        key = objects.put(io.BytesIO(b"bytes"))
    url = stranger(*READING)
    with open_objects(url) as objects:
        assert objects.open(key).read() == b"bytes"
        for act in (lambda: objects.put(io.BytesIO(b"more")), lambda: objects.remove(key)):
            with pytest.raises(AccessDenied, match="may not do this"):
                act()
        assert objects.exists(key)
    failed = [check for check in checks(url) if check.verdict is Verdict.FAILED]
    assert len(failed) == 1
    assert "write" in failed[0].remedy


def test_clocks_that_differ_are_told(minio_url, monkeypatch):
    monkeypatch.setattr("minio.time.utcnow", lambda: datetime.now(UTC) - timedelta(hours=2))
    with pytest.raises(AccessDenied, match="clock") as caught, open_objects(minio_url):
        pass
    assert "timedatectl" in caught.value.remedy


def test_a_clock_that_differs_is_seen_by_the_doctor(minio_url, monkeypatch):
    now = time.time()
    monkeypatch.setattr("janus_lab.adapters.objects.minio_checks.time.time", lambda: now - 300)
    clock = next(check for check in checks(minio_url) if check.name.endswith("clock"))
    assert clock.verdict is Verdict.WARNING
    assert "behind" in clock.detail


def test_the_doctor_finds_a_healthy_server(minio_url):
    assert any("no bucket" in check.detail for check in checks(minio_url))
    with open_objects(minio_url) as objects:
        found = list(checks(minio_url))
        assert [check.verdict for check in found] == [Verdict.OK] * 4
        assert "GiB free" in found[-1].detail
        assert list(objects.keys()) == []
    assert urlsplit(minio_url).password not in json.dumps([check.detail + check.remedy for check in found])


@pytest.mark.parametrize(
    "url",
    [
        "s3://127.0.0.1:9000/bucket",
        "s3://key@127.0.0.1:9000/bucket",
        "s3://key:hush-hush@/bucket",
        "s3://key:hush-hush@127.0.0.1:port/bucket",
        "s3://key:hush-hush@127.0.0.1:9000/",
        "s3://key:hush-hush@127.0.0.1:9000/Bucket",
        "s3://key:hush-hush@127.0.0.1:9000/a",
        "s3://key:hush-hush@127.0.0.1:9000/bu..cket",
        "s3://key:hush-hush@127.0.0.1:9000/bucket/folder",
        "s3://key:hush-hush@127.0.0.1:9000/bucket?tls=maybe",
        "s3://key:hush-hush@127.0.0.1:9000/bucket?colour=red",
    ],
)
def test_an_address_that_means_nothing_is_told(url):
    with pytest.raises(SettingsError) as caught, open_objects(url):
        pass
    assert "hush" not in caught.value.message
    assert [check.verdict for check in checks(url)] == [Verdict.FAILED]


def test_what_is_no_object_store_is_told(server_redis_url):
    parts = urlsplit(server_redis_url)
    with (
        pytest.raises((StoreFailed, StoreUnreachable)),
        open_objects(f"s3://key:secret@127.0.0.1:{parts.port}/bucket"),
    ):
        pass
