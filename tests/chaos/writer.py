"""A process that publishes through the ORM: `python -m tests.chaos.writer RATE SEED JOB …`, until its input ends.

It creates the jobs that are named.

Each line of its input moves a user: {"user": 3, "group": 1, "join": true}.
"""

import json
import os
import queue
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import django

django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402  Django has to be set up first.
from django.core.exceptions import ObjectDoesNotExist, ValidationError  # noqa: E402
from django.db import Error, connection, transaction  # noqa: E402

from aether.inventory.actions import InUse  # noqa: E402
from aether.jobs.states import Refused  # noqa: E402
from notifications import actions  # noqa: E402
from notifications.models import Notification  # noqa: E402
from realtime import audience, outbox  # noqa: E402
from tests.chaos.movers import Fleet, Work  # noqa: E402
from tests.chaos.people import WRITER  # noqa: E402

KEYS = 10
KEPT = 200
REFUSED = (ObjectDoesNotExist, ValidationError, InUse, Refused)
"""What those who move the same things at once have to expect."""


class Writer:
    """Chooses what to publish next, and does it."""

    def __init__(self, chance: random.Random, named: list[str]) -> None:
        self.chance = chance
        self.fleet, self.work = Fleet(chance), Work(chance, named)
        self.users = list(User.objects.exclude(username=WRITER))
        self.groups = list(Group.objects.all())
        self.known: list[uuid.UUID] = []
        self.count = 0
        self.choices: dict[Callable[[], None], int] = {
            self.job: 10, self.inventory: 6, self.create: 20, self.many: 3, self.change: 10, self.delete: 4,
            self.several: 6, self.rolled_back: 2, self.half_rolled_back: 3, **self.fleet.choices, **self.work.choices,
        }  # fmt: skip

    def step(self) -> None:
        """Publish something, or nothing where it is rolled back."""
        [work] = self.chance.choices(list(self.choices), list(self.choices.values()))
        work()

    def job(self) -> None:
        with transaction.atomic():
            outbox.publish(self._draft("jobs"))

    def inventory(self) -> None:
        with transaction.atomic():
            outbox.publish(self._draft("inventory"))

    def create(self) -> None:
        self.count += 1
        row = Notification.objects.create(title=f"Event {self.count}", **self._for_whom())
        self._remember(row.pk)

    def many(self) -> None:
        titles = [f"Bulk {self.count}.{number}" for number in range(self.chance.randint(2, 15))]
        for row in actions.create_many([{"title": title, **self._for_whom()} for title in titles]):
            self._remember(row.pk)

    def change(self) -> None:
        if self.known:
            self.count += 1
            pk, reopen = self.chance.choice(self.known), self.chance.random() < 0.5
            actions.update(pk, title=f"Changed {self.count}", reopen=reopen)

    def delete(self) -> None:
        if self.known:
            actions.delete_for_everyone([self.known.pop(self.chance.randrange(len(self.known)))])

    def several(self) -> None:
        """Publish on several streams in one transaction, which lasts a little."""
        with transaction.atomic():
            outbox.publish(self._draft("jobs"))
            self.create()
            time.sleep(self.chance.uniform(0, 0.05))
            outbox.publish_many([self._draft("inventory"), self._draft("jobs")])

    def rolled_back(self) -> None:
        with transaction.atomic():
            outbox.publish(self._draft("jobs"))
            transaction.set_rollback(True)

    def half_rolled_back(self) -> None:
        with transaction.atomic():
            outbox.publish(self._draft("jobs"))
            with transaction.atomic():
                outbox.publish(self._draft("inventory"))
                transaction.set_rollback(True)
            outbox.publish(self._draft("jobs"))

    def move(self, user: int, group: int, *, join: bool) -> None:
        """Let a user join or leave a user group."""
        held = User.objects.get(pk=user).groups
        held.add(group) if join else held.remove(group)

    def _draft(self, stream: str) -> outbox.Draft:
        self.count += 1
        key = str(self.chance.randrange(KEYS))
        body = {
            "type": "job" if stream == "jobs" else stream,
            "action": "status",
            "job_id": key,
            "data": {"n": self.count},
        }
        return outbox.Draft(stream, body, audience=self._audience(), key=key)

    def _audience(self) -> str:
        kind = self.chance.random()
        if kind < 0.2:
            return audience.EVERYONE
        if kind < 0.5:
            return audience.for_group(self.chance.choice(self.groups).pk)
        return audience.for_user(self.chance.choice(self.users).pk)

    def _for_whom(self) -> dict[str, User | Group]:
        kind = self.chance.random()
        if kind < 0.2:
            return {}
        return {"group": self.chance.choice(self.groups)} if kind < 0.5 else {"user": self.chance.choice(self.users)}

    def _remember(self, pk: uuid.UUID) -> None:
        self.known.append(pk)
        del self.known[:-KEPT]


def main(rate: float, seed: str, named: list[str]) -> None:
    """Publish about *rate* times a second; what the database refuses is tried again a little later."""
    orders: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(orders,), daemon=True).start()
    chance = random.Random(seed)
    writer = Writer(chance, named)
    Path(os.environ["CHAOS_DIR"], "writer.ready").touch()
    while True:
        try:
            while not orders.empty():
                if (line := orders.get()) is None:
                    _insist(writer.fleet.rest)
                    return
                order = json.loads(line)
                _insist(partial(writer.move, order["user"], order["group"], join=order["join"]))
            with suppress(*REFUSED):
                writer.step()
        except Error as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            connection.close()
        time.sleep(chance.expovariate(rate))


def _insist(work: Callable[[], None]) -> None:
    """Do *work*, whatever the database says meanwhile."""
    for _ in range(100):
        try:
            work()
        except Error as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            connection.close()
            time.sleep(0.2)
        else:
            return


def _read(orders: "queue.SimpleQueue[str | None]") -> None:
    for line in sys.stdin:
        orders.put(line)
    orders.put(None)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2], sys.argv[3:])
