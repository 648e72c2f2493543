"""RabbitMQ from the system's packages, with an Erlang port mapper of its own, so that nothing of it is shared or left behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import quote

from native_stack.kind import Launch, Site, program

SERVICE = "rabbitmq"
SPARE_PORTS = 3
"""The port mapper's, the node's own, and the console's."""
CONFIG = "/etc/rabbitmq/conf.d/20-janus.conf"
PLUGINS = "/etc/rabbitmq/enabled_plugins"
"""Where compose.yaml's container sees its configuration and its list of plugins."""
_GREETING = b"AMQP\x00\x00\x09\x01"
# Debian's wrapper in /usr/sbin insists on its own user and folders; the script behind it does not.
_HOMES = ("/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin")


def missing() -> str | None:
    """What is not installed, or None."""
    if _script() and program("erl"):
        return None
    return "RabbitMQ is not installed (Debian: apt install rabbitmq-server; macOS: brew install rabbitmq)"


def url(site: Site) -> str:
    """The URL of the virtual host that compose.yaml names."""
    env = site.service.environment
    user, password = env["RABBITMQ_DEFAULT_USER"], quote(env["RABBITMQ_DEFAULT_PASS"], safe="")
    return f"amqp://{user}:{password}@127.0.0.1:{site.port}/{quote(env['RABBITMQ_DEFAULT_VHOST'], safe='')}"


def console_url(site: Site) -> str:
    """Where its console and management interface are, without credentials."""
    return f"http://127.0.0.1:{site.spare_ports[2]}"


def launch(site: Site) -> Launch:
    """The broker's command and environment."""
    mapper, distribution, console = site.spare_ports
    native = [
        f"listeners.tcp.1 = 127.0.0.1:{site.port}",
        *("management.tcp.ip = 127.0.0.1", f"management.tcp.port = {console}"),
        *("log.console = true", "log.file = false"),
    ]
    config, plugins = site.folder / "rabbitmq.conf", site.folder / "enabled_plugins"
    config.write_text("\n".join([site.service.configs[CONFIG], *native, ""]), encoding="utf-8")
    plugins.write_text(site.service.configs[PLUGINS], encoding="utf-8")
    environment = {
        **site.service.environment,
        "RABBITMQ_NODENAME": "janus@localhost",
        "RABBITMQ_MNESIA_BASE": str(site.folder / "data"),
        "RABBITMQ_LOG_BASE": str(site.folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(config),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(site.folder / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_PID_FILE": str(site.folder / "pid"),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(mapper),
        # The script then becomes the broker instead of waiting beside it, so that the broker is our own child.
        "RUNNING_UNDER_SYSTEMD": "true",
    }
    return Launch((str(_script()),), environment)


def answers(site: Site) -> bool:
    """Whether it greets clients: it opens its port when users, virtual hosts and queues are there."""
    try:
        with socket.create_connection(("127.0.0.1", site.port), timeout=2.0) as connection:
            connection.sendall(_GREETING)
            return connection.recv(1) == b"\x01"
    except OSError:
        return False


def _script() -> Path | None:
    return next((script for home in _HOMES if (script := Path(home) / "rabbitmq-server").is_file()), None)
