"""Compare the objects and lines that clients hold with the database, and the database with what was published."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.contrib.auth.models import User

from aether.jobs.models import Chunk, Output
from realtime import outbox, snapshots, topics
from realtime.live_topics import LiveTopic
from realtime.models import Publication
from tests.chaos.held import Data, key_of
from tests.chaos.journal import Journal
from tests.chaos.output import line
from tests.chaos.run import Outcome
from tests.chaos.verdict import Verdict

STREAMS: Final = ("inventory", "jobs")


def compare(outcome: Outcome) -> None:
    """Note each difference in the outcome's verdict, and count what was compared. Queries the database."""
    for stream in STREAMS:
        rows, fresh = _rows(stream), _fresh(stream)
        counts = _judge_history(stream, rows, outcome.verdict)
        for journal in outcome.journals:
            if journal.follows(stream):
                counts["copies compared"] += len(journal.objects[stream].items)
                differences = list(_differences(journal, stream, rows, fresh))
                if differences:
                    outcome.verdict.note("diverged", f"{journal.name} on {stream}: {'; '.join(differences[:3])}")
        outcome.compared[stream] = {"objects": len(rows), **counts}
    outcome.compared["output"] = {"lines": _judge_output(outcome)}


def _rows(stream: str) -> dict[str, Data]:
    """Return every object of *stream* as clients see it, by key."""
    topic = topics.registered()[stream]
    assert isinstance(topic, LiveTopic)
    shown = [data for part in topic.parts for data in part.represent(part.rows())]
    found = json.loads(outbox.encode(shown))
    return {key_of(data): {name: data[name] for name in data if name != "id" or stream != "jobs"} for data in found}


def _fresh(stream: str) -> frozenset[str]:
    """Return the keys of what a snapshot of the whole topic has: not every finished job."""
    [taken] = snapshots.take([(topics.registered()[stream], "")], User.objects.latest("pk"))
    kinds = json.loads(outbox.encode(taken.data)).values()
    return frozenset(key_of(data) for objects in kinds for data in objects if isinstance(data, dict))


def _judge_history(stream: str, rows: Mapping[str, Data], verdict: Verdict) -> Counter[str]:
    """Each object is created, changed and deleted in this order, by rising versions, and ends as the database has it.

    An update that was not sent yet may give way to a later one; what was created or deleted may not.
    """
    counts: Counter[str] = Counter()
    there: dict[str, tuple[bool, int]] = {}
    published = Publication.objects.filter(stream=stream, version__isnull=False).order_by("offset")
    for key, number, mergeable, body in published.values_list("key", "version", "mergeable", "body"):
        version = number or 0
        message = json.loads(body)
        action = "updated" if mergeable else "deleted" if message["action"] == "deleted" else "created"
        was, last = there.get(key, (False, 0))
        if was == (action == "created") or version <= last:
            verdict.note("violations", f"{stream}: {key} was {action} as {version}, after {last} (there: {was})")
        there[key] = action != "deleted", version
        counts[action] += 1
        counts["merged"] += version - last - 1 if action == "updated" and was else 0
        counts["hosts lost by silence"] += str(message["data"].get("error")).startswith("Not heard of")
    left = {key: version for key, (is_there, version) in there.items() if is_there}
    if wrong := sorted(dict(left.items() ^ {key: data["version"] for key, data in rows.items()}.items())):
        verdict.note("violations", f"{stream}: what was published last is not what is stored: {wrong[:3]}", len(wrong))
    return counts


def _differences(journal: Journal, stream: str, rows: Mapping[str, Data], fresh: frozenset[str]) -> Iterator[str]:
    held, follows = journal.objects[stream], journal.follows(stream)
    assert follows
    for key, data in held.items.items():
        if key not in rows:
            yield f"{key} should be gone"
        elif data != rows[key]:
            names = [name for name in rows[key] if data.get(name) != rows[key][name]]
            yield f"{key} has another {', '.join(names)}: version {data['version']}, not {rows[key]['version']}"
    expected = fresh if held.complete else frozenset[str]()
    if follows.keys is not None and journal.kind != "legacy":
        expected = follows.keys & rows.keys()
    for key in sorted(expected - held.items.keys()):
        yield f"{key} is missing"


def _judge_output(outcome: Outcome) -> int:
    """Each job's lines are stored, were published and came to who follows it, once and in order; return how many.

    Of what was not answered it is not known whether it was stored; what was answered must be.
    """
    verdict, published = outcome.verdict, _published(outcome.verdict)
    stored = {str(job): lines + 1 for job, lines in Output.objects.values_list("job_id", "lines")}
    for job, following in stored.items():
        told, sent = outcome.answered.get(job, 1), published.get(job, 1)
        if _lines(job) != [line(job, number) for number in range(1, following)]:
            verdict.note("lines", f"{job}: what is stored before {following} is not what was printed")
        if told > following or sent != following:
            verdict.note("lines", f"{job}: stored before {following}, published before {sent}, told before {told}")
    for journal in outcome.journals:
        for job, following in journal.printed.following.items():
            if following != stored.get(job, following):
                verdict.note("lines", f"{journal.name}: {job} ends before {following}, not {stored[job]}")
    return sum(stored.values()) - len(stored)


def _published(verdict: Verdict) -> dict[str, int]:
    """Return the number of the line that would be published next, by job."""
    following: dict[str, int] = {}
    details = Publication.objects.filter(stream="jobs", detail=True).order_by("offset")
    for key, body in details.values_list("key", "body"):
        message: dict[str, Any] = json.loads(body)
        if message["first_line"] != following.get(key, 1):
            verdict.note("lines", f"{key}: lines from {message['first_line']} on were published after {following[key]}")
        following[key] = message["first_line"] + len(message["data"]["lines"])
    return following


def _lines(job: str) -> list[str]:
    """Return the lines of a job that are stored."""
    texts = Chunk.objects.filter(job_id=job).order_by("first").values_list("text", flat=True)
    return [text for chunk in texts for text in chunk.split("\n")]
