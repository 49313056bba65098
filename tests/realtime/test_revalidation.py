"""Tests of revocation: what ends a credential ends its connections, what changes rights changes them in place."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from realtime import control, credentials, node, tokens, topics
from realtime.identity import Claim
from realtime.models import ApiToken, Publication
from realtime.topics import Topic
from tests.realtime.clients import Client
from tests.realtime.conftest import HOST, Connect, announce, in_thread, item, numbers, session_of

ORIGIN = f"http://{HOST}"
SECOND = 1.0


class SecretTopic(Topic):
    """A topic for whoever may add tokens: any permission would do."""

    name = "secret"
    keyed = True

    def authorize(self, user: AbstractBaseUser, key: str) -> bool:
        return user.has_perm("realtime.add_apitoken")  # type: ignore[attr-defined]


@pytest.fixture
def secret_topic() -> Iterator[None]:
    """A topic that depends on a permission, for this test alone."""
    topics.register(SecretTopic())
    yield
    topics.unregister("secret")


def permission() -> Permission:
    return Permission.objects.get(codename="add_apitoken")


async def ended_within_a_second(client: Client) -> None:
    """Make sure that the connection ends at once, for good, and says so."""
    async with asyncio.timeout(SECOND):
        last, code = await client.end()
    assert (last["reason"], last["reconnect"], code) == ("Session ended", False, 1008)


async def alive(client: Client) -> None:
    await client.send({"type": "ping"})
    assert (await client.until(lambda message: message["type"] == "pong"))[-1]["type"] == "pong"


@pytest.fixture
def by_session(dial: Connect) -> Callable[..., Awaitable[Client]]:
    """Connect with a session's key."""

    async def connect(key: str) -> Client:
        return await (await dial(session=key, origin=ORIGIN)).greeting()

    return connect


async def test_a_logout_ends_its_own_session_alone(by_session: Any, user: User) -> None:
    """Both tabs of the browser that logs out are ended; the same person's other browser stays connected."""
    browser = Browser()
    await in_thread(browser.force_login, user)
    key = browser.cookies["sessionid"].value
    tabs = [await by_session(key) for _ in range(2)]
    elsewhere = await by_session(await in_thread(session_of, user))
    await in_thread(browser.post, "/accounts/logout/")
    for tab in tabs:
        await ended_within_a_second(tab)
    await alive(elsewhere)


def _password(user: User) -> None:
    user.set_password("a new one, longer")
    user.save()


def _deactivate(user: User) -> None:
    user.is_active = False
    user.save(update_fields=["is_active"])


