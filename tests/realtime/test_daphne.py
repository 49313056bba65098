"""The same application under daphne, as `manage.py runserver` serves it: greeting, delivery, and every kind of end."""

import json
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from realtime.protocol import SUBPROTOCOL
from tests.conftest import LOCAL, StartServer

PATIENCE = 15.0


def receive(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(socket.recv(PATIENCE))


def end_of(socket: ClientConnection) -> tuple[dict[str, Any], int | None]:
    """Return the last message and the close code."""
    last: dict[str, Any] = {}
    try:
        while True:
            last = receive(socket)
    except ConnectionClosed as closed:
        return last, closed.rcvd.code if closed.rcvd else None


def test_it_greets_delivers_and_closes(start_server: StartServer) -> None:
    """The node starts by itself, a REST write arrives, mistakes are answered, and a frame that is too long ends it."""
    server = start_server(daphne=True, **LOCAL)
    with connect(server.ws_url, subprotocols=[SUBPROTOCOL]) as socket:
        assert [receive(socket)["type"], receive(socket)["type"]] == ["connection", "initial_state"]
        socket.send(json.dumps({"type": "subscribe", "topics": ["notifications"]}))
        assert receive(socket)["status"] == "subscribed"
        with server.client() as client:
            assert client.post("/api/v1/notifications", json={"title": "Under daphne"}).status_code == 201
        message = receive(socket)
        assert (message["action"], message["data"]["title"]) == ("created", "Under daphne")
        socket.send("no JSON")
        while (answer := receive(socket))["type"] == "unread_count":
            pass
        assert answer["type"] == "error"
        socket.send(json.dumps({"type": "ping", "padding": "x" * 300_000}))
        last, code = end_of(socket)
        assert (last["type"], last["code"], code) == ("disconnect", 1009, 4009)


def test_a_session_that_ended_is_closed(start_server: StartServer) -> None:
    """A refused client is told why and does not hang: 1008 is in the message, and its private twin in the close."""
    server = start_server(daphne=True, AUTH_ENABLED="true")
    headers = {"Cookie": "sessionid=ended"}
    with connect(server.ws_url, origin=server.url, additional_headers=headers) as socket:
        last, code = end_of(socket)
        assert (last["code"], last["reason"], last["reconnect"], code) == (1008, "Unauthorized", False, 4008)
