"""Fill the inventory with the Imaginary Datacenter, and let things happen in it: to show, to try, to work on pages.

Exit codes: 0 when the time was up or somebody pressed Ctrl-C; 1 refused, stderr says why.
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from aether.inventory.imaginary import Datacenter
from aether.simulation.life import Life
from aether.simulation.place import clear, fill
from notifications.management.refusals import database_refusals

MOST: Final = 100_000
REFUSED: Final = "This is production (DEBUG is off); with --yes it is done all the same."


class Command(BaseCommand):
    """`manage.py simulate --vms 10000 --rate 20`."""

    help = "Fill the inventory with the Imaginary Datacenter and move it, until Ctrl-C. Not for production."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add its size, its pace, and its end."""
        parser.add_argument("--vms", type=_count, default=40, help="how many VMs (%(default)s)")
        parser.add_argument("--rate", type=_rate, default=2.0, help="events in a second (%(default)s)")
        parser.add_argument("--seconds", type=float, default=0, help="end after so long; 0, the default: at Ctrl-C")
        parser.add_argument("--seed", type=int, default=1, help="the same seed is the same place, and the same life")
        parser.add_argument("--clear", action="store_true", help="take everything away again, and end")
        parser.add_argument("--yes", action="store_true", help="do it in production, too")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises: CommandError."""
        if not (settings.DEBUG or options["yes"]):
            raise CommandError(REFUSED)
        with database_refusals():
            if options["clear"]:
                clear(self._progress)
                self._end_line("The Imaginary Datacenter is gone.")
                return
            with ending() as ended:
                self._run(ended, options)

    def _run(self, ended: threading.Event, options: dict[str, Any]) -> None:
        fill(Datacenter.of(options["vms"], options["seed"]), self._until(ended))
        if ended.is_set():
            return
        chance = Random(options["seed"])  # noqa: S311  The same seed, the same life.  # nosec B311
        rate = options["rate"]
        life = Life(chance, rate=rate, clock=time.monotonic, wait=ended.wait, progress=self._progress)
        until = f"for {options['seconds']:g} s" if options["seconds"] else "until Ctrl-C"
        self._end_line(f"{options['vms']} VMs are there. About {rate:g} events a second {until}.")
        life.run(options["seconds"])
        self._end_line(f"{life.events} events. Its jobs have ended; --clear takes the rest away.")

    def _until(self, ended: threading.Event) -> Any:
        def progress(text: str) -> None:
            if ended.is_set():
                raise CommandError("Ended before everything was there.")
            self._progress(text)

        return progress

    def _progress(self, text: str) -> None:
        """Say how far it is, on one line of a terminal; a log is told less."""
        if sys.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{text}", ending="")
            self.stderr.flush()

    def _end_line(self, text: str) -> None:
        self.stderr.write(f"\r\x1b[K{text}" if sys.stderr.isatty() else text)


@contextmanager
def ending() -> Iterator[threading.Event]:
    """Give what is set at Ctrl-C and SIGTERM; the second one ends the process at once."""
    ended = threading.Event()
    names = (signal.SIGINT, signal.SIGTERM)
    before = {name: signal.getsignal(name) for name in names}

    def end(number: int, _frame: Any) -> None:
        ended.set()
        signal.signal(number, before[signal.Signals(number)])

    for name in names:
        signal.signal(name, end)
    try:
        yield ended
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(f"It must be from 1 to {MOST:,}.")
    return number


def _rate(text: str) -> float:
    number = float(text)
    if not 0 < number <= 10_000:
        raise argparse.ArgumentTypeError("It must be more than 0, and 10,000 at most.")
    return number
