"""Tests of the wire: client frames in, server frames out."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import protocol
from realtime.errors import ClientError, CloseCode, Disconnect, InvalidMessage
from realtime.protocol import Auth, Ignored, Ping, Position, Subscribe, Unsubscribe

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = {"topics": JSON, "id": JSON, "since": JSON, "snapshot": JSON, "ticket": JSON}
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from(["subscribe", "unsubscribe", "ping", "auth", "x"]) | JSON}, optional=FIELDS
)
MALFORMED = {
    "empty": "",
    "not JSON": "hello",
    "half": '{"type":"ping"',
    "two": '{"type":"ping"}{"type":"ping"}',
    "NaN": '{"type":"ping","at":NaN}',
    "infinity": '{"type":"ping","at":-Infinity}',
    "number": "7",
    "list": "[]",
    "null": "null",
    "text": '"ping"',
    "no type": "{}",
    "null type": '{"type":null}',
    "list type": '{"type":["ping"]}',
    "deep list": "[" * 100_000,
    "deep object": '{"type":' * 50_000,
    "huge number": "1" * 20_000,
    "huge number inside": '{"type":"ping","at":' + "1" * 20_000 + "}",
    "half a surrogate pair": '{"type":"subscribe","topics":["\\ud800"]}',
    "the other half": '{"type":"ping","id":"\\uDC00"}',
    "no topics": '{"type":"subscribe"}',
    "null topics": '{"type":"subscribe","topics":null}',
    "one topic as text": '{"type":"subscribe","topics":"notifications"}',
    "topics as object": '{"type":"subscribe","topics":{"notifications":1}}',
    "empty topics": '{"type":"unsubscribe","topics":[]}',
    "topics that are no texts": '{"type":"subscribe","topics":["jobs",7]}',
    "nested topics": '{"type":"subscribe","topics":[["jobs"]]}',
    "10,000 topics": json.dumps({"type": "subscribe", "topics": ["jobs"] * 10_000}),
    "long topic": json.dumps({"type": "subscribe", "topics": ["jobs:" + "7" * 500]}),
    "id as object": '{"type":"subscribe","topics":["jobs"],"id":{}}',
    "id as fraction": '{"type":"subscribe","topics":["jobs"],"id":1.5}',
    "long id": json.dumps({"type": "subscribe", "topics": ["jobs"], "id": "x" * 65}),
    "id that JavaScript cannot hold": '{"type":"subscribe","topics":["jobs"],"id":9007199254740993}',
    "since as list": '{"type":"subscribe","topics":["jobs"],"since":[]}',
    "since without epoch": '{"type":"subscribe","topics":["jobs"],"since":{"jobs":{"offset":1}}}',
    "since before the start": '{"type":"subscribe","topics":["jobs"],"since":{"jobs":{"offset":-1,"epoch":"e"}}}',
    "since at true": '{"type":"subscribe","topics":["jobs"],"since":{"jobs":{"offset":true,"epoch":"e"}}}',
    "since of everything": json.dumps(
        {"type": "subscribe", "topics": ["jobs"], "since": {f"{n}": {"offset": 1, "epoch": "e"} for n in range(101)}}
    ),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_refuses_what_is_malformed(text: str) -> None:
    """Malformed input is refused with a sentence that is short enough to send back, and that a frame can carry."""
    with pytest.raises(InvalidMessage) as refused:
        protocol.parse(text)
    answer = protocol.error(refused.value).encode()
    assert 20 < len(refused.value.message) < 400
    assert json.loads(answer)["code"] == "invalid_message"


@settings(max_examples=200, derandomize=True, deadline=None)
@given(MESSAGES | JSON)
def test_parses_or_refuses_any_json(value: Any) -> None:
    """Whatever JSON comes, the answer is a message or a ClientError and nothing else."""
    try:
        message = protocol.parse(json.dumps(value))
    except ClientError as problem:
        protocol.error(problem).encode()
    else:
        assert isinstance(message, protocol.ClientMessage)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.text())
def test_parses_or_refuses_any_text(text: str) -> None:
    """The same holds for what is no JSON."""
    with pytest.raises(ClientError):
        protocol.parse("!" + text)


def test_reads_a_full_subscribe() -> None:
    """Every field arrives, and a topic that is named twice counts once."""
    text = json.dumps(
        {
            "type": "subscribe",
            "topics": ["jobs", "jobs:7", "jobs"],
            "id": 5,
            "since": {"jobs": {"offset": 3, "epoch": "e", "more": None}},
            "snapshot": True,
            "unknown": [1],
        }
    )
    assert protocol.parse(text) == Subscribe(("jobs", "jobs:7"), 5, {"jobs": Position(3, "e")}, snapshot=True)


def test_reads_the_other_messages() -> None:
    """Each type becomes its own class, and an unknown one is ignored."""
    assert protocol.parse('{"type":"unsubscribe","topics":["all"]}') == Unsubscribe(("all",))
    assert protocol.parse('{"type":"ping"}') == Ping()
    assert protocol.parse('{"type":"auth","ticket":"t"}') == Auth("t", None)
    assert protocol.parse('{"type":"auth","token":"t"}') == Auth(None, "t")
    assert protocol.parse('{"type":"later","topics":null}') == Ignored()


def test_reads_characters_beyond_the_basic_plane() -> None:
    """A whole surrogate pair is an ordinary character."""
    assert protocol.parse('{"type":"subscribe","topics":["jobs:\\ud83d\\ude00"]}') == Subscribe(("jobs:😀",))


def test_writes_times_in_utc_with_z() -> None:
    """Times of any zone go out as RFC 3339 in UTC, with milliseconds or, where asked for, microseconds."""
    moment = datetime(2026, 3, 1, 1, 30, 0, 7_000, tzinfo=timezone(timedelta(hours=2)))
    assert protocol.timestamp(moment) == "2026-02-28T23:30:00.007Z"
    assert protocol.timestamp(moment, precision="microseconds") == "2026-02-28T23:30:00.007000Z"


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.dictionaries(st.text(), JSON, min_size=1, max_size=4), st.integers(0, 2**53))
def test_splices_topic_and_offset_into_any_body(body: dict[str, Any], offset: int) -> None:
    """A stored body gains its topic and offset without being parsed again, and both can be read back."""
    text = protocol.splice(json.dumps(body), "jobs", offset)
    assert json.loads(text)["offset"] == offset
    assert json.loads(text)["topic"] == "jobs"
    assert protocol.spliced(text) == ("jobs", offset)


def test_a_batch_holds_its_messages() -> None:
    """A batch is one message that carries others."""
    message = json.loads(protocol.batch(['{"a":1}', '{"a":2}']))
    assert message == {"type": "batch", "messages": [{"a": 1}, {"a": 2}]}


def test_a_disconnect_says_when_to_come_back() -> None:
    """The time is there only where the client should wait."""
    end = Disconnect(CloseCode.RESTART, "The server restarts", retry_after_ms=900)
    assert json.loads(protocol.disconnect(end, reconnect=True)) == {
        "type": "disconnect",
        "code": 1012,
        "reason": "The server restarts",
        "reconnect": True,
        "retry_after_ms": 900,
    }
    assert "retry_after_ms" not in protocol.disconnect(Disconnect(CloseCode.NORMAL, ""), reconnect=True)
