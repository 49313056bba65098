"""The objects of a topic that a client holds, by the rules that the protocol gives to clients."""

from collections.abc import Iterable, Mapping
from typing import Any

Data = Mapping[str, Any]


def key_of(data: Data) -> str:
    """Return the key of an object's publications, `<topic>:<key>` being its topic."""
    return str(data["job_id"]) if "job_id" in data else f"{data['kind']}:{data['id']}"


class Held:
    """Objects by key, each with its newest version. `faults` names versions that went back or came again."""

    def __init__(self) -> None:
        self.items: dict[str, Data] = {}
        self.complete = False
        """Whether a snapshot of the whole topic said what there is; else only what came is known."""
        self.faults: list[str] = []
        self._from_snapshot: set[str] = set()
        self._versions: dict[str, int] = {}
        """The newest version of each object that was told of, also of those that are gone."""

    def replace(self, objects: Iterable[Data]) -> None:
        """Take a snapshot of the topic as all there is."""
        self.items, self.complete = {}, True
        for data in objects:
            self.take(key_of(data), data)

    def take(self, key: str, data: Data | None) -> None:
        """Take a snapshot of one object; None says that it is not there."""
        self.items.pop(key, None)
        if data is not None:
            self._note(key, data["version"], fresh=self._versions.get(key, 0) - 1)
            self.items[key] = data
            self._from_snapshot.add(key)

    def apply(self, message: Data) -> None:
        """Apply one publication; what carries no version is no object's state."""
        data = message["data"]
        if "version" not in data:
            return
        key = key_of(data)
        known = self._versions.get(key, 0)
        # What was pending in a snapshot may come again, on another connection: with the version that is there.
        self._note(key, data["version"], fresh=known - (key in self._from_snapshot))
        self._from_snapshot.discard(key)
        if message["action"] == "deleted":
            self.items.pop(key, None)
        else:
            self.items[key] = data

    def forget(self) -> None:
        """Hold nothing, as a client that connects anew and resumes nothing."""
        self.items, self.complete, self._versions = {}, False, {}

    def _note(self, key: str, version: int, *, fresh: int) -> None:
        if version <= fresh:
            self.faults.append(f"{key} came with version {version}, after {self._versions[key]}")
        self._versions[key] = max(version, self._versions.get(key, 0))
