"""Whether a port is free is answered as the servers that want it would find it."""

from __future__ import annotations

import socket

from native_stack.ports import is_free, reserve


def test_connections_that_linger_after_their_server_hinder_nobody() -> None:
    # Below the range from which systems take the ports of outgoing connections, as others come and go meanwhile.
    reserved = reserve()
    port = reserved.number
    with socket.create_server(("127.0.0.1", port)) as server:
        assert not is_free(port)
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        # Whoever closes first keeps the port in TIME_WAIT.
        accepted.close()
        client.close()
    free = is_free(port)
    reserved.release()
    assert free
