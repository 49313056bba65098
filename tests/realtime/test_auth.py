"""Tests of who may open a WebSocket: sessions, origins, and the local operator, at both edges."""

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from realtime import auth, credentials
from realtime.identity import Claim
from tests.realtime.clients import HandshakeRefused
from tests.realtime.conftest import HOST, Connect, in_thread, session_of

ORIGIN = f"http://{HOST}"


@pytest.fixture
def login_off(settings: Settings) -> None:
    """Everyone on this machine is the local operator."""
    settings.DEBUG, settings.AUTH_ENABLED = True, False


async def test_a_session_is_welcome(dial: Connect, user: User) -> None:
    """A browser of the same origin with a valid session gets its greeting."""
    client = await dial(session=await in_thread(session_of, user), origin=ORIGIN)
    assert (await client.greeting()).hello["type"] == "connection"


async def test_without_credentials_nothing_is_sent_until_the_time_is_up(dial: Connect, settings: Settings) -> None:
    """Who does not say who they are is sent away, and learns nothing before."""
    settings.WEBSOCKET_AUTH_TIMEOUT = 0.1
    client = await dial()
    first = await client.receive()
    assert (first["type"], first["code"], first["reconnect"]) == ("disconnect", 1008, False)
    assert (await client.end())[1] == 1008


async def test_without_credentials_nothing_can_be_asked(dial: Connect) -> None:
    """Before the login every request is refused, and the connection stays for the `auth` message."""
    client = await dial()
    for message in ({"type": "subscribe", "topics": ["notifications"]}, {"type": "ping"}):
        await client.send(message)
        assert (await client.receive())["code"] == "unauthorized"


async def test_a_bad_auth_message_is_the_end(dial: Connect) -> None:
    """Credentials that are not valid close the connection."""
    client = await dial()
    await client.send({"type": "auth", "token": "wrong"})
    assert await client.end() == (
        {"type": "disconnect", "code": 1008, "reason": "Unauthorized", "reconnect": False},
        1008,
    )


async def test_a_bad_session_is_accepted_and_told_so(dial: Connect) -> None:
    """Browsers see no status of a refused handshake, so they are told in a message."""
    client = await dial(session="x" * 32, origin=ORIGIN)
    last, code = await client.end()
    assert (last["type"], last["reason"], last["reconnect"], code) == ("disconnect", "Unauthorized", False, 1008)


async def test_an_inactive_user_is_unauthorized(dial: Connect, user: User) -> None:
    """A session outlives the account's deactivation, and no longer counts."""
    session = await in_thread(session_of, user)
    user.is_active = False
    await in_thread(user.save)
    assert (await (await dial(session=session, origin=ORIGIN)).end())[1] == 1008


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://localhost.evil.example", "http://localhost:81", "null", "file://", "http://[",
     "http://localhost@evil.example"],
)  # fmt: skip
async def test_a_foreign_origin_is_refused(dial: Connect, user: User, origin: str) -> None:
    """A page of another site cannot use a visitor's session."""
    session = await in_thread(session_of, user)
    with pytest.raises(HandshakeRefused, match="403"):
        await dial(session=session, origin=origin)


@pytest.mark.parametrize(("scheme", "origin", "welcome"), [
    ("wss", "https://localhost", True), ("wss", "http://localhost", False), ("ws", "http://localhost", True),
    ("ws", "https://localhost", True),
])  # fmt: skip
def test_a_page_without_tls_is_another_site_to_one_with_it(scheme: str, origin: str, welcome: bool) -> None:
    """Whoever is on the way could serve it; behind a proxy that is not trusted the server does not know of the TLS."""
    headers = [(b"host", b"localhost"), (b"origin", origin.encode())]
    scope = {"type": "websocket", "scheme": scheme, "headers": headers, "client": ["127.0.0.1", 1]}
    if welcome:
        assert auth.claimed(scope) is None
        return
    with pytest.raises(auth.Refused):
        auth.claimed(scope)


@pytest.mark.parametrize("key", ["\0" * 8, "abcdefg\0", "é" * 8, "' OR 1=1 --", "x" * 5_000])
@pytest.mark.django_db(transaction=True)
def test_what_is_no_key_takes_nobody_along(user: User, key: str) -> None:
    """Sessions are looked up together; PostgreSQL refuses a query with NUL in it."""
    good, bad = Claim("session", session_of(user)), Claim("session", key)
    assert set(credentials.verify([good, bad])) == {good}


async def test_a_foreign_origin_is_refused_without_a_session_too(dial: Connect) -> None:
    """It has nothing to ask for."""
    with pytest.raises(HandshakeRefused):
        await dial(origin="http://evil.example")


async def test_a_trusted_origin_is_welcome(dial: Connect, user: User, settings: Settings) -> None:
    """Other sites can be named in the settings."""
    settings.CSRF_TRUSTED_ORIGINS = ["https://desk.example"]
    client = await dial(session=await in_thread(session_of, user), origin="https://desk.example")
    assert (await client.greeting()).hello["status"] == "connected"


async def test_a_session_without_an_origin_is_refused(dial: Connect, user: User) -> None:
    """Where a cookie speaks for the caller, the caller must be known to be this site's page."""
    with pytest.raises(HandshakeRefused):
        await dial(session=await in_thread(session_of, user))


async def test_a_foreign_host_is_refused(dial: Connect, user: User) -> None:
    """A name that only resolves to this server is not its own."""
    with pytest.raises(HandshakeRefused):
        await dial(session=await in_thread(session_of, user), host="evil.example", origin="http://evil.example")


async def test_users_see_their_own(dial: Connect, user: User, other: User) -> None:
    """Two sessions on one node are two people."""
    for person in (user, other):
        client = await dial(session=await in_thread(session_of, person), origin=ORIGIN)
        assert (await client.greeting()).initial["data"]["unread_count"] == 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "localhost:8000"])
async def test_with_login_off_this_machine_is_the_operator(dial: Connect, login_off: None, host: str) -> None:
    """Scripts and pages of the same origin are served without a password."""
    for origin in (None, f"http://{host}"):
        client = await dial(host=host, origin=origin)
        assert (await client.greeting()).hello["status"] == "connected"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("evil.example", None),
        ("evil.example", "http://evil.example"),
        ("localhost", "http://evil.example"),
        ("localhost", "http://127.0.0.1"),
        ("localhost", "http://localhost:3000"),
        ("localhost", "https://localhost"),
        ("localhost", "null"),
    ],
)
async def test_with_login_off_others_are_refused(dial: Connect, login_off: None, host: str, origin: str | None) -> None:
    """Neither a foreign page nor a foreign name gets in, by whichever way it reached this machine."""
    with pytest.raises(HandshakeRefused):
        await dial(host=host, origin=origin)


async def test_login_off_counts_only_with_debug(dial: Connect, settings: Settings) -> None:
    """In production the switch does nothing."""
    settings.DEBUG, settings.AUTH_ENABLED, settings.WEBSOCKET_AUTH_TIMEOUT = False, False, 0.1
    assert (await (await dial()).end())[1] == 1008
