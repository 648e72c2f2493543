"""Redis (or Valkey) from the system's packages: on a port, on a unix socket, and with TLS where a certificate lies ready."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from native_stack.kind import Launch, Site, program

SERVICE = "redis"
SPARE_PORTS = 1
CONFIG = "/usr/local/etc/redis/redis.conf"
"""Where compose.yaml's container sees its configuration."""


def missing() -> str | None:
    """What is not installed, or None."""
    if _binary():
        return None
    return "Redis is not installed (Debian: apt install redis-server; macOS: brew install redis)"


def url(site: Site) -> str:
    """The URL of database 0."""
    return f"redis://:{_password(site)}@127.0.0.1:{site.port}/0"


def socket_url(site: Site) -> str:
    """The same server through its unix socket."""
    return f"unix://:{_password(site)}@{quote(str(_socket(site)))}?db=0"


def tls_url(site: Site) -> str:
    """The same server through TLS; the URL names the certificate to trust. Only with a certificate in `tls_folder`."""
    authority = quote(str(tls_folder(site.folder) / "server.crt"), safe="/")
    return f"rediss://:{_password(site)}@127.0.0.1:{site.spare_ports[0]}/0?ssl_ca_certs={authority}"


def tls_folder(folder: Path) -> Path:
    """Where a server in `folder` looks for `server.crt` and `server.key` when it starts."""
    return folder / "tls"


def launch(site: Site) -> Launch:
    """The server's command; its settings, the password among them, are in a file only we can read."""
    data = site.folder / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    native = ["bind 127.0.0.1", f"port {site.port}", f"dir {data}", f"unixsocket {_socket(site)}", "unixsocketperm 700"]
    tls = tls_folder(site.folder)
    if (tls / "server.crt").is_file():
        native += [f"tls-port {site.spare_ports[0]}", f"tls-cert-file {tls / 'server.crt'}"]
        native += [f"tls-key-file {tls / 'server.key'}", "tls-auth-clients no"]
    config = site.folder / "redis.conf"
    config.touch(mode=0o600)
    config.write_text("\n".join([site.service.configs[CONFIG], *native, ""]), encoding="utf-8")
    return Launch((_binary() or "redis-server", str(config)))


def answers(site: Site) -> bool:
    """Whether it takes its password and has loaded its data."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    with Redis.from_url(url(site), socket_timeout=2.0, retry=Retry(NoBackoff(), 0)) as client:
        try:
            return bool(client.ping())
        except (RedisError, OSError):
            return False


def _binary() -> str | None:
    return program("redis-server", "valkey-server")


def _password(site: Site) -> str:
    return quote(site.values["JANUS_REDIS_PASSWORD"], safe="")


def _socket(site: Site) -> Path:
    return site.folder / "server.sock"
