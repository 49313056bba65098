"""Run a command as a job.

Exit codes: the command's own; 128 and the signal's number where it was ended by one, or on Ctrl-C; 126 or 127 where it
could not be started; 125 where the job could not be told of.
"""

import argparse
import contextlib
import json
import os
import shlex
import socket
import sys
import uuid
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from aether.jobs import actions
from aether.jobs.models import Job
from aether.jobs.output import storable
from aether.jobs.reporter import Reporter
from aether.jobs.representation import represent
from aether.jobs.runner import JOB_VARIABLE, Runner
from aether.jobs.states import Status

UNTOLD: Final = 125
SHOWN: Final = 80
"""Characters of a command line that its job is called by; the job's parameters have all of it."""
CODES = "Exit codes: the command's own; 125: the job could not be stored; 126, 127: the command could not be started."


class Command(BaseCommand):
    """`manage.py job run -- rsync -a /srv backup:/srv`."""

    help = f"Run a command as a job; a running server shows what it prints, live. {CODES}"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what a job has, and the command."""
        kinds = parser.add_subparsers(dest="what", required=True)
        run = kinds.add_parser("run", help="run a command: manage.py job run [options] -- COMMAND …")
        run.add_argument("--name", help="what it is called; by default what the command line begins with")
        run.add_argument("--type", default="command", dest="job_type", help="what kind of job it is (%(default)s)")
        run.add_argument("--target-host", default=socket.gethostname(), help="where it works; by default this machine")
        run.add_argument("--parent", help="the id of the job that it is a part of; by default the one that runs this")
        run.add_argument("--grace", type=float, default=10.0, help="seconds from SIGTERM to SIGKILL (%(default)s)")
        run.add_argument("--json", action="store_true", help="print the job at the end; all output goes to stderr")
        run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND …")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it, and end with its exit code. Raises: CommandError; SystemExit."""
        command = options["command"][1:] if options["command"][:1] == ["--"] else options["command"]
        if not command:
            raise CommandError("Name a command: manage.py job run -- COMMAND …", returncode=2)
        job = _create(command, options)
        reporter = Reporter(job.pk)
        mirror = sys.stderr.buffer if options["json"] else sys.stdout.buffer
        runner = Runner(command, reporter, grace=options["grace"], mirror=mirror)
        reporter.on_ended(runner.want_end)
        with runner.heeding():
            reporter.start()
            ended = runner.run()
            stored = reporter.finish(**ended.changes)
        self._report(job, stored=stored, as_json=options["json"])
        sys.exit(ended.exit_code)

    def _report(self, job: Job, *, stored: bool, as_json: bool) -> None:
        if as_json:
            with contextlib.suppress(Error):  # The database is away, and how it ended is not stored either.
                self.stdout.write(json.dumps(represent(Job.objects.get(pk=job.pk)), ensure_ascii=False))
                return
        if not stored:
            self.stderr.write(f"How the job {job.pk} ended could not be stored, or somebody else ended it before.")


def called(line: str) -> str:
    """Return the begin of a command *line*, to its last whole word where that says enough."""
    line = " ".join(line.split())
    if len(line) <= SHOWN:
        return line
    begin = line[: SHOWN - 1]
    words, space, _ = begin.rpartition(" ")
    return f"{words if space and len(words) > SHOWN // 2 else begin}…"


def _create(command: list[str], options: dict[str, Any]) -> Job:
    """Create the job, running. Raises: CommandError."""
    line = storable(shlex.join(command))
    try:
        return actions.create(
            options["name"] or called(line), job_type=options["job_type"], target_host=options["target_host"],
            parameters={"command": line[:4_000]}, parent=_parent(options["parent"]), status=Status.RUNNING,
            watched=True,
        )  # fmt: skip
    except ValidationError as error:
        raise CommandError(" ".join(error.messages), returncode=UNTOLD) from error
    except Error as error:
        raise CommandError(f"The database refused it: {error}", returncode=UNTOLD) from error


def _parent(named: str | None) -> Job | None:
    """Return the parent that was named, or the job that this process is a part of. Raises: CommandError."""
    pk = named or os.environ.get(JOB_VARIABLE)
    if not pk:
        return None
    try:
        found = Job.objects.filter(pk=uuid.UUID(pk)).first()
    except ValueError:
        found = None
    if found is None and named:
        raise CommandError(f"There is no job {named}.", returncode=UNTOLD)
    return found
