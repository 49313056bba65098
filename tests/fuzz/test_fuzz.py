"""The short form of `make fuzz`, and its teeth: what it must find, it finds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import api
from tests.fuzz.inputs import Input, Then
from tests.fuzz.run import Fuzzing
from tests.fuzz.sockets import Sockets
from tests.fuzz.target import ServerFailed, Target, target
from tests.fuzz.wire import frame

SEED = 7


@pytest.fixture(scope="module")
def fuzzed(migrated_database: Path) -> Iterator[Target]:
    """A server, shared by this module's tests. DEBUG spares it collecting the static files."""
    with target(migrated_database, DEBUG="true") as found:
        yield found


def test_whatever_is_sent_the_server_lives_on(fuzzed: Target) -> None:
    """Frames, handshakes and cursors that no client should send: no exception, and the next message is answered."""
    told: list[str] = []
    outcome = Fuzzing(fuzzed, 600, SEED, told.append).run()
    assert outcome.inputs >= 550
    assert {"plain", "fragments", "packets", "binary", "controls", "violation"} <= set(outcome.kinds)
    assert told


def test_every_answer_of_the_api_is_documented(fuzzed: Target) -> None:
    """Requests made from the OpenAPI document get no 5xx, no status and no body that it does not declare."""
    printed = api.run(fuzzed, examples=2, seed=SEED, phases="fuzzing")
    assert "generated" in printed


async def test_a_message_that_is_not_answered_is_noticed(fuzzed: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that is not finished swallows the good message after it, which is no answer."""
    monkeypatch.setattr("tests.fuzz.wire.PATIENCE", 0.5)
    unfinished = Input("unfinished", (frame(b"x" * 100)[:-99],), Then.ASK)
    with pytest.raises(ServerFailed, match=r"neither answered nor ended|closed with"):
        await Sockets(fuzzed, SEED).feed(unfinished)


async def test_a_connection_that_is_lost_is_noticed(fuzzed: Target) -> None:
    """A connection that ends after what the harness holds for well-formed is a finding."""
    with pytest.raises(ServerFailed, match="closed with 1002"):
        await Sockets(fuzzed, SEED).feed(Input("wrong", (frame(b"x", 5),), Then.ASK))


def test_an_exception_in_the_log_is_noticed(fuzzed: Target) -> None:
    """A traceback in the server's log is a finding, once."""
    with fuzzed.server.log_file.open("a") as log:
        log.write("Traceback (most recent call last):\n")
    with pytest.raises(ServerFailed, match="Traceback"):
        fuzzed.check_log()
    fuzzed.check_log()
