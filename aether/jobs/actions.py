"""The only writer of jobs and of their output. Every function opens its own transaction, or joins the caller's.

Each has an async twin with an `a` before its name.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict, Unpack

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from aether.jobs import locking, output, states
from aether.jobs.models import Chunk, Job, Output
from aether.jobs.output import Appended
from aether.jobs.states import FINAL, UNFINISHED, Refused, Status
from notifications import validators
from realtime import bulk, outbox
from realtime.outbox import Draft

STREAM: Final = "jobs"
APPEND_SIZE: Final = 1024 * 1024
"""Bytes of the lines that are appended at once."""
MESSAGE_SIZE: Final = 65_536
"""Characters of the lines in one message, so that no client's queue is full at once."""
AT_ONCE: Final = 200
"""Jobs that are deleted at once, or found to be lost."""
ENDED: Final = "The runner of this job has not been heard of for {seconds:g} seconds; it was killed, or cut off."


class New(TypedDict, total=False):
    """What may be said of a new job beside its name."""

    job_type: str
    target_host: str | None
    parameters: Mapping[str, Any]
    parent: Job | None
    created_by: str
    notification_id: uuid.UUID | None
    status: str
    watched: bool
    """Whether the job fails by itself once nothing is heard of it for JOB_HEARTBEAT_TIMEOUT."""
    id: uuid.UUID


class Edit(TypedDict, total=False):
    """What may be changed."""

    name: str
    status: str
    progress: int
    error: str | None
    exit_code: int | None
    parameters: Mapping[str, Any]
    target_host: str | None
    notification_id: uuid.UUID | None


def create(name: str, **contents: Unpack[New]) -> Job:
    """Create a job, pending unless it says `running`; it reaches browsers when the transaction commits.

    Raises: ValidationError, which names the fields; Refused, where it would begin in a final state.
    """
    watched = contents.pop("watched", False)
    job = Job(name=name, **contents)
    if job.status in FINAL:
        raise Refused(f"A new job is pending or running; it cannot be {job.status}.")
    if job.status == Status.RUNNING:
        job.started_at = job.created_at
    check(job)
    with transaction.atomic():
        job.save(force_insert=True)
        Output.objects.create(job=job, heard_at=timezone.now() if watched else None)
    return job


def update(pk: uuid.UUID, **changes: Unpack[Edit]) -> Job:
    """Change a job. The state that it is in already, and the values that it has, change nothing.

    Raises: Job.DoesNotExist; Refused, where the state may not follow, or a finished job would come on;
    ValidationError, which names the fields.
    """
    with transaction.atomic():
        job: Job = Job.objects.select_for_update(of=("self",)).get(pk=pk)
        hear(pk)
        wanted = {name: value for name, value in changes.items() if getattr(job, name) != value}
        if not wanted:
            return job
        states.check(job.status, changes.get("status", job.status))
        if job.status in FINAL and "progress" in wanted:
            raise Refused(f"The job is {job.status}; its progress stays as it is.")
        for name, value in wanted.items():
            setattr(job, name, value)
        if "status" in wanted:
            _enter(job)
        check(job)
        job.save()
        if "status" in wanted:  # Whoever tells of it has written that down in this transaction.
            job.refresh_from_db(fields=["notification_id"])
    return job


def start(pk: uuid.UUID) -> Job:
    """Let a pending job run. Raises: Job.DoesNotExist; Refused."""
    return update(pk, status=Status.RUNNING)


def complete(pk: uuid.UUID, **changes: Any) -> Job:
    """End a job well. Raises: Job.DoesNotExist; Refused."""
    return update(pk, **{**changes, "status": Status.COMPLETED})


def fail(pk: uuid.UUID, error: str, **changes: Any) -> Job:
    """End a job for a reason. Raises: Job.DoesNotExist; Refused."""
    return update(pk, **{**changes, "status": Status.FAILED, "error": error})


