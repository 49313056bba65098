"""Two reasons at once to bring a client onto a stream: what it asks for, and what its groups become."""

import asyncio

from django.contrib.auth.models import Group, User

from tests.realtime.conftest import Connect, announce, in_thread, item

ROUNDS = 25


async def test_a_snapshot_is_never_older_than_what_was_sent(connect: Connect, user: User) -> None:
    """While groups change and snapshots are asked for, the stream only ever goes forward, and no offset comes twice."""
    client = await connect()
    await client.subscribe("inventory")
    group = await in_thread(lambda: Group.objects.create(name="night shift"))

    async def write() -> None:
        for number in range(ROUNDS * 4):
            await announce(item(number))

    async def toggle() -> None:
        for _ in range(ROUNDS):
            await in_thread(user.groups.add, group)
            await in_thread(user.groups.remove, group)

    async def ask() -> None:
        for _ in range(ROUNDS):
            await client.send({"type": "subscribe", "topics": ["inventory"], "snapshot": True})

    await asyncio.gather(write(), toggle(), ask())
    await client.send({"type": "subscribe", "topics": ["jobs"], "id": "last"})
    got = await client.until(lambda message: message.get("id") == "last")
    reached, live = 0, 0
    for message in [one for packed in got for one in packed.get("messages", [packed])]:
        if message["type"] == "snapshot" and message["topic"] == "inventory":
            at = message["positions"]["inventory"]["offset"]
            assert at >= reached, f"a snapshot at {at} after {reached}"
            reached = at
        elif "offset" in message:
            assert message["offset"] > reached, f"{message['offset']} after {reached}"
            reached, live = message["offset"], live + 1
    assert live > 0