def _in_bulk(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    control.user_changed([user.pk])


@pytest.mark.parametrize(
    "change", [_password, _deactivate, _in_bulk, User.delete, lambda user: Session.objects.all().delete()]
)
async def test_what_ends_sessions_ends_their_connections(by_session: Any, user: User, other: User, change: Any) -> None:
    """A new password, the account's end, and sessions that are swept away; nobody else is disturbed."""
    client = await by_session(await in_thread(session_of, user))
    await in_thread(change, user)
    await ended_within_a_second(client)
    await alive(await by_session(await in_thread(session_of, other)))


async def test_a_new_password_keeps_the_session_that_set_it(by_session: Any, user: User) -> None:
    """With `update_session_auth_hash` the browser's new session lets in at once, and others have ended."""

    def change(key: str) -> str:
        from django.contrib.auth import update_session_auth_hash

        request = HttpRequest()
        request.session, request.user = SessionStore(key), user  # type: ignore[assignment]
        user.set_password("a new one, longer")
        user.save()
        update_session_auth_hash(request, user)
        request.session.save()
        assert request.session[HASH_SESSION_KEY] == user.get_session_auth_hash()
        return str(request.session.session_key)

    own, others = await in_thread(session_of, user), await by_session(await in_thread(session_of, user))
    new = await in_thread(change, own)
    await ended_within_a_second(others)
    await alive(await by_session(new))


@pytest.mark.parametrize("how", ["revoked", "shortened", "deactivated", "in time"])
async def test_a_token_that_ends_ends_its_connections(dial: Connect, user: User, how: str) -> None:
    """Those of the same user that came with something else are not concerned, unless the user is."""
    token, secret = await in_thread(lambda: tokens.create(user, "t", days=0.9 / 86_400 if how == "in time" else 1))
    client = await (await dial(authorization=f"Token {secret}")).greeting()
    browser = await (await dial(session=await in_thread(session_of, user), origin=ORIGIN)).greeting()

    def end() -> None:
        if how == "revoked":
            ApiToken.objects.filter(uuid=token.uuid).delete()
        elif how == "shortened":
            token.expiry = timezone.now()
            token.save()
        elif how == "deactivated":
            _deactivate(user)

    await in_thread(end)
    await ended_within_a_second(client)
    if how != "deactivated":
        await alive(browser)


async def test_a_session_that_ends_by_itself_ends_its_connections(by_session: Any, user: User) -> None:
    """The clock is watched too; a session that was prolonged meanwhile goes on."""
    keys = [await in_thread(session_of, user) for _ in range(2)]
    soon = timezone.now() + timedelta(seconds=1)
    await in_thread(lambda: Session.objects.update(expire_date=soon))
    short, prolonged = [await by_session(key) for key in keys]
    await in_thread(lambda: Session.objects.filter(pk=keys[1]).update(expire_date=soon + timedelta(hours=1)))
    async with asyncio.timeout(2):
        assert (await short.end())[0]["reason"] == "Session ended"
    await alive(prolonged)


def _to_user(user: User) -> None:
    user.user_permissions.add(permission())


def _to_group(user: User) -> None:
    user.groups.get().permissions.add(permission())


def _to_group_reversed(user: User) -> None:
    permission().group_set.add(user.groups.get())


def _superuser(user: User) -> None:
    user.is_superuser = True
    user.save()


def _no_superuser(user: User) -> None:
    user.is_superuser = False
    user.save()


RIGHTS = [
    (_to_user, lambda user: user.user_permissions.clear()),
    (_to_user, lambda user: permission().user_set.clear()),
    (_to_group, lambda user: user.groups.get().permissions.clear()),
    (_to_group_reversed, lambda user: permission().group_set.clear()),
    (_to_group, lambda user: user.groups.clear()),
    (_to_group, lambda user: Group.objects.all().delete()),
    (_superuser, _no_superuser),
]


@pytest.mark.parametrize(("give", "take"), RIGHTS)
async def test_a_right_that_is_lost_ends_the_subscription(
    secret_topic: None, connect: Connect, user: User, give: Any, take: Any
) -> None:
    """The client is told which topic it may no longer follow, gets nothing more of it, and keeps the others."""
    await in_thread(give, user)
    client = await connect()
    await client.subscribe("secret", "secret:7", "inventory")
    await in_thread(take, user)
    async with asyncio.timeout(SECOND):
        got = await client.until(lambda message: message["type"] == "subscription")
    assert got[-1]["status"] == "unsubscribed"
    assert got[-1]["topics"] == ["secret", "secret:7"]
    assert got[-1]["denied"] == [{"topic": name, "code": "forbidden"} for name in ("secret", "secret:7")]
    await announce(item(1, "secret", key="7"), item(2))
    assert 2 in numbers(await client.until(lambda message: numbers([message]) == [2]))
    await client.send({"type": "subscribe", "topics": ["secret"]})
    answers = await client.until(lambda message: message["type"] in ("error", "subscription"))
    assert answers[-1]["code"] == "forbidden"


async def test_all_follows_what_one_may_see(secret_topic: None, connect: Connect, user: User) -> None:
    """`all` gains a topic with a snapshot when its user may see it, and loses it without the rest."""
    client = await connect()
    await client.subscribe("all")
    await in_thread(_to_user, user)
    got = await client.until(lambda message: message["type"] == "snapshot" and message["topic"] == "secret")
    await announce(item(1, "secret"))
    got = await client.until(lambda message: numbers([message]) == [1])
    await in_thread(user.user_permissions.clear)
    got = await client.until(lambda message: message["type"] == "subscription")
    assert got[-1]["topics"] == ["secret"]
    await announce(item(2, "secret"), item(3))
    assert numbers(await client.until(lambda message: numbers([message]) == [3])) == [3]


async def test_one_who_reads_slowly_holds_up_nobody(
    secret_topic: None, connect: Connect, user: User, other: User
) -> None:
    """While one client is being brought onto a stream at its own pace, others are revoked in time, and so is it."""
    slow, quick = await connect(), await connect(who=other)
    here = await node.running()
    held = next(client for client in here.hub.connections.values() if client.user.pk == user.pk)
    async with held.moving:  # As a replay to a client that does not read.
        await in_thread(user.groups.clear)
        await in_thread(_deactivate, other)
        await ended_within_a_second(quick)
        await in_thread(_deactivate, user)
        await ended_within_a_second(slow)


async def test_nothing_secret_is_published(live: None, user: User) -> None:
    """What nodes tell each other names users and user groups, and neither session keys nor digests of tokens."""

    def change() -> tuple[str, str, list[str]]:
        browser = Browser()
        browser.force_login(user)
        key = browser.cookies["sessionid"].value
        browser.post("/accounts/logout/")
        token, _ = tokens.create(user, "t")
        digest = token.digest
        token.delete()
        rows = Publication.objects.filter(stream=control.STREAM)
        return key, digest, [f"{row.body} {row.key} {row.audience}" for row in rows]

    key, digest, said = await in_thread(change)
    assert len(said) >= 2
    assert not any(secret in text for secret in (key, digest, key[:8], digest[:8]) for text in said)


async def test_a_login_tells_nobody(live: None, user: User) -> None:
    """What changes with each login, and sessions that had ended anyway, are no news."""

    def change() -> int:
        before = Publication.objects.filter(stream=control.STREAM).count()
        session_of(user)
        Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
        SessionStore.clear_expired()
        return Publication.objects.filter(stream=control.STREAM).count() - before

    assert await in_thread(change) == 0


async def test_many_are_looked_at_with_few_queries(connect: Connect, user: User, other: User) -> None:
    """Thirty credentials of two users cost as many queries as one."""

    def count() -> int:
        claims = [Claim("session", session_of(person)) for person in (user, other) for _ in range(10)]
        claims += [Claim("token", str(tokens.create(user, "t")[0].uuid)) for _ in range(10)]
        with CaptureQueriesContext(connection) as queries:
            assert len(credentials.verify(claims)) == len(claims)
        return len(queries)

    assert await in_thread(count) == 4
