"""Every rule, in one list: what must happen, what is then told, and how often it may happen before it is told again.

docs/rules.md describes them; a test compares it with this list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from aether.jobs.states import FINAL, Status
from aether.rules import templates
from notifications.vocabulary import Category, Level

SourceName = Literal["host", "vm", "job"]
Values = Mapping[str, Any]
Condition = Callable[[Values, Values], bool]
"""Say by the values before and after a change whether something happened. Pure: nothing is read, nothing written."""

FIELDS: Final[Mapping[SourceName, tuple[str, ...]]] = {
    "host": ("hostname", "cluster_id", "connected", "error"),
    "vm": ("id", "name", "host_id", "state"),
    "job": ("id", "name", "job_type", "status", "target_host", "error", "exit_code", "parent_id"),
}
"""What conditions and templates may look at: fields of the model."""
EXTRA: Final = ("was", "elapsed", "limit")
"""What templates may say beside these: the state before, how long it lasted, and how long it may last."""
REPEATED: Final = ("count", "span")
COUNTED: Final = ("count", "left", "total", "place")


@dataclass(frozen=True, slots=True)
class Text:
    """What a notification says."""

    level: str
    title: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Many:
    """What one notification says in place of many, with `count` and `place` (on which host, where it is one)."""

    title: str
    message: str
    over: str = ""
    """The title once some are over, with `left`, and `total` of which."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that may happen to a host, a VM or a job, and the notification that tells of it.

    With `until` it lasts: what ends it changes the same notification. Without, each time is an event of its own.
    """

    name: str
    about: str
    """What the admin calls it."""
    source: SourceName
    category: str
    key: str
    """The notification's `dedup_key`: all that happens under one key is one notification."""
    entity: str
    """The notification's `related_entity`."""
    text: Text
    many: Many
    when: Condition | None = None
    """When it begins; None where background work finds out, by the clock."""
    until: Condition | None = None
    ended: Text | None = None
    """What the notification says once it has ended."""
    grace: int = 0
    """Seconds that it must last before anybody is told."""
    repeated: str = ""
    """What is added from the second time on, with `count` and `span`. Without it every time is as new as the first."""

    def __post_init__(self) -> None:
        """Refuse a template that says what its source does not have. Raises: ValueError."""
        known = (*FIELDS[self.source], *EXTRA)
        for text in filter(None, (self.text, self.ended)):
            templates.check(text.title, known)
            templates.check(text.message, known)
        for template in (self.key, self.entity):
            templates.check(template, FIELDS[self.source])
        templates.check(self.repeated, REPEATED)
        for template in (self.many.title, self.many.message, self.many.over):
            templates.check(template, COUNTED)
        if (self.until is None) != (self.ended is None) or (self.grace and self.until is None):
            raise ValueError(f"{self.name}: only what can end has a text for that, and a grace.")

    @property
    def lasts(self) -> bool:
        """Whether it has an end."""
        return self.until is not None


def became(field: str, value: object) -> Condition:
    """Return the condition that *field* has become *value*."""
    return lambda before, after: before[field] != value and after[field] == value


def changed(field: str) -> Condition:
    """Return the condition that *field* has another value than before."""
    return lambda before, after: bool(before[field] != after[field])


def _completed_by_itself(before: Values, after: Values) -> bool:
    """Say whether a job is done that belongs to no other: of children the parent tells."""
    return after["parent_id"] is None and before["status"] != Status.COMPLETED == after["status"]


def _is_over(before: Values, after: Values) -> bool:
    return before["status"] not in FINAL and after["status"] in FINAL


RULES: Final = (
    Rule(
        name="host_lost",
        about="A host does not answer, or answers again",
        source="host",
        category=Category.HOST,
        when=became("connected", False),
        until=became("connected", True),
        grace=30,
        key="host:{hostname}:connected",
        entity="{hostname}",
        text=Text(Level.ERROR, "{hostname} does not answer", "{error}"),
        ended=Text(Level.SUCCESS, "{hostname} answers again", "It did so after {elapsed}."),
        repeated="It was lost {count} times within {span}.",
        many=Many(
            "{count} hosts do not answer", "They were lost at the same time.", "{left} of {total} hosts do not answer"
        ),
    ),
    Rule(
        name="vm_state",
        about="A VM's state changed",
        source="vm",
        category=Category.VM,
        when=changed("state"),
        key="vm:{id}:state",
        entity="{name}",
        text=Text(Level.INFO, "{name} is {state}", "Before, it was {was}. Its host is {host_id}."),
        repeated="Its state changed {count} times within {span}.",
        many=Many("{count} VMs changed their state", "They did so at once{place}."),
    ),
    Rule(
        name="job_slow",
        about="A job takes longer than its limit",
        source="job",
        category=Category.JOB,
        until=_is_over,
        key="job:{id}",
        entity="{target_host}",
        text=Text(Level.WARNING, "{name} takes long", "It has been running for longer than {limit}."),
        ended=Text(Level.INFO, "{name} is {status}", "It took {elapsed} longer than it should."),
        many=Many(
            "{count} jobs take long", "They run for longer than they should.", "{left} of {total} jobs take long"
        ),
    ),
    Rule(
        name="job_failed",
        about="A job failed",
        source="job",
        category=Category.JOB,
        when=became("status", Status.FAILED),
        key="job:{id}",
        entity="{target_host}",
        text=Text(Level.ERROR, "{name} failed", "{error}"),
        many=Many("{count} jobs failed", "They did so at once."),
    ),
    Rule(
        name="job_completed",
        about="A job that is no other's child is completed",
        source="job",
        category=Category.JOB,
        when=_completed_by_itself,
        key="job:{id}",
        entity="{target_host}",
        text=Text(Level.SUCCESS, "{name} is completed"),
        many=Many("{count} jobs are completed", "They ended at once."),
    ),
)  # fmt: skip
"""In order: where several tell under one key at once, the last one's text is what the notification says."""

BY_NAME: Final[Mapping[str, Rule]] = {rule.name: rule for rule in RULES}
