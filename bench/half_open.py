"""`python -m bench.half_open`: does it matter to others that 1,000 handshakes are half-open?

Half of them send nothing, half of them the beginning of a request. In turns without and with them, the same clients
ping over open WebSockets and open new ones; what is told is the 99th percentile of each, and their ratio.
"""

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from websockets.asyncio.client import connect

from tests.support.servers import Server, environment, manage

HALF_OPEN: Final = 1_000
CLIENTS: Final = 20
PAUSE: Final = 0.02
"""Seconds between a client's pings: what is measured is the server's latency, not how much it can do."""
CONNECTORS: Final = 4
ROUNDS: Final = 8
"""Of each kind, in turns: whatever else the machine does then meets both alike."""
SECONDS: Final = 2.5
GOAL: Final = 1.5
Times = dict[str, list[float]]


async def pinging(url: str, until: float, times: Times) -> None:
    """Ping over one WebSocket again and again."""
    async with connect(url, proxy=None) as client:
        await _until(client, '"initial_state"')
        while time.monotonic() < until:
            started = time.perf_counter()
            await client.send('{"type":"ping"}')
            await _until(client, '"pong"')
            times["ping"].append(time.perf_counter() - started)
            await asyncio.sleep(PAUSE)


async def connecting(url: str, until: float, times: Times) -> None:
    """Open WebSockets one after the other, each up to its state."""
    while time.monotonic() < until:
        started = time.perf_counter()
        async with connect(url, proxy=None) as client:
            await _until(client, '"initial_state"')
            times["connect"].append(time.perf_counter() - started)
        await asyncio.sleep(PAUSE)


@contextlib.asynccontextmanager
async def half_open(port: int, count: int) -> AsyncIterator[None]:
    """Keep sockets open whose handshake does not come."""
    opened = []
    for number in range(count):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"" if number % 2 else b"GET /ws HT")
        opened.append(writer)
    await settled(port)
    yield
    for writer in opened:
        writer.close()
    await settled(port)


async def settled(port: int) -> None:
    """Return when the server has seen all that came before: the cost of 1,000 sockets at once is not what is asked."""
    for _ in range(3):
        async with connect(f"ws://127.0.0.1:{port}/ws", proxy=None) as client:
            await _until(client, '"initial_state"')


async def measure(server: Server, times: Times, count: int) -> None:
    """Measure one round beside *count* half-open handshakes."""
    async with half_open(server.port, count):
        until = time.monotonic() + SECONDS
        clients = [pinging(server.ws_url, until, times) for _ in range(CLIENTS)]
        clients += [connecting(server.ws_url, until, times) for _ in range(CONNECTORS)]
        await asyncio.gather(*clients)


async def compare(server: Server) -> float:
    """Print the percentiles and return the larger ratio."""
    without: Times = {"ping": [], "connect": []}
    beside: Times = {"ping": [], "connect": []}
    await measure(server, {"ping": [], "connect": []}, 0)  # To warm up.
    for _ in range(ROUNDS):
        await measure(server, without, 0)
        await measure(server, beside, HALF_OPEN)
    ratios = []
    for what in without:
        alone, among = p99(without[what]), p99(beside[what])
        ratios.append(among / alone)
        print(
            f"{what:8} p99 {alone * 1000:7.2f} ms alone, {among * 1000:7.2f} ms beside {HALF_OPEN}: × {ratios[-1]:.2f}"
        )
    return max(ratios)


def p99(times: list[float]) -> float:
    """Return the 99th percentile."""
    return statistics.quantiles(times, n=100)[98]


async def _until(client: object, wanted: str) -> None:
    while wanted not in await client.recv():  # type: ignore[attr-defined]
        pass


def main() -> int:
    """Measure against a server of its own; 1 where the goal is missed."""
    with tempfile.TemporaryDirectory(prefix="aether-half-open-") as directory:
        template = Path(directory) / "template.sqlite3"
        manage("migrate", "-v", "0", env=environment(DATABASE_URL=f"sqlite:///{template}"))
        options = {"AUTH_ENABLED": "false", "LOG_LEVEL": "WARNING", "LIMIT_MESSAGES": "0", "HANDSHAKE_TIMEOUT": "60"}
        server = Server(Path(directory) / "server", template, **options).start()
        try:
            worst = asyncio.run(compare(server))
        finally:
            server.stop()
    print(f"The goal is × {GOAL}: {'reached' if worst <= GOAL else 'missed'}.")
    return 0 if worst <= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
