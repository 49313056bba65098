"""The harness's judgement, on journals that are made up."""

from typing import Any

import pytest

from realtime.audience import EVERYONE, for_group, for_user
from realtime.snapshots import epoch_for
from tests.chaos.apps import COVERED
from tests.chaos.journal import Journal
from tests.chaos.log import Committed, Entry, Log
from tests.chaos.verdict import Judge, Verdict

GROUP = 5
AUDIENCES = [EVERYONE, for_user(1), for_group(GROUP), for_user(2), EVERYONE, EVERYONE]
OUTSIDE = {EVERYONE, for_user(1)}


def judge(journal: Journal, *, groups: frozenset[int] = frozenset()) -> Verdict:
    """Judge *journal* against a log of six publications on one stream."""
    entries = [
        Entry(id=offset * 10, offset=offset, audience=audience, key=str(offset), at=float(offset), many=offset == 5)
        for offset, audience in enumerate(AUDIENCES, 1)
    ]
    return Judge(Committed({"jobs": Log(entries)}, {1: groups}, {"jobs": "e"}), [GROUP]).judge([journal])


def journal(kind: str = "v1", topic: str = "jobs") -> Journal:
    """A journal of user 1, who is in no group."""
    return Journal("a client", kind, 1, [topic])


def snapshot(offset: int, audiences: set[str], covered: tuple[int, ...] = ()) -> dict[str, Any]:
    """A snapshot at *offset*."""
    position = {"offset": offset, "epoch": epoch_for("e", audiences)}
    return {"data": {f"{COVERED}:jobs": covered}, "positions": {"jobs": position}}


def receive(to: Journal, *offsets: int) -> None:
    """Let messages come."""
    for offset in offsets:
        to.message({"topic": "jobs", "offset": offset}, 0.0)


def test_a_client_that_got_what_it_may_see_is_clean() -> None:
    """What is for others is not missed."""
    client = journal()
    client.snapshot(snapshot(0, OUTSIDE), 0.0)
    receive(client, 1, 2, 5, 6)
    verdict = judge(client)
    assert verdict.clean
    assert verdict.deliveries == 4


@pytest.mark.parametrize(
    ("offsets", "wrong"),
    [
        ((1, 2, 6), {"lost": 1}),
        ((1, 2, 5), {"lost": 1}),
        ((1, 2, 5, 5, 6), {"duplicated": 1}),
        ((1, 5, 2, 6), {"out_of_order": 1}),
        ((1, 2, 3, 5, 6), {"foreign": 1}),
    ],
)
def test_each_kind_of_failure_is_counted(offsets: tuple[int, ...], wrong: dict[str, int]) -> None:
    """Something lost in the middle or at the end, repeated, swapped, or meant for others."""
    client = journal()
    client.snapshot(snapshot(0, OUTSIDE), 0.0)
    receive(client, *offsets)
    verdict = judge(client)
    found = {name: getattr(verdict, name) for name in ("lost", "duplicated", "out_of_order", "foreign")}
    assert {name: count for name, count in found.items() if count} == wrong


def test_what_a_snapshot_covers_counts_as_received() -> None:
    """Up to its position, and what was pending when it was taken."""
    client = journal()
    client.snapshot(snapshot(1, OUTSIDE, covered=(20,)), 0.0)
    receive(client, 5, 6)
    assert judge(client).clean


def test_a_gap_before_a_snapshot_that_covers_it_is_no_loss() -> None:
    """A reset ends one sequence and begins another."""
    client = journal()
    client.snapshot(snapshot(0, OUTSIDE), 0.0)
    receive(client, 1)
    client.snapshot(snapshot(5, OUTSIDE), 0.0)
    receive(client, 6)
    assert judge(client).clean


def test_a_hole_before_a_position_that_was_told_is_a_loss() -> None:
    """A `subscription` that claims an offset claims all before it."""
    client = journal()
    client.snapshot(snapshot(0, OUTSIDE), 0.0)
    receive(client, 1)
    client.subscribed({"jobs": {"offset": 2, "epoch": epoch_for("e", OUTSIDE)}}, 0.0)
    client.snapshot(snapshot(6, OUTSIDE), 0.0)
    assert judge(client).lost == 1


def test_an_older_client_gets_one_publication_as_several_messages() -> None:
    """Only one that has a legacy form, and only older clients."""
    client = journal("legacy")
    client.snapshot(snapshot(0, OUTSIDE), 0.0)
    receive(client, 1, 2, 5, 5, 5, 6)
    assert judge(client).clean


def test_an_older_client_starts_at_the_head() -> None:
    """What came before the answer belongs to it; what came before that is not expected."""
    client = journal("legacy")
    receive(client, 2)
    client.subscribed({"jobs": {"offset": 4, "epoch": epoch_for("e", OUTSIDE)}}, 0.0)
    receive(client, 5, 6)
    assert judge(client).clean


def test_a_filter_narrows_what_is_expected() -> None:
    """A client of `jobs:5` misses nothing else."""
    client = journal(topic="jobs:5")
    client.snapshot(snapshot(0, OUTSIDE), 0.0)
    receive(client, 5)
    assert judge(client).clean


def test_a_group_that_the_server_did_not_notice_is_a_violation() -> None:
    """At the end the epoch must stand for the groups that the user is in."""
    client = journal()
    client.snapshot(snapshot(6, OUTSIDE), 0.0)
    assert judge(client, groups=frozenset({GROUP})).violations == 1


def test_a_new_group_takes_effect_with_its_snapshot() -> None:
    """Each sequence is judged by the audiences that its epoch stands for."""
    client = journal()
    client.snapshot(snapshot(0, OUTSIDE), 0.0)
    receive(client, 1, 2)
    client.snapshot(snapshot(2, OUTSIDE | {for_group(GROUP)}), 0.0)
    receive(client, 3, 5, 6)
    assert judge(client, groups=frozenset({GROUP})).clean


def test_a_client_that_is_not_connected_at_the_end_is_a_violation() -> None:
    """Silence is not success."""
    assert judge(journal()).violations == 1
