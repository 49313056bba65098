"""Tests of the pings that many connections share a timer for."""

import asyncio

from realtime.keepalive import TURNS, Keepalive
from tests.support.waiting import wait_until


class Peer:
    """A connection that notes its turns."""

    def __init__(self) -> None:
        self.turns: list[tuple[float, float]] = []

    def keep_alive(self, now: float, patience: float) -> None:
        """Note the turn."""
        self.turns.append((now, patience))


async def test_each_has_a_turn_in_every_interval() -> None:
    """A connection's first turn comes an interval after it joined, and the next an interval later."""
    loop = asyncio.get_running_loop()
    wheel, peer, began = Keepalive(loop, interval=0.1, timeout=0.2), Peer(), loop.time()
    portion = wheel.join(peer)
    await wait_until(lambda: len(peer.turns) == 3, what="three turns")
    assert peer.turns[0][0] - began >= 0.1 * (TURNS - 1) / TURNS
    assert peer.turns[2][0] - peer.turns[0][0] >= 0.2 * (TURNS - 1) / TURNS
    assert 0.19 <= peer.turns[0][1] < 0.2
    del portion[peer]


async def test_who_left_has_no_turn() -> None:
    """A connection that has gone is not pinged, and others are; one may go during its own turn."""
    wheel, gone, stays = Keepalive(asyncio.get_running_loop(), interval=0.1, timeout=None), Peer(), Peer()
    del wheel.join(gone)[gone]
    portion = wheel.join(stays)
    await wait_until(lambda: bool(stays.turns), what="a turn")
    assert not gone.turns
    assert stays.turns[0][1] == float("inf")
    del portion[stays]


async def test_an_empty_wheel_stands_still_and_turns_again() -> None:
    """With nobody to ping there is no timer; who joins later is pinged."""
    wheel, peer = Keepalive(asyncio.get_running_loop(), interval=0.02, timeout=0.02), Peer()
    del wheel.join(peer)[peer]
    await asyncio.sleep(0.1)  # Nothing to wait for: nothing must come.
    assert not peer.turns
    portion = wheel.join(peer)
    await wait_until(lambda: bool(peer.turns), what="a turn")
    del portion[peer]


async def test_one_that_fails_ends_nobody_elses_pings() -> None:
    """A connection that cannot be pinged costs the others no turn, in its portion and in later ones."""

    class Broken(Peer):
        """A connection that cannot be pinged."""

        def keep_alive(self, now: float, patience: float) -> None:
            """Fail."""
            raise RuntimeError("It broke.")

    wheel, broken, stays = Keepalive(asyncio.get_running_loop(), interval=0.1, timeout=None), Broken(), Peer()
    portion = wheel.join(broken)
    assert wheel.join(stays) is portion
    await wait_until(lambda: len(stays.turns) == 2, what="two turns")
    portion.clear()
