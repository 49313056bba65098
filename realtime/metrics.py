"""What a server tells of its work: each metric by its name, what it says, and where its numbers are.

A worker's numbers are a `Reading`, which can be written down and added to another's: each sample of a metric is a list,
of one number, or of a histogram's buckets and its sum. No label ever names a person, a client or one object.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from realtime import topics
from realtime.counters import SECONDS, SIZES, Histogram, Tally, counters

if TYPE_CHECKING:
    from realtime.node import Node

Labels = tuple[str, ...]
Samples = Mapping[Labels, list[float]]
Reading = dict[str, dict[Labels, list[float]]]

COUNTER: Final = "counter"
GAUGE: Final = "gauge"
HISTOGRAM: Final = "histogram"
KINDS: Final = (("websocket", "v1"), ("websocket", "legacy"), ("sse", "v1"), ("poll", "v1"))
"""Of connections: transport, and dialect."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its name in Prometheus' words, and how to read a worker's samples of it."""

    name: str
    kind: str
    help: str
    read: Callable[["Node | None"], Samples]
    labels: Labels = ()
    bounds: tuple[float, ...] = ()
    """The upper bounds of a histogram's buckets, without the last one."""

    @property
    def width(self) -> int:
        """How many numbers a sample has."""
        return len(self.bounds) + 2 if self.kind == HISTOGRAM else 1


def read(node: "Node | None") -> Reading:
    """Return this worker's numbers. Callable from any thread; without a *node* there are those of the process alone."""
    return {metric.name: dict(metric.read(node)) for metric in METRICS}


def add(readings: Iterable[Reading], kinds: Iterable[str] = (COUNTER, GAUGE, HISTOGRAM)) -> Reading:
    """Return the sums of what *readings* have of the metrics of those *kinds*."""
    wanted = {metric.name for metric in METRICS if metric.kind in set(kinds)}
    total: Reading = {}
    for reading in readings:
        for name in wanted & reading.keys():
            into = total.setdefault(name, {})
            for labels, sample in reading[name].items():
                into[labels] = [sum(pair) for pair in zip(into.get(labels, [0.0] * len(sample)), sample, strict=True)]
    return total


def _one(number: float) -> Samples:
    return {(): [float(number)]}


def _each(counts: Mapping[str, int]) -> Samples:
    return {(label,): [float(count)] for label, count in counts.items()}


def _tally(tally: Tally) -> Callable[["Node | None"], Samples]:
    return lambda _: _each(tally.counts)


def _by_topic(tally: Tally) -> Callable[["Node | None"], Samples]:
    """Read what is counted by topic, with a 0 for those of which there is none yet."""
    return lambda _: _each(dict.fromkeys(topics.registered(), 0) | tally.counts)


def _histogram(histogram: Histogram) -> Callable[["Node | None"], Samples]:
    return lambda _: {(): histogram.numbers}


def _number(path: str) -> Callable[["Node | None"], Samples]:
    """Read the number at *path* of the node."""
    found = attrgetter(path)
    return lambda node: _one(found(node) if node else 0)


def _numbers(path: str) -> Callable[["Node | None"], Samples]:
    """Read the histogram of seconds at *path* of the node."""
    found = attrgetter(path)
    return lambda node: {(): (found(node) if node else Histogram(SECONDS)).numbers}


def _connections(node: "Node | None") -> Samples:
    # A list at once: the event loop may change the dictionary while another thread goes through it.
    found = list(node.hub.connections.values()) if node else []
    counts = Counter((one.visit.transport, "v1" if one.v1 else "legacy") for one in found)
    return {kind: [float(counts[kind])] for kind in {*KINDS, *counts}}


def _subscriptions(node: "Node | None") -> Samples:
    live = {stream.name: len(stream.subscribers) for stream in list(node.hub.streams.values())} if node else {}
    return _each({name: live.get(name, 0) for name in topics.registered()})


