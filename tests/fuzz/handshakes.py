"""What a client may send instead of a handshake, or ask the event stream and the poll for."""

from typing import Final
from urllib.parse import quote

from hypothesis import strategies as st

from tests.fuzz.bounds import MAX_FRAME
from tests.fuzz.target import ServerFailed, Target
from tests.fuzz.texts import NAMES
from tests.fuzz.wire import KEY, Socket, request

ANSWERS: Final = frozenset({101, 200, 301, 302, 400, 401, 403, 404, 405, 411, 413, 414, 415, 426, 431})
STREAMS: Final = frozenset({200, 400, 401, 403, 405})
"""What docs/protocol.md lists for the event stream and the poll, but for a database that is away."""
VALUES: Final = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40)
COOKIES: Final = st.sampled_from(
    [
        'sessionid="\\000\\000\\000\\000\\000\\000\\000\\000"',
        "sessionid=",
        "sessionid",
        '="',
        "sessionid=a; sessionid=b",
    ]
)
HEADERS: Final[dict[str, st.SearchStrategy[str]]] = {
    "Upgrade": st.just("websocket") | st.just("h2c") | VALUES,
    "Connection": st.sampled_from(["Upgrade", "keep-alive, Upgrade", "close"]) | VALUES,
    "Sec-WebSocket-Key": st.just(KEY) | st.just("short") | VALUES,
    "Sec-WebSocket-Version": st.sampled_from(["13", "8", "0", "-1", "99999"]) | VALUES,
    "Sec-WebSocket-Protocol": st.sampled_from(["aether.v1.json", "a, aether.v1.json", ",,", "x" * 500]) | VALUES,
    "Sec-WebSocket-Extensions": st.sampled_from(["permessage-deflate", "permessage-deflate; x=1", ";;"]) | VALUES,
    "Cookie": COOKIES | VALUES.map(lambda value: f"sessionid={value}") | VALUES,
    "Origin": st.sampled_from(["null", "http://[", "http://127.0.0.1:99999999", "https://evil.example"]) | VALUES,
    "Host": st.sampled_from(["evil.example", "[::1", "127.0.0.1:x", ""]) | VALUES,
    "Content-Length": st.sampled_from(["0", "-1", "x"]),  # A body that does not come is waited for.
    "X-Forwarded-For": st.sampled_from(["127.0.0.1", "::1", "a, b"]) | VALUES,
    "X-Long": st.sampled_from([1, 5_000, 9_000]).map(lambda size: "x" * size),
}
USUAL: Final = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}
PATHS: Final = st.sampled_from(
    ["/ws", "/ws/", "/ws?a=b", "/", "//ws", "/ws/x", "/%00", "/ws%2f", "/%ff", "*"]
) | st.builds(lambda text: "/" + quote(text), st.text(max_size=20))


@st.composite
def handshakes(draw: st.DrawFn, host: str) -> bytes:
    """The head of a request that is almost a handshake, perhaps torn apart or with something behind it."""
    changed = draw(st.dictionaries(st.sampled_from(sorted(HEADERS)), st.none(), max_size=4))
    headers = {**USUAL, **{name: draw(HEADERS[name]) for name in changed}}
    for name in draw(st.lists(st.sampled_from(sorted(USUAL)), max_size=1)):
        headers.pop(name)
    many = draw(st.sampled_from([0, 0, 0, 0, 30, 150]))
    lines = [*headers.items(), *((f"X-{number}", "x") for number in range(many))]
    method = draw(st.sampled_from(["GET", "GET", "GET", "GET", "POST", "HEAD", "PUT"]))
    whole = request(draw(PATHS), headers.pop("Host", host), [item for item in lines if item[0] != "Host"], method)
    tail = draw(st.sampled_from([b"", b"", b"", b"\x81\x00", b"\xff" * 20, b"x" * MAX_FRAME]))
    return whole + tail


@st.composite
def queries(draw: st.DrawFn, cursors: tuple[str, str]) -> bytes:
    """The path of a stream or a poll, and the headers, with topics and cursors that are right, wrong or another's."""
    topics = ",".join(draw(st.lists(NAMES, max_size=4)))
    cursor = draw(_cursors(cursors))
    waits = ["0", "0", "0", "-1", "nan", "-inf", "x", "", "1e-9", "0x1", "1_0e-9"]
    pairs = [("topics", topics), ("since", cursor), ("wait", draw(st.sampled_from(waits)))]
    query = "&".join(f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in pairs)
    path = draw(st.sampled_from(["/api/v1/changes", "/api/v1/changes", "/api/v1/stream"]))
    extra = draw(st.sampled_from(["", "", "&topics", "&%ff=%ff", "&topics=notifications", ";", "&&=", "%"]))
    return f"{path}?{query}{extra}&wait=0\n{cursor}".encode("utf-8", "replace")


def _cursors(known: tuple[str, str]) -> st.SearchStrategy[str]:
    """Return cursors: our own, another's, both forged at one place or torn apart, and none at all."""
    good = st.sampled_from(known)
    forged = st.builds(lambda text, at, new: text[:at] + new + text[at + 1 :], good, st.integers(0, 200), VALUES)
    torn = st.builds(lambda text, at: text[:at], good, st.integers(0, 200))
    return st.one_of(good, good, forged, torn, st.just(""), VALUES, st.text(max_size=20))


async def knock(target: Target, head: bytes) -> int | None:
    """Send *head* and return the status of the answer, None where the server hung up. Raises: ServerFailed."""
    socket = await Socket.open(target.server.port)
    try:
        await socket.send([head])
        if not head.partition(b"\r\n\r\n")[1]:
            socket.half_close()
        status = await socket.status()
    except TimeoutError:
        raise ServerFailed("The server did not answer a request.") from None
    finally:
        socket.abort()
    if status is not None and status not in ANSWERS:
        raise ServerFailed(f"A handshake was answered with {status}.")
    return status


async def follow(target: Target, query: bytes) -> int | None:
    """Ask the stream or the poll as Ann, and return the status. Raises: ServerFailed."""
    path, _, cursor = query.decode().partition("\n")
    last = [("Last-Event-ID", cursor.replace("\r", "").replace("\n", ""))] if cursor.isprintable() else []
    socket = await Socket.open(target.server.port)
    try:
        await socket.send([request(path, target.host, [*target.headers("ann"), *last])])
        status = await socket.status()
        if status == 200:
            await socket.some()
    except TimeoutError:
        raise ServerFailed("The server did not answer a request.") from None
    finally:
        socket.abort()
    if status not in STREAMS:
        raise ServerFailed(f"A query was answered with {status}.")
    return status
