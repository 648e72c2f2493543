"""MinIO, whose community edition is published as source only: built from its module by the Go tool chain, once a version."""

from __future__ import annotations

import os
import subprocess
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import quote

from native_stack import cache
from native_stack.kind import Launch, NotInstalled, Site, program

SERVICE = "minio"
SPARE_PORTS = 0
VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
"""What the Go tool chain calls the last commit of the community edition; the module has no other versions."""
BUCKET = "janus"
_MODULE = "github.com/minio/minio"
_BUILD_SECONDS = 1800.0
_GO = ("/usr/local/go/bin", "/opt/homebrew/bin")
_HOME_VARIABLES = ("GOPATH", "GOMODCACHE", "GOCACHE", "GOPROXY", "GOFLAGS", "GOSUMDB", "GONOSUMDB", "GOPRIVATE")


def missing() -> str | None:
    """What is not installed, or None where the server is built already or can be."""
    if _built().is_file() or _go():
        return None
    return "MinIO is built with Go, which is not installed (Debian: apt install golang; macOS: brew install go)"


def prepare() -> Path:
    """The server's program, built if this version is not there yet (two to five minutes). Raises NotInstalled."""
    return cache.brought(SERVICE, VERSION, _build) / SERVICE


def url(site: Site) -> str:
    """The URL of a bucket, which whoever opens it makes."""
    env = site.service.environment
    user, password = (quote(env[name], safe="") for name in ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"))
    return f"s3://{user}:{password}@127.0.0.1:{site.port}/{BUCKET}"


def launch(site: Site) -> Launch:
    """The server's command: the arguments of compose.yaml, with addresses and folders of this machine."""
    data = site.folder / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    options = [word for word in site.service.command if word.startswith("--") and "address" not in word]
    certificates = site.folder / "certs"
    command = (
        *(str(prepare()), "server", *options, f"--address=127.0.0.1:{site.port}"),
        *(f"--certs-dir={certificates}", str(data)),
    )
    return Launch(command, site.service.environment)


def answers(site: Site) -> bool:
    """Whether it says that it can serve requests."""
    connection = HTTPConnection("127.0.0.1", site.port, timeout=2.0)
    try:
        connection.request("GET", "/minio/health/ready")
        return connection.getresponse().status == 200  # noqa: PLR2004 - OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _built() -> Path:
    return cache.kept(SERVICE, VERSION) / SERVICE


def _go() -> str | None:
    return program("go", folders=_GO)


def _build(folder: Path) -> None:
    go = _go()
    if go is None:
        raise NotInstalled(missing() or "Go is not installed")
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", *_HOME_VARIABLES) if name in os.environ}
    done = subprocess.run(  # noqa: S603 - our own arguments
        [go, "install", "-ldflags=-s -w", f"{_MODULE}@{VERSION}"],
        check=False,
        capture_output=True,
        text=True,
        timeout=_BUILD_SECONDS,
        env={**kept, "HOME": str(cache.HOME), "GOBIN": str(folder), "CGO_ENABLED": "0"},
    )
    if done.returncode:
        raise NotInstalled(f"MinIO could not be built: {done.stderr.strip()[-800:]}")
