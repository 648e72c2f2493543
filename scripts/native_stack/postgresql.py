"""PostgreSQL from the system's packages."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from native_stack.kind import Launch, NotStarted, Site, program

SERVICE = "postgres"
SPARE_PORTS = 0
# Debian and Homebrew keep the server's programs out of PATH, a folder for each version.
_HOMES = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt")


def missing() -> str | None:
    """What is not installed, or None."""
    if _binary("postgres") and _binary("initdb") and _binary("pg_isready"):
        return None
    return "PostgreSQL is not installed (Debian: apt install postgresql; macOS: brew install postgresql@17)"


def url(site: Site) -> str:
    """The URL of the database that compose.yaml names."""
    env = site.service.environment
    user, password = env["POSTGRES_USER"], quote(env["POSTGRES_PASSWORD"], safe="")
    return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{site.port}/{env['POSTGRES_DB']}"


def launch(site: Site) -> Launch:
    """The server's command; makes the cluster and its database first, where there is none."""
    data, user = site.folder / "data", _user()
    if not (data / "PG_VERSION").is_file():
        _make_cluster(site, data, user)
    native = {"listen_addresses": "127.0.0.1", "port": str(site.port), "unix_socket_directories": ""}
    options = [word for name, value in native.items() for word in ("-c", f"{name}={value}")]
    # A fast shutdown: the other orders wait for clients, or leave recovery to the next start.
    command = (_binary("postgres") or "postgres", *site.service.command[1:], "-D", str(data), *options)
    return Launch(command, user=user, stop_signal=signal.SIGINT)


def answers(site: Site) -> bool:
    """Whether it takes connections, recovery done."""
    command = [_binary("pg_isready") or "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(site.port), "-t", "2"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 - our own arguments


def _make_cluster(site: Site, data: Path, user: str | None) -> None:
    """What the image's entry point does at its first start: initdb with its arguments, then the database."""
    env = site.service.environment
    secret = site.folder / "first-password"
    secret.touch(mode=0o600)
    secret.write_text(env["POSTGRES_PASSWORD"], encoding="utf-8")
    data.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        account = pwd.getpwnam(user)
        for path in (data, secret):
            os.chown(path, account.pw_uid, account.pw_gid)
    arguments = [
        *("-D", str(data), "-U", env["POSTGRES_USER"], f"--pwfile={secret}"),
        *(f"--auth={env['POSTGRES_HOST_AUTH_METHOD']}", *shlex.split(env["POSTGRES_INITDB_ARGS"])),
    ]
    try:
        _run(["initdb", *arguments], user)
    finally:
        secret.unlink()
    _run(["postgres", "--single", "-D", str(data), "postgres"], user, feed=f'CREATE DATABASE "{env["POSTGRES_DB"]}";\n')


def _run(command: list[str], user: str | None, feed: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - our own arguments
        [_binary(command[0]) or command[0], *command[1:]],
        input=feed,
        capture_output=True,
        text=True,
        check=False,
        user=user,
        group=user and pwd.getpwnam(user).pw_gid,
        extra_groups=[] if user else None,
        cwd="/",
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        raise NotStarted(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")


def _user() -> str | None:
    """PostgreSQL refuses to run as root: then it is its package's user, or nobody."""
    if os.getuid() != 0:
        return None
    known = {account.pw_name for account in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _binary(name: str) -> str | None:
    """The path of one of its programs, newest version first."""
    homes = [path for home in _HOMES for path in Path(home).glob("*/bin") if (path / "initdb").is_file()]
    homes.sort(key=lambda path: [int(digits) for digits in re.findall(r"\d+", path.parent.name)], reverse=True)
    return next((str(path / name) for path in homes if (path / name).is_file()), None) or program(name)
