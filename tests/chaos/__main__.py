"""`python -m tests.chaos --seconds 600 --seed 7`: break things for a while, and say what was lost.

Exit codes: 0 nothing was lost, repeated or out of order; 1 something was; 2 the harness itself failed.
"""

import argparse
import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from tests.chaos.processes import ROOT
from tests.chaos.world import World

OUTPUT = ROOT / "var" / "chaos"


def main() -> int:
    """Run once, and write the report beside the picture."""
    options = _arguments()
    again = f"make chaos SECONDS={options.seconds:g} SEED={options.seed}"
    sys.stdout.write(f"seed {options.seed}; the same again: {again}\n")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        with World(options.seed, fill_gaps=not options.without_gap_fill) as world:
            summary = _run(world, options)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; everything was ended.\n")
        return 130
    except Exception:  # noqa: BLE001  The root of the program: say how to see it again.
        traceback.print_exc()
        sys.stderr.write(f"The harness failed. The same again: {again}\n")
        return 2
    if not summary["clean"]:
        sys.stdout.write(f"FAILED. The same again: {again}\n")
        return 1
    return 0


def _run(world: World, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run in *world*, and report. Django can be set up only now, when the database's address is known."""
    os.environ.update(world.environment(CHAOS_NAME="harness"))
    import django

    django.setup()
    from tests.chaos import inboxes, objects, report, timeline
    from tests.chaos.run import Options, run

    options = Options(
        seconds=arguments.seconds, seed=arguments.seed, clients=arguments.clients, rate=arguments.rate,
        longest=arguments.longest, quiet=arguments.quiet, fill_gaps=not arguments.without_gap_fill,
        only=tuple(arguments.only),
    )  # fmt: skip
    try:
        outcome = asyncio.run(run(world, options))
        inboxes.compare(outcome.journals, outcome.verdict)
        objects.compare(outcome)
        summary = report.summarize(outcome)
        report.write(summary, arguments.output / f"{arguments.seed}.json")
        timeline.draw(outcome, arguments.output / f"{arguments.seed}.svg")
        sys.stdout.write(report.text(summary) + "\n")
        return summary
    finally:
        _keep_logs(world, arguments.output / f"{arguments.seed}-logs")


def _keep_logs(world: World, to: Path) -> None:
    with contextlib.suppress(OSError):
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(world.logs, to)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to publish and break things (30)")
    parser.add_argument("--seed", type=int, default=None, help="repeats a run's schedule; by default a new one")
    parser.add_argument("--clients", type=int, default=200, help="how many clients (200)")
    parser.add_argument("--rate", type=float, default=30.0, help="publications per second (30)")
    parser.add_argument("--longest", type=float, default=2.0, help="longest fault, in seconds (2)")
    parser.add_argument("--quiet", type=float, default=30.0, help="time for everyone to catch up at the end (30)")
    parser.add_argument("--without-gap-fill", action="store_true", help="break the server on purpose: this must fail")
    parser.add_argument("--only", action="append", default=[], metavar="KIND", help="only this kind of fault")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="directory of the report (var/chaos)")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1_000_000)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
