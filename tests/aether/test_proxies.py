"""Tests of the docs' proxies, nginx and Caddy, before a real server in production: what gets through, and what not."""

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_connection
from threading import Thread

import httpx
import pytest
import yaml
from websockets.sync.client import connect

from aether.settings import WEBSOCKET_PING_INTERVAL
from tests.support.proxies import EXAMPLES, NAME, Proxy
from tests.support.servers import Server

KINDS = ("nginx", "caddy")
LIST = "/api/v1/notifications"
FORGED = "198.51.100.7"
PRODUCTION = {"DEBUG": "", "AUTH_ENABLED": "", "ALLOWED_HOSTS": NAME, "TRUSTED_PROXIES": "127.0.0.1"}


@pytest.fixture(scope="module")
def server(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with production's settings, which trusts the proxy's address alone."""
    directory = tmp_path_factory.mktemp("behind")
    server = Server(directory, migrated_database, **PRODUCTION, STATIC_ROOT=str(directory / "static"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    """An API token of somebody's."""
    server.python("from django.contrib.auth.models import User; User.objects.create_user('ada')")
    return server.manage("token", "create", "ada", "through a proxy").splitlines()[-1]


@pytest.fixture(scope="module", params=KINDS)
def proxy(request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Each of the proxies before that server."""
    with Proxy(request.param, tmp_path_factory.mktemp(request.param), server.port) as proxy:
        yield proxy


@pytest.fixture(scope="module", params=KINDS)
def echoing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Each of the proxies before a server that answers with the headers that it got."""

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps([[name.lower(), value] for name, value in self.headers.items()]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = Thread(target=echo.serve_forever, daemon=True)
    thread.start()
    with Proxy(request.param, tmp_path_factory.mktemp("echoing"), echo.server_port) as proxy:
        yield proxy
    echo.shutdown()
    echo.server_close()
    thread.join()


def request(*lines: str, path: str = LIST) -> bytes:
    """Return the bytes of a GET with the header *lines*, which may hold whatever they like."""
    return "\r\n".join((f"GET {path} HTTP/1.1", f"Host: {NAME}", "Connection: close", *lines, "", "")).encode("latin-1")


def status(answer: bytes) -> int:
    """Return the status of the first answer."""
    return int(answer.split(b" ", 2)[1])


def left(answer: bytes) -> tuple[int, int]:
    """Return how many requests its sender has left, and for how many seconds, as the answer's header says."""
    assert status(answer) == 401, answer  # Neither moved to https nor refused: the server took it as it is.
    found = re.search(rb'(?i)ratelimit: "anonymous";r=(\d+);t=(\d+)', answer)
    assert found is not None, answer
    return int(found[1]), int(found[2])


def counts_as_its_sender(proxy: Proxy, forged: bytes) -> bool:
    """Tell whether *forged* is counted for the very address that an honest request from there is counted for."""
    while True:
        (before, start), (after, end) = left(proxy.ask(request())), left(proxy.ask(forged))
        if end <= start:  # Else a new minute has begun in between.
            return after == before - 1


def test_addresses_make_a_difference(proxy: Proxy) -> None:
    """Two clients of the proxy are two to the server: without that, the next tests would show nothing."""
    while True:
        one = left(proxy.ask(request()))
        proxy.ask(request(), source="127.0.0.2")
        again = left(proxy.ask(request()))
        if again[1] <= one[1]:
            break
    assert again[0] == one[0] - 1  # What the other one asked in between took nothing of it.


@pytest.mark.parametrize(
    ("path", "size"), [("/api/v1/inventory/sync", 16_000_000), ("/api/v1/jobs/7/output", 8_000_000)]
)
def test_reports_and_output_may_be_large(proxy: Proxy, token: str, path: str, size: int) -> None:
    """What the server takes of them gets through: it answers itself, that this user may not, or that there is none."""
    head = (f"POST {path} HTTP/1.1", f"Host: {NAME}", "Connection: close", f"Authorization: Token {token}",
            "Content-Type: application/json", f"Content-Length: {size}", "", "")  # fmt: skip
    assert status(proxy.ask("\r\n".join(head).encode() + b" " * size)) in {403, 404}


CLAIMS = {
    "plain": [f"X-Forwarded-For: {FORGED}"],
    "twice": [f"X-Forwarded-For: {FORGED}", f"X-Forwarded-For: {FORGED}"],
    "list": [f"X-Forwarded-For: {FORGED}, 127.0.0.1"],
    "lower case": [f"x-forwarded-for:{FORGED}"],
    "underscores": [f"X_Forwarded_For: {FORGED}", "X_Forwarded_Proto: http"],
    "mixed": [f"X-Forwarded_For: {FORGED}", f"X_Forwarded-For: {FORGED}"],
    "folded": ["X-Forwarded-For: 127.0.0.1,", f" {FORGED}"],
    "folded by a tab": ["X-Other: 1", f"\tX-Forwarded-For: {FORGED}"],
    "space before the colon": [f"X-Forwarded-For : {FORGED}"],
    "space before the name": [f" X-Forwarded-For: {FORGED}"],
    "bare CR": [f"X-Other: 1\rX-Forwarded-For: {FORGED}"],
    "bare LF": [f"X-Other: 1\nX-Forwarded-For: {FORGED}"],
    "NUL": [f"X-Other: 1\0X-Forwarded-For: {FORGED}"],
    "empty lines": [f"X-Other: 1\r\n\r\nX-Forwarded-For: {FORGED}"],
    "named hop by hop": [f"X-Forwarded-For: {FORGED}", "Connection: close, X-Forwarded-For, X-Forwarded-Proto"],
    "proto": ["X-Forwarded-Proto: http", "X-Forwarded-Ssl: off", "Front-End-Https: off"],
    "others": [f"X-Real-IP: {FORGED}", f"Forwarded: for={FORGED};proto=http", "X-Forwarded-Host: evil.example"],
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_gains_nothing_through_the_proxy(proxy: Proxy, claim: str) -> None:
    """However a client writes that it is somebody else, it is refused, or counted as itself and on https."""
    forged = request(*CLAIMS[claim])
    if (first := proxy.ask(forged)) and status(first) == 401:
        assert counts_as_its_sender(proxy, forged)
    else:
        assert not first or status(first) == 400


@pytest.mark.parametrize("claim", ["plain", "twice", "list", "underscores", "others"])
def test_a_claim_gains_nothing_past_the_proxy(server: Server, claim: str) -> None:
    """Who finds the server itself, and is not the proxy, is sent to https whatever they claim."""
    lines = [*CLAIMS[claim], "X-Forwarded-Proto: https", "X_Forwarded_Proto: https"]
    place = ("127.0.0.1", server.port)
    with create_connection(place, timeout=10, source_address=("127.0.0.3", 0)) as direct:
        direct.sendall(request(*lines))
        answer = direct.recv(65_536)
    assert status(answer) == 301
    assert f"https://{NAME}{LIST}".encode() in answer


INNER = f"GET {{path}} HTTP/1.1\r\nHost: {NAME}\r\nX-Forwarded-For: {FORGED}\r\nConnection: close\r\n\r\n"
SPLIT = {
    "length and chunks": ["Content-Length: {size}", "Transfer-Encoding: chunked"],
    "chunks and length": ["Transfer-Encoding: chunked", "Content-Length: {size}"],
    "chunks that are none": ["Content-Length: {size}", "Transfer-Encoding: xchunked"],
    "two encodings": ["Transfer-Encoding: chunked", "Transfer-Encoding: identity", "Content-Length: {size}"],
    "space before the colon": ["Content-Length: {size}", "Transfer-Encoding : chunked"],
    "folded": ["Content-Length: {size}", "Transfer-Encoding:\r\n chunked"],
    "underscore": ["Content-Length: {size}", "Transfer_Encoding: chunked"],
    "two lengths": ["Content-Length: {size}", "Content-Length: 5"],
    "a list of lengths": ["Content-Length: {size}, 5"],
    "a signed length": ["Content-Length: +{size}"],
    "h2c": [
        "Upgrade: h2c",
        "Connection: Upgrade, HTTP2-Settings",
        "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
        "Content-Length: {size}",
    ],
}


@pytest.mark.parametrize("split", SPLIT)
def test_no_request_hides_in_another(proxy: Proxy, server: Server, split: str) -> None:
    """Where a request ends is plain, or it is refused: the server sees no second one that the proxy did not see."""
    path = f"/inside-of-{proxy.directory.name}-{split.replace(' ', '-')}"
    proxy.ask(request(path=f"{path}/control"))
    assert f"{path}/control" in server.log
    body = f"0\r\n\r\n{INNER.format(path=path)}"
    lines = [line.format(size=len(body)) for line in SPLIT[split]]
    head = "\r\n".join((f"POST {LIST} HTTP/1.1", f"Host: {NAME}", *lines, "", ""))
    answer = proxy.ask((head + body).encode("latin-1") + request(path="/healthz"))
    first, *later = (int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3})", answer))
    assert first in {400, 401, 403, 501}, answer
    assert server.log.count(f"GET {path} ") <= len([code for code in later if code not in {200, 400}])
    assert FORGED not in server.log


def test_what_reaches_the_server_is_the_proxys_word(echoing: Proxy) -> None:
    """Of what a client says of itself the server gets the Host, and of the connection what the proxy knows."""
    claimed = [*CLAIMS["plain"], *CLAIMS["proto"], *CLAIMS["others"], "X-Request-ID: mine-is-longer", "Upgrade: h2c"]
    answer = echoing.ask(request(*claimed), source="127.0.0.2")
    got = json.loads(answer[answer.index(b"[[") :])
    assert FORGED not in json.dumps([value for name, value in got])
    assert [value for name, value in got if name == "x-forwarded-for"] == ["127.0.0.2"]
    assert [value for name, value in got if name == "x-forwarded-proto"] == ["https"]
    assert [value for name, value in got if name == "host"] == [NAME]
    (request_id,) = [value for name, value in got if name == "x-request-id"]
    assert re.fullmatch(r"[0-9a-f-]{32,36}", request_id)
    assert {"upgrade", "forwarded", "x-real-ip", "x-forwarded-host"} & {name for name, _ in got} == set()


def test_messages_come_through_at_once(proxy: Proxy, server: Server, token: str) -> None:
    """A WebSocket and an event stream with a token get what is committed, over TLS, while both are open."""
    headers = {"Authorization": f"Token {token}"}
    place, title = ("127.0.0.1", proxy.https), f"Through {proxy.directory.name}"
    stream = f"{proxy.url}/api/v1/stream?topics=notifications"
    with (
        connect(f"wss://{NAME}/ws", sock=create_connection(place), ssl=proxy.trust(), additional_headers=headers) as ws,
        httpx.Client(verify=proxy.trust(), headers={"Host": NAME, **headers}, trust_env=False) as client,
        client.stream("GET", stream, extensions={"sni_hostname": NAME}) as events,
    ):
        assert [json.loads(ws.recv(10))["type"] for _ in range(2)] == ["connection", "initial_state"]
        ws.send('{"type":"subscribe","topics":["notifications"]}')
        lines = events.iter_lines()
        assert any('"status":"subscribed"' in line for line in lines)
        server.manage("notify", title, "m")
        assert any(title in line for line in lines)
        assert any(title in str(ws.recv(10)) for _ in range(2))


def test_http_is_sent_to_https(proxy: Proxy) -> None:
    """The proxy redirects to the very same page, and a line break in it stays what it is."""
    answer = proxy.ask(request(path="/a%0d%0aX-Injected:%201?b=c"), tls=False)
    head = answer.partition(b"\r\n\r\n")[0].decode()
    assert status(answer) in {301, 308}
    assert f"location: https://{NAME}/a%0d%0ax-injected:%201?b=c" in head.lower()
    assert not re.search(r"(?im)^x-injected", head)


def test_cookies_stay_on_https(proxy: Proxy) -> None:
    """What comes through carries HSTS, and cookies that only this host over https can set or read."""
    answer = proxy.ask(request(path="/accounts/login/")).decode()
    assert "strict-transport-security: max-age=31536000" in answer.lower()
    (cookie,) = re.findall(r"(?im)^set-cookie: (.*)\r$", answer)
    assert cookie.startswith("__Host-csrftoken=")
    assert {"Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_examples_are_patient_enough() -> None:
    """Each example waits for longer than a quiet WebSocket is quiet, and an Ingress does for both controllers."""
    (waits,) = re.findall(r"proxy_read_timeout +(\d+)s;", (EXAMPLES / "nginx.conf").read_text())
    _, ingress = yaml.safe_load_all((EXAMPLES / "ingress.yaml").read_text())
    notes = ingress["metadata"]["annotations"]
    theirs = [notes[f"{prefix}/proxy-read-timeout"] for prefix in ("nginx.ingress.kubernetes.io", "nginx.org")]
    assert min(int(wait.rstrip("s")) for wait in (waits, *theirs)) > 2 * WEBSOCKET_PING_INTERVAL
    assert ingress["spec"]["tls"][0]["hosts"] == [ingress["spec"]["rules"][0]["host"]] == [NAME]
