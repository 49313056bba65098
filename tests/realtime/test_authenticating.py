"""Tests of tokens and tickets as the way in: in the handshake's header, in the first message, and as a refresh."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from realtime import auth, credentials, tickets, tokens
from realtime.identity import Claim
from realtime.models import ApiToken, Ticket
from tests.realtime.clients import Client, HandshakeRefused
from tests.realtime.conftest import HOST, Connect, announce, in_thread, item, numbers, session_of
from tests.support.waiting import wait_until

ORIGIN = f"http://{HOST}"
UNAUTHORIZED = {"type": "disconnect", "code": 1008, "reason": "Unauthorized", "reconnect": False}


def token_of(person: User, **options: Any) -> str:
    return tokens.create(person, "a script", **options)[1]


def ticket_of(person: User) -> str:
    return tickets.issue(Claim("session", session_of(person)))[0]


async def let_in(client: Client, **credential: str) -> dict[str, Any]:
    """Send *credential* in an `auth` message; return its answer, with the greeting taken."""
    await client.send({"type": "auth", **credential})
    answer = await client.receive()
    await client.greeting()
    return answer


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "bearer"])
async def test_a_token_in_the_header_is_welcome(dial: Connect, user: User, scheme: str) -> None:
    """A script connects with its API token, without a cookie and without an Origin."""
    client = await dial(authorization=f"{scheme} {await in_thread(token_of, user)}")
    assert (await client.greeting()).hello["status"] == "connected"
    await client.subscribe("notifications")


@pytest.mark.parametrize("header", ["Token", "Token ", "Bearer wrong", "Token aether_é", "Token a b"])
async def test_a_bad_token_is_accepted_and_told_so(dial: Connect, user: User, header: str) -> None:
    """Nothing is sent before the end, and a good session beside it does not count."""
    client = await dial(authorization=header, session=await in_thread(session_of, user), origin=ORIGIN)
    assert await client.end() == (UNAUTHORIZED, 1008)


async def test_another_scheme_is_left_to_others(dial: Connect, user: User) -> None:
    """A proxy's own password in the header is not ours to judge: the session counts."""
    session = await in_thread(session_of, user)
    client = await dial(authorization="Basic YTpi", session=session, origin=ORIGIN)
    assert (await client.greeting()).hello["status"] == "connected"


async def test_a_token_in_the_url_is_nothing(dial: Connect, user: User) -> None:
    """A credential in a URL ends up in logs, so it is not looked at."""
    secret = await in_thread(token_of, user)
    client = await dial(path=f"/ws?token={secret}&ticket={secret}")
    await client.send({"type": "ping"})
    assert (await client.receive())["code"] == "unauthorized"


async def test_a_foreign_page_is_refused_with_a_token_too(dial: Connect, user: User) -> None:
    """The Origin is judged first, whatever speaks for the caller."""
    with pytest.raises(HandshakeRefused):
        await dial(authorization=f"Token {await in_thread(token_of, user)}", origin="http://evil.example")


@pytest.mark.parametrize("kind", ["ticket", "token"])
async def test_the_first_message_lets_in(dial: Connect, user: User, kind: str) -> None:
    """`auth` is answered with the credential's end, then come the greeting and the state."""
    client = await dial()
    answer = await let_in(client, **{kind: await in_thread(ticket_of if kind == "ticket" else token_of, user)})
    assert (answer["type"], answer["status"]) == ("auth", "ok")
    assert answer["expires_at"].endswith("Z")
    assert client.hello["type"] == "connection"
    await client.subscribe("inventory")
    await announce(item(1))
    assert numbers([await client.receive()]) == [1]


@pytest.mark.parametrize("credential", [{"ticket": "wrong"}, {"token": "wrong"}, {"ticket": ""}, {"token": "é" * 300}])
async def test_bad_credentials_in_the_message_are_the_end(dial: Connect, credential: dict[str, str]) -> None:
    """They are told so and closed with 1008."""
    client = await dial()
    await client.send({"type": "auth", **credential})
    assert await client.end() == (UNAUTHORIZED, 1008)


@pytest.mark.parametrize("credential", [{}, {"ticket": 7}, {"ticket": "a", "token": "b"}, {"token": ["x"]}])
async def test_a_message_without_credentials_is_a_mistake(dial: Connect, user: User, credential: Any) -> None:
    """It is answered, and the connection still waits for better ones."""
    client = await dial()
    await client.send({"type": "auth", **credential})
    assert (await client.receive())["code"] == "invalid_message"
    assert (await let_in(client, token=await in_thread(token_of, user)))["status"] == "ok"


async def test_a_ticket_is_good_once(dial: Connect, user: User) -> None:
    """Whoever comes second with it, on whatever node, is sent away."""
    ticket = await in_thread(ticket_of, user)
    await let_in(await dial(), ticket=ticket)
    late = await dial()
    await late.send({"type": "auth", "ticket": ticket})
    assert (await late.end())[1] == 1008


async def test_of_two_at_once_one_gets_the_ticket(live: None, user: User) -> None:
    """The database gives it to one of those who come in the same moment."""
    for _ in range(5):
        ticket = await in_thread(ticket_of, user)
        found = await asyncio.gather(*(in_thread(tickets.use, ticket) for _ in range(6)))
        assert [identity.user.pk for identity in found if identity] == [user.pk]