def cancel(pk: uuid.UUID, **changes: Any) -> Job:
    """End a job because somebody wants it; whoever runs it is told when it next says something.

    Raises: Job.DoesNotExist; Refused.
    """
    return update(pk, **{**changes, "status": Status.CANCELLED})


def append(pk: uuid.UUID, lines: Sequence[str], *, first: int | None = None, stderr: bool = False) -> Appended:
    """Append *lines* to what a job has printed, and publish those that are new.

    *first* is the number of the first of them, so that it may be repeated; without it they come after all others.
    Writers of the same job wait for each other. A cancelled job takes what its command says while it ends.

    Raises: Job.DoesNotExist; output.Gap; Refused, where the job is not running; ValidationError.
    """
    check_lines(lines)
    marked = [output.STDERR + line for line in lines] if stderr else lines
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).only("id", "status").get(pk=pk)
        printed, _ = Output.objects.get_or_create(job_id=pk)
        done = output.append(printed, marked, printed.lines + 1 if first is None else first)
        if done.lines and job.status not in (Status.RUNNING, Status.CANCELLED):
            raise Refused(f"The job is {job.status}; output is taken while it is {Status.RUNNING.value}.")
        hear(pk)
        outbox.publish_many(_messages(pk, done))
    return done


def hear(pk: uuid.UUID) -> None:
    """Note that the runner of a job is there, where one is waited for; it costs a write every few seconds."""
    now = timezone.now()
    Output.objects.filter(job_id=pk, heard_at__lt=now - timedelta(seconds=5)).update(heard_at=now)


def status_of(pk: uuid.UUID) -> str:
    """Note that the runner of a job is there, and return the job's state. Raises: Job.DoesNotExist."""
    hear(pk)
    return Job.objects.values_list("status", flat=True).get(pk=pk)


def delete(pk: uuid.UUID) -> None:
    """Delete a finished job with its children and all output.

    Raises: Job.DoesNotExist; Refused, where it or one of its descendants is not finished.
    """
    with transaction.atomic():
        locking.lock(family := [pk, *descendants(pk)], no_key=False)
        job: Job = Job.objects.get(pk=pk)
        if job.status not in FINAL:
            raise Refused(f"The job is {job.status}; only a finished one can be deleted. Cancel it first.")
        if not set(descendants(pk)) <= set(family):  # Its lock would come too late to wait for nobody in a circle.
            raise Refused(f"The job is {job.status}, but it has just got another child.")
        if Job.objects.filter(pk__in=family, status__in=UNFINISHED).exists():
            raise Refused(f"The job is {job.status}, but one of its children is not finished yet.")
        _delete(family)


def descendants(pk: uuid.UUID) -> list[uuid.UUID]:
    """Return the ids of a job's children, their children and so on."""
    found: list[uuid.UUID] = []
    generation = [pk]
    while generation:
        generation = list(Job.objects.filter(parent_id__in=generation).values_list("pk", flat=True))
        found += generation
    return found


def fail_lost(now: datetime | None = None) -> int:
    """Fail those running jobs whose runners have not been heard of for JOB_HEARTBEAT_TIMEOUT; return how many."""
    seconds = settings.JOB_HEARTBEAT_TIMEOUT
    silent = Q(output__heard_at__lt=(now or timezone.now()) - timedelta(seconds=seconds))
    lost = list(Job.objects.filter(silent, status__in=UNFINISHED).values_list("pk", flat=True)[:AT_ONCE])
    failed = 0
    for pk in lost:
        with transaction.atomic():
            # Asked again under the lock: it may have been heard of, or have ended, in between.
            locked = Job.objects.select_for_update(of=("self",)).filter(silent, pk=pk, status__in=UNFINISHED)
            if (job := locked.first()) is not None:
                job.status, job.error = Status.FAILED, ENDED.format(seconds=seconds)
                _enter(job)
                job.save()
                failed += 1
    return failed


