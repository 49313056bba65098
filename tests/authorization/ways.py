"""The ways on which states and publications reach a client; each returns all that the person was sent, as one text."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from tests.authorization.conftest import World
from tests.authorization.people import FENCE, KEY, LET_IN, drafts
from tests.realtime.clients import Client, Message
from tests.realtime.conftest import in_thread, publish

Meet = Callable[[], Awaitable[Any]]
Way = Callable[[World, str, str, Meet], Awaitable[str | None]]
"""World, person, topic, and what to await when ready for publications → what came; None where the topic is denied."""


def publish_for_all(topic: str) -> None:
    """Publish something on *topic* for each audience."""
    publish(*drafts(topic))


async def walk(world: World, topic: str, way: Way) -> dict[str, str | None]:
    """Let everyone with a login go *way*, publish for each audience, and return what each was sent."""
    await in_thread(publish_for_all, topic)  # The history, for whoever replays.
    ready = asyncio.Barrier(len(LET_IN) + 1)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        tasks = {person: group.create_task(way(world, person, topic, ready.wait)) for person in LET_IN}
        await ready.wait()
        await in_thread(publish_for_all, topic)
    return {person: task.result() for person, task in tasks.items()}


async def subscribed(client: Client, name: str, **options: Any) -> list[Message] | None:
    """Subscribe to *name*, and return what came up to the answer; None where it is denied."""
    await client.send({"type": "subscribe", "topics": [name], **options})
    got = await client.until(lambda message: message["type"] in ("subscription", "error"))
    return None if got[-1].get("code") == "forbidden" else got


async def to_the_last(client: Client) -> list[Message]:
    """Return what comes up to the publication that is the last."""
    return await client.until(lambda message: FENCE in json.dumps(message))


def over_socket(name: str = "{}", *, v1: bool = True, **options: Any) -> Way:
    """Return the way of a WebSocket that subscribes to *name* with *options*."""

    async def way(world: World, person: str, topic: str, meet: Meet) -> str | None:
        client = await (await world.socket(person, v1=v1)).greeting()
        got = await subscribed(client, name.format(topic), **options)
        await meet()
        return None if got is None else json.dumps([client.initial, got, await to_the_last(client)])

    return way


def replayed(*, epoch_of: str | None = None) -> Way:
    """Return the way of a WebSocket that replays the whole history, perhaps with the epoch of another's audiences."""

    async def way(world: World, person: str, topic: str, meet: Meet) -> str | None:
        first = await (await world.socket(epoch_of or person)).greeting()
        held = await subscribed(first, topic)
        client = await (await world.socket(person)).greeting()
        positions = held[-1]["positions"] if held else {}
        since = {name: {**position, "offset": 0} for name, position in positions.items()}
        got = await subscribed(client, topic, since=since)
        await meet()
        return None if got is None else json.dumps([got, await to_the_last(client)])

    return way


async def event_stream(world: World, person: str, topic: str, meet: Meet) -> str | None:
    """Read the event stream, and once more from a cursor of its own."""
    browser = await world.browser(person)
    async with browser.stream("GET", "/api/v1/stream", params={"topics": topic}) as answer:
        if answer.status_code == 403:
            await meet()
            return None
        lines = answer.aiter_lines()
        said = [await anext(lines)]
        while '"status":"subscribed"' not in said[-1]:
            said.append(await anext(lines))
        cursor = next(line for line in reversed(said) if line.startswith("id: "))[4:]
        await meet()
        while FENCE not in said[-1]:
            said.append(await anext(lines))
    async with browser.stream(
        "GET", "/api/v1/stream", params={"topics": topic}, headers={"Last-Event-ID": cursor}
    ) as answer:
        async for line in answer.aiter_lines():
            said.append(line)
            if '"status":"subscribed"' in line:
                break
    return "\n".join(said)


async def long_poll(world: World, person: str, topic: str, meet: Meet) -> str | None:
    """Poll once for the state, and then from the cursor until the last publication has come."""
    browser = await world.browser(person)
    answer = await browser.get("/api/v1/changes", params={"topics": topic, "wait": 0})
    await meet()
    if answer.status_code == 403:
        return None
    said = [answer.text]
    while FENCE not in said[-1]:
        since = json.loads(said[-1])["cursor"]
        again = await browser.get("/api/v1/changes", params={"topics": topic, "since": since, "wait": 5})
        said.append(again.raise_for_status().text)
    return "\n".join(said)


WAYS: Final[dict[str, Way]] = {
    "subscribe, v1": over_socket(),
    "subscribe, legacy": over_socket(v1=False),
    "one object": over_socket(f"{{}}:{KEY}"),
    "all": over_socket("all"),
    "all, legacy": over_socket("all", v1=False),
    "snapshot": over_socket(snapshot=True),
    "replay": replayed(),
    "replay in another's epoch": replayed(epoch_of="outsider"),
    "event stream": event_stream,
    "long poll": long_poll,
}
REPLAYS: Final = ("replay", "replay in another's epoch")
