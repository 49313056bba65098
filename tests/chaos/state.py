"""The notifications that a client holds, by the rules that the protocol gives to clients."""

from collections.abc import Mapping
from typing import Any


class State:
    """Apply by version, keep tombstones, follow read_through; ignore what the client does not hold."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.unread_count: int | None = None
        self.horizon = ""
        """The oldest creation time in the last snapshot; before it the client knows nothing for sure."""
        self._tombstones: dict[str, int] = {}

    def replace(self, data: Mapping[str, Any]) -> None:
        """Take a snapshot as all there is."""
        self.items = {item["id"]: dict(item) for item in data["notifications"]}
        self.unread_count = data["unread_count"]
        self.horizon = min((item["created_at"] for item in data["notifications"]), default="")
        self._tombstones.clear()

    def apply(self, message: Mapping[str, Any]) -> None:
        """Apply one `notification` message."""
        if "unread_count" in message:
            self.unread_count = message["unread_count"]
        data, action = message["data"], message["action"]
        if action == "read_through":
            for item in self.items.values():
                if item["offset"] is not None and item["offset"] <= data["up_to"]:
                    item["read"] = True
        elif action == "deleted":
            self._delete(data)
        else:
            self._put(data, message["offset"], own="offset" in data)

    def _delete(self, data: Mapping[str, Any]) -> None:
        held = self.items.get(data["id"])
        if held is None or held["version"] <= data["version"]:
            self.items.pop(data["id"], None)
        self._tombstones[data["id"]] = max(data["version"], self._tombstones.get(data["id"], 0))

    def _put(self, data: Mapping[str, Any], offset: int, *, own: bool) -> None:
        """Take *data*; an own mark carries the `offset` of the opening, a shared opening has the message's own."""
        key, version = data["id"], data["version"]
        held = self.items.get(key)
        if version <= self._tombstones.get(key, 0) or (held is None and "read" not in data):
            return
        if held is None:
            self.items[key] = {**data, "offset": data["offset"] if own else offset}
        elif version > held["version"]:
            opened = {"offset": offset} if not own and data.get("read") is False else {}
            self.items[key] = {**held, **data, **opened}
        elif own and version == held["version"]:
            held["read"] = data["read"]
            held["offset"] = data["offset"] if data["offset"] is not None else held["offset"]
        elif not own and version == held["version"] and data.get("read") is False:
            held["offset"] = offset  # It was pending in the snapshot.
