"""The goals, as ratios within one run, and whether they were met."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench.results import Key, Summary

KILOBYTE: Final = 1024


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the table. `met` is None where a figure that it needs was not measured."""

    text: str
    measured: str
    met: bool | None


def judge(found: Summary) -> list[Goal]:
    """Return every goal, judged at the largest number of subscribers that was measured."""
    return [*_per_delivery(found), _burst(found), _paced(found), _storm(found), *_memory(found),
            _compression(found), *_stalled(found), _post(found), _layer(found)]  # fmt: skip


def _per_delivery(found: Summary) -> Iterator[Goal]:
    rows = _rows(found, "fanout", 1_000)
    yield _at_most("CPU per delivery ≤ 1.15 × nchan", rows, "nchan (nginx)", 1.15)
    if "nchan (nginx)" not in rows:
        yield _at_most("… where nchan is absent, < 0.85 × ws", rows, "Node ws", 0.85)
    for other in ("Node ws", "NATS", "Socket.IO"):
        yield _at_most(f"… below {other}", rows, other, 1.0)
    yield _at_most("… ≤ 1/30 of stock Channels on daphne", rows, "Channels, daphne", 1 / 30)


def _at_most(text: str, rows: dict[str, dict[str, float]], other: str, share: float) -> Goal:
    """Judge the durable topic, and tell of the ephemeral one too."""
    own, theirs = _figure(rows, "Aether", "us_per_delivery"), _figure(rows, other, "us_per_delivery")
    if own is None or theirs is None:
        return Goal(text, "not measured", None)
    measured = f"{own:.1f} µs ÷ {theirs:.1f} µs = {own / theirs:.3g}"
    if passing := _figure(rows, "Aether, ephemeral topic", "us_per_delivery"):
        measured += f" (ephemeral topic: {passing:.1f} µs, {passing / theirs:.3g})"
    return Goal(text, measured, own <= theirs * share)


def _burst(found: Summary) -> Goal:
    text = "deliveries/s, published 50 at a time, ≥ 8 × its own closed loop"
    many = _figure(_rows(found, "burst", 1_000), "Aether", "deliveries_per_s")
    one = _figure(_rows(found, "fanout", 1_000), "Aether", "deliveries_per_s")
    if many is None or one is None:
        return Goal(text, "not measured", None)
    return Goal(text, f"{many:,.0f} ÷ {one:,.0f} = {many / one:.1f}", many >= 8 * one)


def _paced(found: Summary) -> Goal:
    key = _largest(found, "paced")
    text = f"p99 at {key[1]:,} subscribers × 5 messages/s ≤ 1.1 × nchan"
    own, theirs = _figure(found.get(key, {}), "Aether", "p99"), _figure(found.get(key, {}), "nchan (nginx)", "p99")
    if own is None or theirs is None:
        return Goal(text, "not measured", None)
    return Goal(text, f"{own:.1f} ms ÷ {theirs:.1f} ms = {own / theirs:.3g}", own <= 1.1 * theirs)


def _storm(found: Summary) -> Goal:
    text = "connects/s, with login and 50 notifications, ≥ Socket.IO's bare ones"
    rows = _rows(found, "storm", 1_000)
    own, theirs = _figure(rows, "Aether", "connects_per_s"), _figure(rows, "Socket.IO", "connects_per_s")
    if own is None or theirs is None:
        return Goal(text, "not measured", None)
    return Goal(text, f"{own:,.0f} ÷ {theirs:,.0f} = {own / theirs:.2g}", own >= theirs)


def _memory(found: Summary) -> Iterator[Goal]:
    key = _largest(found, "memory")
    rows = found.get(key, {})
    for compression, limit in (("off", 20), ("on", 22)):
        text = f"memory per idle connection of {key[1]:,} ≤ {limit} KB, compression {compression}"
        row = f"Aether, compression {compression}"
        own = _figure(rows, row, "per_connection")
        if own is None:
            yield Goal(text, "not measured", None)
        elif compression == "on" and not rows[row].get("deflated"):
            yield Goal(text, "the server agreed to no compression", None)
        else:
            yield Goal(text, f"{own / KILOBYTE:.1f} KB", own <= limit * KILOBYTE)


def _compression(found: Summary) -> Goal:
    key = _largest(found, "memory")
    text = f"memory per idle connection of {key[1]:,} that compression adds ≤ 2 KB"
    rows = found.get(key, {})
    off, on = (_figure(rows, f"Aether, compression {name}", "per_connection") for name in ("off", "on"))
    if off is None or on is None:
        return Goal(text, "not measured", None)
    if not _figure(rows, "Aether, compression on", "deflated"):
        return Goal(text, "the server agreed to no compression", None)
    return Goal(text, f"{on / KILOBYTE:.1f} − {off / KILOBYTE:.1f} = {(on - off) / KILOBYTE:.1f} KB",
                on - off <= 2 * KILOBYTE)  # fmt: skip


def _stalled(found: Summary) -> Iterator[Goal]:
    """Judge what the healthy ones notice, and what the others take, beyond being connected, and give back."""
    own = found.get(_largest(found, "stalled"), {}).get("Aether", {})
    several = f"{own['stalled']:,.0f}" if own else "1,000"
    late, memory = f"p99 beside {several} clients that never read ≤ 1.1 × alone", "… what waits for each of them ≤ 1 MB"
    back = "… and is given back when they are closed"
    if not own:
        yield from (Goal(text, "not measured", None) for text in (late, memory, back))
        return
    yield Goal(late, f"{own['p99']:.1f} ms ÷ {own['alone']:.1f} ms = {own['beside']:.2f}", own["beside"] <= 1.1)
    yield Goal(memory, f"{own['waiting'] / KILOBYTE:.0f} KB", own["waiting"] <= KILOBYTE**2)
    yield Goal(
        back,
        f"{own['kept'] / KILOBYTE:.0f} KB left of each, which had {own['connected'] / KILOBYTE:.0f} KB when connected",
        own["kept"] <= max(own["connected"], 0.05 * own["waiting"]),
    )


def _post(found: Summary) -> Goal:
    text = "REST POST to 1,000 browsers, one at a time: p99 ≤ 50 ms"
    own = _figure(_rows(found, "post", 1_000), "Aether", "p99")
    return Goal(text, "not measured" if own is None else f"{own:.1f} ms", None if own is None else own <= 50)


def _layer(found: Summary) -> Goal:
    sizes = sorted(size for scenario, size in found if scenario == "layer")
    text = "publish cost with many sockets on a node ≤ 1.2 × that with 5, on the channel layer's side"
    if len(sizes) < 2:
        return Goal(text, "not measured", None)
    few, many = (found["layer", size]["Aether"] for size in (sizes[0], sizes[-1]))
    ratio = many["commands"] / few["commands"]
    measured = (
        f"{many['commands']:.2f} ÷ {few['commands']:.2f} commands = {ratio:.2f}, with {sizes[-1]:,} sockets "
        f"(Valkey's CPU: {many['valkey_us']:.0f} and {few['valkey_us']:.0f} µs)"
    )
    return Goal(text, measured, ratio <= 1.2)


def _rows(found: Summary, scenario: str, subscribers: int) -> dict[str, dict[str, float]]:
    return found.get((scenario, subscribers), {})


def _largest(found: Summary, scenario: str) -> Key:
    return scenario, max((size for name, size in found if name == scenario), default=0)


def _figure(rows: dict[str, dict[str, float]], row: str, name: str) -> float | None:
    return rows.get(row, {}).get(name)