async def test_a_ticket_ends_with_its_time_and_its_session(live: None, user: User) -> None:
    """After 30 seconds it is nothing, and so it is when what it stands for has ended."""

    def check() -> None:
        late, _ = tickets.issue(Claim("session", session_of(user)))
        Ticket.objects.update(expires_at=timezone.now())
        assert tickets.use(late) is None
        orphan, _ = tickets.issue(Claim("session", session_of(user)))
        user.set_password("another one")
        user.save()
        assert tickets.use(orphan) is None
        tickets.issue(Claim("operator"))
        Ticket.objects.update(expires_at=timezone.now())
        assert tickets.prune() == 1

    await in_thread(check)


async def test_nothing_secret_is_stored(live: None, user: User) -> None:
    """Of tickets and tokens the database has digests alone."""

    def check() -> None:
        secret, ticket = token_of(user), ticket_of(user)
        stored = [
            str(value) for row in (*ApiToken.objects.values(), *Ticket.objects.values()) for value in row.values()
        ]
        assert not any(whole in value for whole in (secret, ticket) for value in stored)
        assert secret.startswith("aether_")
        assert session_of(user) not in repr(Claim("session", session_of(user)))

    await in_thread(check)


async def test_a_refresh_keeps_the_connection(dial: Connect, user: User) -> None:
    """A fresh credential of the same user, in band, moves the end and interrupts nothing."""
    client = await dial(authorization=f"Token {await in_thread(lambda: token_of(user, days=2 / tokens.DAY))}")
    first_ends = (await in_thread(ApiToken.objects.get)).expiry
    await client.greeting()
    await client.subscribe("inventory")
    await client.send({"type": "auth", "token": await in_thread(token_of, user)})
    assert (await client.receive())["status"] == "ok"
    await wait_until(lambda: timezone.now() > first_ends + timedelta(seconds=0.2))
    await announce(item(1))
    assert numbers([await client.receive()]) == [1]


async def test_a_refused_refresh_changes_nothing(dial: Connect, user: User, other: User) -> None:
    """Bad credentials and those of somebody else are errors; the ones from before still count."""
    client = await (await dial(session=await in_thread(session_of, user), origin=ORIGIN)).greeting()
    await client.send({"type": "auth", "token": "wrong"})
    assert (await client.receive())["code"] == "unauthorized"
    await client.send({"type": "auth", "token": await in_thread(token_of, other)})
    assert (await client.receive())["code"] == "forbidden"
    await client.subscribe("notifications")


@pytest.mark.parametrize(("kind", "most"), [("session", 3), ("token", 3), ("token again", 2)])
async def test_a_handshake_asks_the_database_little(live: None, user: User, kind: str, most: int) -> None:
    """Session, user and groups; or token and groups, and once a minute a note of its use."""

    def count() -> int:
        key, secret = session_of(user), token_of(user)
        headers = [(b"host", b"localhost"), (b"origin", ORIGIN.encode())]
        cookie = (b"cookie", f"sessionid={key}".encode())
        headers.append(cookie if kind == "session" else (b"authorization", f"Token {secret}".encode()))
        scope = {"type": "websocket", "headers": headers, "client": ["127.0.0.1", 1]}
        claimed = auth.claimed(scope)

        def identify() -> object:
            of_session = isinstance(claimed, Claim)
            return credentials.verify([claimed]) if of_session else credentials.of_token(str(claimed))

        if kind == "token again":
            identify()
        with CaptureQueriesContext(connection) as queries:
            assert identify()
        return len(queries)

    assert await in_thread(count) == most


async def test_tokens_are_bounded(live: None, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lifetime beyond the longest is refused, and so is one token too many; ended ones go after a month."""

    def check() -> None:
        for days in (0, -1, 366, float("nan")):
            with pytest.raises(tokens.Refusal, match="at most 365 days"):
                tokens.create(user, "too long", days=days)
        monkeypatch.setattr(tokens, "MOST", 1)
        tokens.create(user, "first")
        with pytest.raises(tokens.Refusal, match="at most 1 tokens"):
            tokens.create(user, "second")
        ApiToken.objects.update(expiry=timezone.now() - timedelta(days=31))
        assert tokens.prune() == 1

    await in_thread(check)


async def test_the_audit_hears_of_tokens_and_tickets(
    dial: Connect, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    """What somebody came with is told by its kind and its token's id, and what is no good by the reason alone."""
    caplog.set_level(logging.INFO, "realtime.audit")
    token, secret = await in_thread(tokens.create, user, "a script")
    ticket = await in_thread(ticket_of, user)
    await (await dial(authorization=f"Token {secret}")).greeting()
    client = await dial()
    await let_in(client, ticket=ticket)
    await client.send({"type": "auth", "ticket": ticket})
    assert (await client.receive())["code"] == "unauthorized"
    stranger = await dial()
    await stranger.send({"type": "auth", "token": "guessed"})
    assert await stranger.end() == (UNAUTHORIZED, 1008)
    names = ("token", "credential", "reason", "user")
    told = [(record.message, *(vars(record).get(name) for name in names)) for record in caplog.records]
    used = "The ticket is not valid, was used, or has ended."
    assert [line for line in told if line[0] in {"token_used", "ticket_used", "unauthorized"}] == [
        ("token_used", str(token.uuid), None, None, user.username),
        ("ticket_used", None, "session", None, user.username),
        ("unauthorized", None, None, used, user.username),
        ("unauthorized", None, None, "The token is not valid, or has ended.", None),
    ]
