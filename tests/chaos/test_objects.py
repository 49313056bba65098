"""What a client makes of jobs, their output and the inventory, on messages that are made up."""

from typing import Any

import pytest

from tests.chaos.held import Held
from tests.chaos.journal import Journal
from tests.chaos.log import Entry
from tests.chaos.output import Printed, line, named

JOB = named(1, 1.0)[0]


def said(*versions: int, action: str = "updated") -> list[dict[str, Any]]:
    """Publications of one VM."""
    return [{"action": action, "data": {"kind": "vm", "id": "a", "version": version}} for version in versions]


def lines(first: int, count: int, job: str = JOB) -> dict[str, Any]:
    """The message with which *count* lines from *first* on come."""
    texts = [line(job, number) for number in range(first, first + count)]
    return {"action": "output", "job_id": job, "first_line": first, "data": {"lines": texts}}


@pytest.mark.parametrize(("versions", "faults"), [((1, 2, 5), 0), ((1, 3, 3), 1), ((1, 3, 2), 1)])
def test_a_version_that_comes_again_or_goes_back_is_a_fault(versions: tuple[int, ...], faults: int) -> None:
    """Some may be left out, since updates are merged."""
    held = Held()
    for message in said(*versions):
        held.apply(message)
    assert len(held.faults) == faults


def test_what_is_gone_comes_back_with_a_higher_version_alone() -> None:
    """A deletion is remembered, also where a snapshot lies in between."""
    held = Held()
    for message in (*said(1), *said(2, action="deleted")):
        held.apply(message)
    assert (held.items, held.complete) == ({}, False)
    held.replace([{"kind": "vm", "id": "a", "version": 3}])
    assert (list(held.items), held.complete, held.faults) == (["vm:a"], True, [])
    held.apply(said(2)[0])
    assert held.faults == ["vm:a came with version 2, after 3"]


def test_a_snapshot_behind_what_came_is_a_fault() -> None:
    """The same version is none: the snapshot says what the client has."""
    held = Held()
    held.apply(said(7)[0])
    held.replace([{"kind": "vm", "id": "a", "version": 7}])
    assert not held.faults
    held.take("vm:a", {"kind": "vm", "id": "a", "version": 6})
    assert held.faults == ["vm:a came with version 6, after 7"]


@pytest.mark.parametrize(
    ("parts", "faults"), [([(1, 4), (5, 2), (7, 30)], 0), ([(1, 4), (6, 2)], 1), ([(1, 4), (4, 2)], 1)]
)
def test_lines_follow_each_other(parts: list[tuple[int, int]], faults: int) -> None:
    """A hole is a fault, and so is a line that comes twice."""
    printed = Printed()
    for first, count in parts:
        printed.output(lines(first, count))
    assert (len(printed.faults), printed.lines) == (faults, sum(count for _, count in parts))


def test_what_follows_a_snapshot_continues_it() -> None:
    """From the number of its first line, and the lines must be those of these numbers."""
    printed = Printed()
    data = {"job": {}, "first_line": 3, "lines": lines(3, 9)["data"]["lines"]}
    printed.snapshot(JOB, data)
    printed.output(lines(12, 1))
    assert printed.following == {JOB: 13}
    assert not printed.faults
    printed.snapshot(JOB, data)
    printed.output(lines(12, 1, job="another's") | {"job_id": JOB})
    assert [fault.partition(": ")[2] for fault in printed.faults] == [
        "a snapshot ends before line 13, which is known",
        "line 12 is not what was printed (1 such lines)",
    ]


@pytest.mark.parametrize(
    ("kind", "topics", "state", "output"),
    [
        ("v1", ["jobs"], True, False),
        ("v1", ["all", "jobs:b"], True, False),
        ("v1", ["jobs", "jobs:a"], True, True),
        ("poll", ["jobs:a"], True, True),
        ("sse", ["jobs:b"], False, False),
        ("legacy", ["all"], True, True),
        ("legacy", ["jobs:b"], False, False),
    ],
)
def test_output_is_for_those_who_name_the_job_and_for_older_clients(
    kind: str, topics: list[str], state: bool, output: bool
) -> None:
    """States go to whoever follows all jobs, output of a job does not."""
    follows = Journal("a client", kind, 1, topics).follows("jobs")
    assert follows
    about = {"id": 1, "offset": 1, "audience": "", "key": "a", "at": 0.0, "many": False}
    assert [follows.wants(Entry(**about, detail=detail)) for detail in (False, True)] == [state, output]  # type: ignore[arg-type]


def test_an_older_client_that_connects_anew_holds_nothing() -> None:
    """It resumes nothing, so that neither versions nor lines need to continue."""
    client = Journal("a client", "legacy", 1, ["jobs"])
    for message in ({"action": "status", "data": {"job_id": JOB, "version": 4}}, lines(9, 2)):
        client.message({"topic": "jobs", "offset": 1, **message}, 0.0)
    assert client.objects["jobs"].items
    client.forget(["jobs"], 1.0)
    client.message({"topic": "jobs", "offset": 2, **lines(2, 1)}, 2.0)
    assert not client.objects["jobs"].items
    assert not client.printed.faults


@pytest.mark.parametrize(("kind", "faults"), [("legacy", 0), ("v1", 1)])
def test_a_reset_parts_the_lines_of_an_older_client(kind: str, faults: int) -> None:
    """The snapshot of all jobs that follows has none; a v1 client gets the snapshot of each job whose lines it gets."""
    client = Journal("a client", kind, 1, ["jobs"])
    client.message({"topic": "jobs", "offset": 1, **lines(1, 2)}, 0.0)
    client.reset({"topic": "jobs", "reason": "audience_changed"})
    client.message({"topic": "jobs", "offset": 9, **lines(6, 1)}, 0.0)
    assert (len(client.printed.faults), client.resets) == (faults, {"audience_changed": 1})


def test_what_was_pending_in_a_snapshot_may_come_again() -> None:
    """On another connection, which does not know of the snapshot: once, and it says what is held already."""
    held, printed = Held(), Printed()
    held.replace([{"kind": "vm", "id": "a", "version": 7}])
    held.apply(said(7)[0])
    printed.snapshot(JOB, {"job": {}, "first_line": 1, "lines": lines(1, 9)["data"]["lines"]})
    for part in (lines(8, 2), lines(10, 1)):
        printed.output(part)
    assert not held.faults + printed.faults
    held.apply(said(7)[0])
    assert len(held.faults) == 1
