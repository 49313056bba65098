"""Tests of lost hosts with a real server, which notices them by itself."""

from typing import Any

from tests.conftest import LOCAL, StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for

HOST = "/api/v1/inventory/hosts/h1"


def put(server: Server) -> None:
    """Let the host be heard of."""
    with server.client() as client:
        assert client.put(HOST, json={}).json()["connected"]


def lost(server: Server) -> Any:
    """Return the host as the server shows it, once it is not connected any more."""
    with server.client() as client:
        shown = client.get(HOST).json()
    return None if shown["connected"] else shown


def test_a_silent_host_is_lost_also_after_a_restart(start_server: StartServer) -> None:
    """A host that falls silent becomes disconnected, while the server runs and after it was started again."""
    server = start_server(**LOCAL, INVENTORY_HOST_TIMEOUT="1")
    put(server)
    assert wait_for(lambda: lost(server), what="the loss of the host")["error"] == "Not heard of for 1 seconds."
    put(server)
    server.stop()
    server.start()
    assert wait_for(lambda: lost(server), 30, what="the loss after the restart")
