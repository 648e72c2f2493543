"""Whether a port is free is answered as the servers that want it would find it."""

from __future__ import annotations

import socket

from native_stack.ports import is_free


def test_connections_that_linger_after_their_server_hinder_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        # Whoever closes first keeps the port in TIME_WAIT.
        accepted.close()
        client.close()
    assert is_free(port)
