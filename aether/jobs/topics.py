"""The topic that jobs and their output travel on."""

import time
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Prefetch

from aether.jobs import actions, output
from aether.jobs.models import Job
from aether.jobs.representation import JobSerializer, represent
from aether.jobs.states import UNFINISHED
from realtime.live_topics import Action, LiveTopic, Part, Shown
from realtime.topics import register

NEWEST: Final = 50
"""Finished jobs in the snapshot."""
UNFINISHED_LIMIT: Final = 500
"""Jobs in the snapshot that are not finished."""
PRUNE_EVERY: Final = 600.0
"""Seconds between looks for what is old enough to prune."""
LOOK_EVERY: Final = 5.0
"""Seconds between looks for runners that are not heard of."""


def shown_jobs() -> Any:
    """Return all jobs, with what their representation reads."""
    children = Prefetch("children", Job.objects.only("pk", "parent_id", "created_at"))
    return Job.objects.prefetch_related(children)


class JobsTopic(LiveTopic):
    """Jobs, all of them or one: `jobs:<id>`, which also brings the job's output."""

    name: ClassVar[str] = "jobs"
    details: ClassVar[bool] = True
    history_count: ClassVar[int | None] = 1_000_000
    """In offsets. Of these most are output, whose rows go much sooner: what stays are the jobs' states."""
    parts: ClassVar[Sequence[Part]] = [Part(shown_jobs(), JobSerializer, depends_on={Job: "parent"})]

    def __init__(self) -> None:
        super().__init__()
        self._prune_at = 0.0
        self._look_at = 0.0
        self._looking_since = 0.0

    def message(self, part: Part, action: Action, data: Shown) -> dict[str, Any]:
        """Return the message of a change: what clients know as a job's status."""
        job_id = str(data["id"])
        shown = {"job_id": job_id, **{name: value for name, value in data.items() if name != "id"}}
        kind = "deleted" if action == "deleted" else "status"
        return {"type": "job", "action": kind, "job_id": job_id, "data": shown}

    def state(self, objects: list[Shown]) -> dict[str, Any]:
        """Return the snapshot of all jobs: those that are not finished, and the newest others."""
        return {"jobs": [{name: value for name, value in shown.items() if name != "id"} for shown in objects]}

    def authorize(self, user: AbstractBaseUser, key: str) -> bool:
        """Say whether *user* may follow jobs. One may be followed before it is there: all are for everyone."""
        return super().authorize(user, "")

    def object_state(self, found: tuple[Part, Any] | None) -> dict[str, Any]:
        """Return one job with the newest lines that it has printed.

        `first_line` is the number of the first of them: what comes next continues from there.
        """
        if found is None:
            return {"job": None, "lines": [], "first_line": 1}
        page = output.newest(found[1])
        return {"job": represent(found[1]), "lines": page.lines, "first_line": page.first}

    def upkeep(self) -> None:
        """Fail what lost its runner; every ten minutes prune, a batch at each call until nothing is left."""
        now = time.monotonic()
        if now >= self._look_at:
            self._fail_lost(now)
        if now >= self._prune_at and not actions.prune_output() + actions.prune():
            self._prune_at = now + PRUNE_EVERY

    def _fail_lost(self, now: float) -> None:
        """Fail jobs whose runners are silent, unless this server was away itself, and the database perhaps too.

        Runners that could not reach the database have until then to be heard of again.
        """
        if now > self._look_at + LOOK_EVERY:
            self._looking_since = now
        self._look_at = now + LOOK_EVERY
        if now - self._looking_since >= settings.JOB_HEARTBEAT_TIMEOUT:
            actions.fail_lost()

    def _build(self, audience: str) -> list[Shown]:
        unfinished = shown_jobs().filter(status__in=UNFINISHED)[:UNFINISHED_LIMIT]
        finished = shown_jobs().exclude(status__in=UNFINISHED)[:NEWEST]
        return [shown for rows in (unfinished, finished) for shown in self.parts[0].represent(rows)]


register(JobsTopic())
