"""Compare what clients hold with what a fresh snapshot says."""

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.models import User

from notifications.inbox import Inbox
from tests.chaos.journal import Journal
from tests.chaos.verdict import Verdict

PAGE: Final = 100
TOLD: Final = 50
"""Of so many an older client surely knows whether they are read: of all-read it is told the newest 100 unread ones."""
COUNTED: Final = frozenset({"v1", "sse"})
"""Kinds that are told of every change of the unread count while they are connected."""


def compare(journals: Iterable[Journal], verdict: Verdict) -> None:
    """Note each client whose notifications or unread count differ from its user's inbox. Queries the database."""
    fresh: dict[int, tuple[list[dict[str, Any]], int]] = {}
    for journal in journals:
        if journal.user_id not in fresh:
            inbox = Inbox(User.objects.get(pk=journal.user_id))
            fresh[journal.user_id] = inbox.page(PAGE).items, inbox.unread_count()
        items, unread = fresh[journal.user_id]
        differences = list(_differences(journal, items))
        if journal.kind in COUNTED and journal.state.unread_count != unread:
            differences.append(f"unread {journal.state.unread_count}, should be {unread}")
        if differences:
            verdict.note("diverged", f"{journal.name}: {'; '.join(differences[:3])}")


def _differences(journal: Journal, items: list[dict[str, Any]]) -> Iterable[str]:
    state = journal.state
    for place, item in enumerate(items):
        if item["created_at"] <= state.horizon:  # Older than the snapshot reached; deletions moved it up.
            continue
        held = state.items.get(item["id"])
        if held is None:
            yield f"{item['id']} is missing"
        elif held["version"] != item["version"]:
            yield f"{item['id']} has version {held['version']}, should have {item['version']}"
        elif held["read"] != item["read"] and (journal.kind != "legacy" or place < TOLD):
            yield f"{item['id']} has read {held['read']}, should have {item['read']}"
    expected = {item["id"] for item in items}
    oldest = items[-1]["created_at"] if len(items) == PAGE else ""
    for key, held in state.items.items():
        if key not in expected and held["created_at"] > oldest:
            yield f"{key} should be gone"
