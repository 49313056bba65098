"""Code as a job: `with jobs.running("Nightly backup") as job: …`."""

import asyncio
import traceback
from types import TracebackType
from typing import Self, Unpack

from asgiref.sync import sync_to_async
from django.db import connection

from aether.jobs import actions
from aether.jobs.actions import New
from aether.jobs.models import ERROR_LENGTH, Job
from aether.jobs.output import storable
from aether.jobs.reporter import Reporter
from aether.jobs.states import Status


class Running:
    """A job that runs for as long as the block; `with` and `async with` alike.

    It is there, and what it prints is shown, at once: also while the block has a transaction open. The block itself
    must not be inside of one.
    """

    def __init__(self, name: str, contents: New) -> None:
        self._name = name
        self._contents = contents
        self._reporter: Reporter | None = None
        self._cancelled = False

    @property
    def job(self) -> Job:
        """The job as it was at the block's begin. Raises: RuntimeError, before that."""
        if self._reporter is None:
            raise RuntimeError("The job begins with its block: with jobs.running(…) as job.")
        return self._job

    def line(self, text: str) -> None:
        """Print *text*; it is stored and shown a moment later. Waits only where very much is not stored yet."""
        self._reporting.line(text)

    def progress(self, percent: int) -> None:
        """Say how far it has come, from 0 to 100."""
        self._reporting.progress(percent)

    def __enter__(self) -> Self:
        if connection.in_atomic_block:
            raise RuntimeError("jobs.running() inside a transaction: nobody would see the job before it has ended.")
        return self._begin()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._end(error)

    async def __aenter__(self) -> Self:
        return await sync_to_async(self.__enter__)()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        await sync_to_async(self._end)(error)

    @property
    def cancelled(self) -> bool:
        """Whether somebody has ended the job meanwhile; a long block looks now and then, and returns."""
        return self._cancelled

    @property
    def _reporting(self) -> Reporter:
        if self._reporter is None:
            raise RuntimeError("The job begins with its block: with jobs.running(…) as job.")
        return self._reporter

    def _begin(self) -> Self:
        contents: New = {**self._contents, "status": Status.RUNNING, "watched": True}
        self._job = actions.create(self._name, **contents)
        self._reporter = Reporter(self._job.pk)
        self._reporter.on_ended(self._note_end)
        self._reporter.start()
        return self

    def _note_end(self) -> None:
        self._cancelled = True

    def _end(self, error: BaseException | None) -> None:
        """Complete the job, or end it with *error*, which goes on. Where somebody cancelled it, it stays so."""
        if error is None:
            self._reporting.finish(Status.COMPLETED)
        elif isinstance(error, KeyboardInterrupt | asyncio.CancelledError | GeneratorExit):
            self._reporting.finish(Status.CANCELLED, error=_sentence(error))
        else:
            self._reporting.line("".join(traceback.format_exception(error)).rstrip("\n"))
            self._reporting.finish(Status.FAILED, error=_sentence(error))


def running(name: str, **contents: Unpack[New]) -> Running:
    """Return a job for a `with` block; *contents* are those of `actions.create`."""
    return Running(name, contents)


def _sentence(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return storable(text)[:ERROR_LENGTH]
