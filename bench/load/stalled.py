"""Clients that never read: the kernel takes what fits into its buffers, and the rest stays with the server."""

import asyncio
import socket
from dataclasses import replace
from typing import Final

from bench.load.subscribers import PROTOCOLS, Subscriber
from bench.load.target import Tally, Target

RECEIVED: Final = 4_096
"""Bytes that the kernel may take for one of them, which it doubles."""
PATIENCE: Final = 60.0


class Stalled:
    """Connections that subscribe like any other and then stop reading. What they got before is counted nowhere."""

    def __init__(self, target: Target) -> None:
        self._target = replace(target, tally=Tally())
        self._clients: list[Subscriber] = []

    async def open(self, first: int, count: int, at_once: int) -> None:
        """Connect *count* of them, *at_once* at a time, numbered from *first*. Raises: OSError, TimeoutError."""
        numbers = iter(range(first, first + count))

        async def one_after_another() -> None:
            for number in numbers:
                async with asyncio.timeout(PATIENCE):
                    self._clients.append(await self._connect(number))

        await asyncio.gather(*(one_after_another() for _ in range(min(at_once, count))))

    def close(self) -> None:
        """Drop those that are left."""
        for client in self._clients:
            client.close()
        self._clients = []

    async def _connect(self, number: int) -> Subscriber:
        loop = asyncio.get_running_loop()
        own = socket.socket()
        own.setblocking(False)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED)
        client = PROTOCOLS[self._target.protocol](self._target, number, 0)
        try:
            await loop.sock_connect(own, ("127.0.0.1", self._target.port))
            transport, _ = await loop.create_connection(lambda: client, sock=own)
            await client.ready
            client.ready = loop.create_future()
            client.subscribe()
            await client.ready
        except BaseException:
            client.close()
            own.close()
            raise
        transport.pause_reading()
        return client