METRICS: Final = (
    # What there is now
    Metric("aether_workers", GAUGE, "Processes that serve behind this address.", lambda _: _one(1)),
    Metric("aether_draining", GAUGE, "Workers that hand their clients over, since they are about to end.",
           _number("draining")),
    Metric("aether_connections", GAUGE, "Open connections.", _connections, ("transport", "dialect")),
    Metric("aether_subscriptions", GAUGE, "Connections that follow a topic, or objects of it.", _subscriptions,
           ("topic",)),
    Metric("aether_channel_layer_degraded", GAUGE, "Workers that the channel layer does not answer.",
           _number("broker.degraded")),
    # From the commit to the sockets
    Metric("aether_relayed_publications_total", COUNTER, "Publications that got their offset.",
           _by_topic(counters.relayed), ("topic",)),
    Metric("aether_relay_batch_size", HISTOGRAM, "Publications numbered in one transaction.",
           _histogram(counters.batches), bounds=SIZES),
    Metric("aether_outbox_scan_seconds", HISTOGRAM, "How long the search for pending publications took.",
           _histogram(counters.scans), bounds=SECONDS),
    Metric("aether_fanout_rounds_total", COUNTER, "Fan-outs to the sockets of a worker.",
           _number("hub.counts.rounds")),
    Metric("aether_fanout_publications_total", COUNTER, "Publications in those fan-outs, each worker's counted.",
           _number("hub.counts.publications")),
    Metric("aether_deliveries_total", COUNTER, "Writes of a fan-out to a client, of one publication or of several.",
           _number("hub.counts.deliveries")),
    Metric("aether_publish_to_write_seconds", HISTOGRAM,
           "From when a publication's row was written until it had gone to all of a worker's sockets.",
           _numbers("hub.counts.delays"), bounds=SECONDS),
    # Gaps, and clients that come back
    Metric("aether_gaps_total", COUNTER, "Readings of the database that found what no message had brought.",
           lambda _: _one(counters.gaps)),
    Metric("aether_gap_publications_total", COUNTER, "Publications that came from the database that way.",
           lambda _: _one(counters.filled)),
    Metric("aether_resumes_total", COUNTER, "Clients that named a position: recovered, or why not.",
           _tally(counters.resumes), ("outcome",)),
    Metric("aether_replayed_publications_total", COUNTER, "Publications gone through for clients that came back.",
           lambda _: _one(counters.replayed)),
    Metric("aether_resets_total", COUNTER, "Subscriptions that got a reset and a snapshot.", _tally(counters.resets),
           ("reason",)),
    Metric("aether_snapshots_total", COUNTER, "Snapshots read from the database.", _by_topic(counters.snapshots),
           ("topic",)),
    Metric("aether_snapshot_parts_total", COUNTER, "Parts of them that many share: built, or kept from before.",
           _tally(counters.parts), ("source",)),
    # What was refused or ended
    Metric("aether_closes_total", COUNTER, "Connections closed by the server; 4100 is a slow consumer.",
           _tally(counters.closes), ("code",)),
    Metric("aether_refusals_total", COUNTER, "Times that a limit was exceeded.", _tally(counters.refusals),
           ("limit",)),
    # The channel layer and the process
    Metric("aether_channel_layer_sent_total", COUNTER, "Messages to other workers.",
           _number("broker.sent")),
    Metric("aether_channel_layer_dropped_total", COUNTER, "Messages that the channel layer did not take in time.",
           _number("broker.dropped")),
    Metric("aether_channel_layer_unreadable_total", COUNTER, "Messages that no key of this server reads.",
           _number("broker.unreadable")),
    Metric("aether_channel_layer_round_trip_seconds", HISTOGRAM, "How long a worker's message to itself took.",
           _numbers("broker.round_trips"), bounds=SECONDS),
    Metric("aether_event_loop_lag_seconds", HISTOGRAM, "How late the event loop woke up who slept.",
           _histogram(counters.lag), bounds=SECONDS),
    Metric("aether_cpu_seconds_total", COUNTER, "Processor time of the workers.", lambda _: _one(time.process_time())),
)  # fmt: skip
"""What each worker has. The outbox is one for all: `realtime.api.metrics` asks the database for it."""
