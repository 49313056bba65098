"""`python -m bench`: measure Aether beside what people would pick instead; docs/design/benchmarks.md tells how.

It ends with 0 whether goals were met or missed; with 2 where nothing could be measured.
"""

import argparse
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench import goals, report, results, table
from bench.driver import generator
from bench.peers.aether import Aether, prepare_database
from bench.peers.base import Peer, Place
from bench.peers.registry import PEERS
from bench.plan import FULL, QUICK, SCENARIOS, Sizes
from bench.run import Outcome, Run, say
from tests.chaos.processes import ROOT

OUTPUT = ROOT / "var" / "bench"


def main() -> int:
    """Run once, and write what was found."""
    options = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sizes = _sizes(options)
    _allow_descriptors(sizes.large)
    began, about = time.monotonic(), report.machine()
    cores = sorted(os.sched_getaffinity(0))
    try:
        outcome = _run([PEERS[name] for name in options.peers], sizes, tuple(options.scenarios), cores)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; everything was ended.\n")
        return 130
    about |= {
        "date": report.today(), "seconds": time.monotonic() - began, "pinned": len(cores) > 1,
        "repeats": sizes.repeats, "command": _command(options),
    }  # fmt: skip
    if not outcome.records:
        sys.stderr.write("Nothing could be measured.\n")
        return 2
    report.write(outcome, about, OUTPUT)
    say("\n" + table.results(results.summarize(outcome.records)))
    say("\n" + table.goals(goals.judge(results.summarize(outcome.records))))
    _warn(outcome)
    if options.publish or _is_whole(options):
        report.publish(outcome, about)
        say(f"\nWritten: {report.PAGE.relative_to(ROOT)}, {report.CHART.relative_to(ROOT)}")
    return 0


def _run(peers: list[Peer], sizes: Sizes, scenarios: tuple[str, ...], cores: list[int]) -> Outcome:
    server, load = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="run-", dir=OUTPUT))
    try:
        place = Place(directory, server)
        if any(isinstance(peer, Aether) for peer in peers):
            prepare_database(place)  # The same whatever is measured: a part of the run shall give the whole's figures.
        with generator(directory, load) as driver:
            return Run(place, driver, sizes, scenarios).all(peers)
    finally:
        _keep_logs(directory)


def _keep_logs(directory: Path) -> None:
    logs = OUTPUT / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    for log in directory.glob("*.log"):
        shutil.move(log, logs)
    shutil.rmtree(directory, ignore_errors=True)


def _allow_descriptors(connections: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < connections + 500:
        raise SystemExit(f"{connections:,} connections need as many open files, and `ulimit -Hn` says {hard:,}.")


def _warn(outcome: Outcome) -> None:
    if disturbed := results.disturbed(outcome.records):
        say(disturbed)
    for title, reason in outcome.absent.items():
        say(f"Absent: {title}: {reason}")
    for line in results.saturated(outcome.records):
        say(f"The generator was at its limit: {line}")
    for line in outcome.failures:
        say(f"Not measured: {line}")


def _sizes(options: argparse.Namespace) -> Sizes:
    sizes = QUICK if options.quick else FULL
    return replace(sizes, repeats=options.repeats) if options.repeats else sizes


def _is_whole(options: argparse.Namespace) -> bool:
    """Say whether the run may stand in the docs without being asked to."""
    return not options.quick and options.scenarios == list(SCENARIOS) and options.peers == list(PEERS)


def _command(options: argparse.Namespace) -> str:
    parts = ["make bench"]
    parts += ["QUICK=1"] if options.quick else []
    parts += [f"REPEATS={options.repeats}"] if options.repeats else []
    parts += [f"SCENARIO={','.join(options.scenarios)}"] if options.scenarios != list(SCENARIOS) else []
    parts += [f"PEERS={','.join(options.peers)}"] if options.peers != list(PEERS) else []
    return " ".join(parts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--scenarios", type=_names(SCENARIOS), default=list(SCENARIOS), help=",".join(SCENARIOS))
    parser.add_argument("--peers", type=_names(tuple(PEERS)), default=list(PEERS), help=",".join(PEERS))
    parser.add_argument("--repeats", type=int, default=0, help="interleaved repeats (3; 1 with --quick)")
    parser.add_argument("--quick", action="store_true", help="fewer connections, less time, one repeat")
    parser.add_argument("--publish", action="store_true", help="write docs/benchmarks.md, as a whole run does")
    return parser.parse_args()


def _names(known: tuple[str, ...]) -> "type[list[str]]":
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: unknown; there are {', '.join(known)}")
        return names

    return parse  # type: ignore[return-value]


if __name__ == "__main__":
    sys.exit(main())
