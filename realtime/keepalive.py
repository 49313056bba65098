"""Pings for many connections by one timer, where uvicorn has a timer, and often two, for each of them."""

import asyncio
import logging
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from uvicorn import Config

logger = logging.getLogger(__name__)

TURNS: Final = 20
"""Portions in which the connections are pinged, spread over the interval."""


class Kept(Protocol):
    """A connection that is kept alive."""

    def keep_alive(self, now: float, patience: float) -> None:
        """Ping the peer, or end the connection where the ping before was not answered within *patience* seconds."""


Portion = dict[Kept, None]


class Keepalive:
    """A wheel: each connection has its turn once in *interval* seconds, and is asked then for its last pong, too.

    A peer that does not answer is noticed at a turn, hence up to an interval after its *timeout*.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, interval: float, timeout: float | None) -> None:
        self._loop = loop
        self._pause = interval / TURNS
        self._patience = float("inf") if timeout is None else timeout - self._pause  # A turn may come a little early.
        self._portions: list[Portion] = [{} for _ in range(TURNS)]
        self._place = 0
        self._timer: asyncio.TimerHandle | None = None

    def join(self, one: Kept) -> Portion:
        """Give *one* its first turn an interval from now; it leaves by taking itself out of what is returned."""
        portion = self._portions[self._place]
        portion[one] = None
        if self._timer is None:
            self._timer = self._loop.call_later(self._pause, self._turn)
        return portion

    def _turn(self) -> None:
        self._place = (self._place + 1) % TURNS
        now = self._loop.time()
        for one in list(self._portions[self._place]):
            try:
                one.keep_alive(now, self._patience)
            except Exception:  # The root of a turn: one broken connection must not end the pings of all the others.
                logger.exception("Pinging a connection failed.")
        self._timer = self._loop.call_later(self._pause, self._turn) if any(self._portions) else None


_wheels: WeakKeyDictionary[Config, Keepalive] = WeakKeyDictionary()


def wheel(config: Config, loop: asyncio.AbstractEventLoop) -> Keepalive | None:
    """Return the wheel of the server that *config* is of; None where it does not ping."""
    if not config.ws_ping_interval:
        return None
    if config not in _wheels:
        _wheels[config] = Keepalive(loop, interval=config.ws_ping_interval, timeout=config.ws_ping_timeout)
    return _wheels[config]
