"""What rules can be about: the models, what is read of them, and how a notification refers to one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aether.inventory.models import VM, Host
from aether.jobs import locking
from aether.jobs.models import Job
from aether.rules.declared import FIELDS, SourceName, Values
from realtime import live_changes

Facts = Mapping[str, Any]
"""What the texts say, as JSON."""


@dataclass(frozen=True, slots=True)
class Source:
    """One model that rules are about."""

    name: SourceName
    model: Any
    state: str
    """The field whose values `from` and `to` tell."""
    ids: Mapping[str, str]
    """Metadata → field: with these a client finds what it is about."""

    @property
    def fields(self) -> tuple[str, ...]:
        """What is read of a row."""
        return FIELDS[self.name]

    def lock(self, pks: Iterable[Any]) -> None:
        """Lock rows as a write to them does, so that neither waits for the other in a circle."""
        if self.model is Job:
            locking.lock(pks)
        else:
            live_changes.lock(self.model, pks)

    def facts(self, before: Values, after: Values) -> dict[str, Any]:
        """Return what texts may say of a change."""
        return {**{name: plain(value) for name, value in after.items()}, "was": plain(before[self.state])}

    def metadata(self, facts: Facts) -> dict[str, Any]:
        """Return the ids and states for a client that links to it."""
        ids = {name: facts[field] for name, field in self.ids.items() if facts[field] is not None}
        return {**ids, "from": facts["was"], "to": facts[self.state]}


def plain(value: Any) -> Any:
    """Return *value* as JSON takes it."""
    return value if isinstance(value, bool | int | None) else str(value)


SOURCES: Final[Mapping[SourceName, Source]] = {
    source.name: source
    for source in (
        Source("host", Host, "connected", {"hostname": "hostname", "cluster": "cluster_id"}),
        Source("vm", VM, "state", {"vm_id": "id", "hostname": "host_id"}),
        Source("job", Job, "status", {"job_id": "id", "job_type": "job_type", "exit_code": "exit_code"}),
    )
}