def prune() -> int:
    """Delete finished jobs that are older than JOB_RETENTION, a batch at each call; return how many.

    A parent goes once its children are gone.
    """
    before = timezone.now() - timedelta(seconds=settings.JOB_RETENTION)
    children = Job.objects.filter(parent_id=OuterRef("pk"))
    old = Job.objects.filter(~Exists(children), status__in=FINAL, completed_at__lt=before).order_by("completed_at")
    with transaction.atomic():
        locking.lock(found := list(old.values_list("pk", flat=True)[:AT_ONCE]), no_key=False)
        pks = list(old.filter(pk__in=found).values_list("pk", flat=True))  # One may have got a child in between.
        _delete(pks)
    return len(pks)


def prune_output() -> int:
    """Delete the output of jobs that ended JOB_OUTPUT_RETENTION ago, a batch at each call; return of how many."""
    before = timezone.now() - timedelta(seconds=settings.JOB_OUTPUT_RETENTION)
    kept = Output.objects.filter(job__status__in=FINAL, job__completed_at__lt=before, lines__gte=F("start"))
    with transaction.atomic():
        pks = list(kept.values_list("pk", flat=True)[:AT_ONCE])
        Chunk.objects.filter(job_id__in=pks).delete()
        Output.objects.filter(pk__in=pks).update(start=F("lines") + 1, size=0)
    return len(pks)


def check(job: Job) -> None:
    """Refuse contents that cannot be stored. Raises: ValidationError, which names the fields."""
    try:  # First, since Django would recurse into it, and validates no empty value such as [].
        validators.metadata(job.parameters)
    except ValidationError as error:
        raise ValidationError({"parameters": error}) from error
    job.clean_fields(exclude=["parent", "created_by"])
    job.clean()


def check_lines(lines: Sequence[str]) -> None:
    """Refuse what is no line, or too much at once. Raises: ValidationError."""
    text = "\n".join(lines)  # Of a megabyte of blank lines each by itself would take a second.
    if text.count("\n") > max(len(lines) - 1, 0):
        raise ValidationError({"lines": ValidationError("A line has no line feed in it.", code="line_feed")})
    if (longest := max(map(len, lines), default=0)) > output.LINE_LENGTH:
        said = f"A line of {longest:,} characters; at most {output.LINE_LENGTH:,} are allowed."
        raise ValidationError({"lines": ValidationError(said, code="max_length")})
    size = len(text.encode(errors="replace")) + min(len(lines), 1)
    if size > APPEND_SIZE:
        said = f"{size:,} bytes at once; at most {APPEND_SIZE:,} are allowed."
        raise ValidationError({"lines": ValidationError(said, code="max_size")})


def _enter(job: Job) -> None:
    """Note the time at which a job came into the state that it now has."""
    now = timezone.now()
    if job.status == Status.RUNNING:
        job.started_at = now
    if job.status in FINAL:
        job.completed_at = now
    if job.status == Status.COMPLETED:
        job.progress = 100


def _delete(pks: Sequence[uuid.UUID]) -> None:
    """Delete jobs, which are locked, and what they have printed, and publish it."""
    Chunk.objects.filter(job_id__in=pks).delete()
    bulk.delete(Job.objects.filter(pk__in=pks))


def _messages(pk: uuid.UUID, done: Appended) -> Iterator[Draft]:
    """Yield the publications of new lines."""
    first = done.first
    for lines in _messageable(done.lines):
        data = {"type": "job", "action": "output", "job_id": str(pk), "data": {"lines": lines}, "first_line": first}
        yield Draft(STREAM, data, key=str(pk), detail=True)
        first += len(lines)


def _messageable(lines: Iterable[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    room = MESSAGE_SIZE
    for line in lines:
        if portion and room < len(line):
            yield portion
            portion, room = [], MESSAGE_SIZE
        portion.append(line)
        room -= len(line) + 3
    if portion:
        yield portion


acreate = sync_to_async(create)
aupdate = sync_to_async(update)
astart = sync_to_async(start)
acomplete = sync_to_async(complete)
afail = sync_to_async(fail)
acancel = sync_to_async(cancel)
aappend = sync_to_async(append)
adelete = sync_to_async(delete)
