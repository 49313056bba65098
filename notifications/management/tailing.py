"""`manage.py notifications tail`: its options, and its loop."""

import argparse
import os
import select
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import TextIOWrapper
from itertools import islice, takewhile
from typing import Any, Final, TextIO

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications.publications import STREAM
from notifications.tailing import Choice, Ended, Lines, as_json, colors_wanted, local_zone, parse_moment
from notifications.vocabulary import Level, known_category
from realtime import topics
from realtime.errors import UnknownTopic
from realtime.history import Published
from realtime.tailing import Tail, backwards, offset_at

LAST: Final = 10
"""Publications of before that are shown where nobody says how many."""
SINCE: Final = "how far back, as 30s, 10m, 2h, 1d, as an ISO time, or as an offset that --json showed"
Entry = tuple[str, Published]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tail`."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line, as browsers get it, and `for`")
    parser.add_argument("--level", action="append", choices=Level.values, help="only this one; may be repeated")
    parser.add_argument("--category", action="append", type=_category, help="only this one; may be repeated")
    parser.add_argument("--user", help="as the user of this name sees it; default: what is for anyone")
    parser.add_argument("--topic", action="append", help=f"{STREAM} by default; jobs:ID is one job and its output")
    parser.add_argument("--since", metavar="WHEN", help=SINCE)
    parser.add_argument("-n", "--lines", type=_count, help=f"how many of before, {LAST} or all --since by default")
    parser.add_argument("--follow", action=argparse.BooleanOptionalAction, default=True, help="go on with what comes")


def run(command: BaseCommand, options: dict[str, Any]) -> None:
    """Show what was published and what is, until Ctrl-C or until nobody reads. Raises: CommandError."""
    output = Output.of(command, options)
    if isinstance(sys.stdout, TextIOWrapper):  # A title with a letter that its encoding lacks must not end it.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        choice = _choice(options)
        choice.look_up()
        with closing(Tail(choice.interests, command.stderr.write)) as tail:
            _show(tail, choice, output, options)
    except Ended as end:
        raise CommandError(str(end)) from end
    except KeyboardInterrupt:
        return
    except BrokenPipeError:
        _let_go_of(sys.stdout)


@dataclass(frozen=True, slots=True)
class Output:
    """Where publications are written to; each is on its way before the next one is looked for."""

    command: BaseCommand
    lines: Lines | None

    @classmethod
    def of(cls, command: BaseCommand, options: dict[str, Any]) -> "Output":
        """Return what the options ask for: JSON, or lines for a person."""
        if options["json"]:
            return cls(command, None)
        plain = options["no_color"] or not colors_wanted(terminal=command.stdout.isatty())
        zone = local_zone() or timezone.get_default_timezone()
        return cls(command, Lines(zone, colored=options["force_color"] or not plain))

    def texts(self, entries: Iterable[Entry]) -> list[str]:
        """Return *entries* as they are written. Queries the database for names that are new."""
        write = self.lines.line if self.lines else partial(as_json, ascii_only=not _has_all(sys.stdout))
        return [write(stream, item) for stream, item in entries]

    def write(self, texts: Iterable[str]) -> None:
        """Write *texts*. Raises: BrokenPipeError."""
        for text in texts:
            self.command.stdout.write(text)
        self.command.stdout.flush()


def _show(tail: Tail, choice: Choice, output: Output, options: dict[str, Any]) -> None:
    if options["since"] and options["lines"] is None:
        for stream in choice.interests:
            tail.start_at(stream, _after(stream, options["since"], tail.offset(stream)))
    else:
        output.write(output.texts(_last(tail, choice, options)))
    while not _nobody_reads(sys.stdout):
        came = tail.look()
        if came:
            tail.patiently(choice.look_up)
            wanted = [(stream, item) for stream, items in came for item in items if choice.wants(stream, item)]
            output.write(tail.patiently(partial(output.texts, wanted)))
        elif options["follow"]:
            tail.wait()
        else:
            return


def _last(tail: Tail, choice: Choice, options: dict[str, Any]) -> list[Entry]:
    """Return the last ones that were published before now and are asked for, oldest first."""
    count = LAST if options["lines"] is None else options["lines"]
    found: list[Entry] = []
    for stream in choice.interests:
        through = tail.offset(stream)
        after = _after(stream, options["since"], through) if options["since"] else 0
        kept = takewhile(partial(_is_after, after), backwards(stream, through))
        found += islice(((stream, item) for item in kept if choice.wants(stream, item)), count)
    found.sort(key=lambda entry: (entry[1].created_at or timezone.now(), entry[1].offset))
    return found[-count:] if count else []


def _is_after(offset: int, item: Published) -> bool:
    return item.offset > offset


def _after(stream: str, since: str, head: int) -> int:
    """Return the offset after which *since* begins. Raises: CommandError."""
    if since.isdecimal():
        if int(since) > head:
            raise CommandError(f"--since {since}: {stream} has only come to {head}.")
        return int(since)
    now = datetime.now(local_zone() or timezone.get_default_timezone())
    moment = parse_moment(since, now)
    if moment is None:
        raise CommandError(f"--since {since}: say {SINCE}.")
    return offset_at(stream, moment)


def _choice(options: dict[str, Any]) -> Choice:
    interests: dict[str, frozenset[str] | None] = {}
    for name in options["topic"] or [STREAM]:
        try:
            topic, key = topics.find(name)
        except UnknownTopic:
            known = ", ".join(sorted(topics.registered()))
            raise CommandError(f"--topic {name}: there is no such topic; use one of {known}.") from None
        if topic.ephemeral:
            raise CommandError(f"--topic {name}: what is published there is not stored, and cannot be read.")
        before = interests.get(topic.name, frozenset())
        interests[topic.name] = (before | {key}) if key and before is not None else None
    if (options["level"] or options["category"]) and STREAM not in interests:
        raise CommandError(f"--level and --category are of {STREAM}; add --topic {STREAM}.")
    return Choice(interests, options["level"] or (), options["category"] or (), options["user"])


def _category(text: str) -> str:
    try:
        known_category(text)
    except ValidationError as error:
        raise argparse.ArgumentTypeError(" ".join(error.messages)) from error
    return text


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of lines; say 0 or more.")
    return int(text)


def _has_all(output: TextIO) -> bool:
    """Say whether *output* has every character, as UTF-8 has."""
    return (output.encoding or "utf-8").lower().replace("_", "-").startswith("utf")


def _nobody_reads(output: TextIO) -> bool:
    """Say whether the pipe that *output* leads to has nobody at its other end any more."""
    try:
        descriptor = output.fileno()
    except (OSError, ValueError):
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def _let_go_of(output: TextIO) -> None:
    """Let Python end without writing what is left: https://docs.python.org/3/library/signal.html#note-on-sigpipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
