"""The names that existing integrations import: `from notifications.notification_service import notification_service`.

Each call is one of `notifications.actions`, for everyone. They may be called from sync code and from inside a running
event loop, which then waits for the database as it did for the original; async code does better with `acreate`.
"""

import asyncio
import uuid
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db import connections

from notifications import actions
from notifications import models as stored
from notifications.vocabulary import Category as NotificationCategory
from notifications.vocabulary import Level as NotificationLevel

T = TypeVar("T")
_thread: Final = ThreadPoolExecutor(1, "notification-service")

__all__ = ["Notification", "NotificationCategory", "NotificationLevel", "NotificationService", "notification_service"]


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification with the original's fields."""

    id: str
    title: str
    message: str
    level: NotificationLevel
    category: str
    created_at: datetime
    read: bool = False
    related_entity: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


class _Done:
    """What is done already, whether it is awaited or not."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


class NotificationService:
    """Create notifications under the original's names."""

    def start(self) -> _Done:
        """Do nothing: there is nothing left to start. May be awaited."""
        return _Done()

    def stop(self) -> _Done:
        """Do nothing: there is nothing left to stop. May be awaited."""
        return _Done()

    def set_websocket_manager(self, manager: object) -> None:
        """Do nothing: what is committed is published."""

    def create_notification(  # noqa: PLR0913  # The original's signature.
        self,
        title: str,
        message: str,
        level: NotificationLevel = NotificationLevel.INFO,
        category: NotificationCategory | str = NotificationCategory.SYSTEM,
        related_entity: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        sensitive: bool = False,
    ) -> Notification:
        """Create a notification for everyone and return it. Raises: ValidationError."""
        new: actions.New = {"title": title, "message": message, "level": level, "category": category}
        new |= {"related_entity": related_entity, "metadata": dict(metadata or {}), "sensitive": sensitive}
        return _off_loop(lambda: _legacy(actions.create(**new)))

    def upsert_system_notification(  # noqa: PLR0913  # The original's signature, and one more.
        self,
        key: str,
        title: str,
        message: str,
        level: NotificationLevel = NotificationLevel.WARNING,
        metadata: Mapping[str, Any] | None = None,
        *,
        sensitive: bool = False,
    ) -> Notification:
        """Create or change the system notification *key*, whose `related_entity` is `system:<key>`."""
        contents = actions.Contents(level=level, category=NotificationCategory.SYSTEM, metadata=dict(metadata or {}))
        return _upsert(f"system:{key}", title, message, _marked(contents, sensitive))

    def clear_system_notification(self, key: str) -> bool:
        """Delete the system notification *key*; return whether there was one."""
        return _off_loop(lambda: actions.clear(f"system:{key}"))

    def upsert_job_notification(  # noqa: PLR0913  # The original's signature.
        self,
        job_id: str,
        title: str,
        message: str,
        level: NotificationLevel = NotificationLevel.INFO,
        related_entity: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        sensitive: bool = False,
    ) -> Notification:
        """Create or change the notification of a job; its metadata is merged and says `job_id`."""
        merged = {**(metadata or {}), "job_id": job_id}
        contents = actions.Contents(level=level, category=NotificationCategory.JOB, metadata=merged)
        return _upsert(f"job:{job_id}", title, message, _marked(contents, sensitive), related_entity or job_id)

    def create_host_unreachable_notification(self, hostname: str, error: str) -> Notification:
        """Tell that a host does not answer."""
        text = f"{hostname} does not answer: {error}"
        return self.create_notification(
            "Host unreachable", text, NotificationLevel.ERROR, NotificationCategory.HOST, hostname
        )

    def create_host_reconnected_notification(self, hostname: str) -> Notification:
        """Tell that a host answers again."""
        text = f"{hostname} answers again."
        return self.create_notification(
            "Host reconnected", text, NotificationLevel.INFO, NotificationCategory.HOST, hostname
        )

    def create_job_completed_notification(self, job_type: str, target: str, success: bool) -> Notification:
        """Tell how a job ended."""
        title, level = (
            ("Job completed", NotificationLevel.SUCCESS) if success else ("Job failed", NotificationLevel.ERROR)
        )
        text = f"{job_type.replace('_', ' ').capitalize()} of {target} {'is done' if success else 'failed'}."
        return self.create_notification(title, text, level, NotificationCategory.JOB, target)

    def get_notification(self, notification_id: str) -> Notification | None:
        """Return a live notification, or None."""
        pk = _uuid(notification_id)
        rows = stored.Notification.objects.filter(pk=pk, **stored.LIVE) if pk else stored.Notification.objects.none()
        return _off_loop(lambda: next(map(_legacy, rows), None))

    def get_all_notifications(self, limit: int | None = None) -> list[Notification]:
        """Return the live notifications, newest first."""
        rows = stored.Notification.objects.filter(**stored.LIVE)
        return _off_loop(lambda: [_legacy(row) for row in (rows[:limit] if limit else rows)])

    def delete_notification(self, notification_id: str) -> bool:
        """Delete a notification for everyone; return whether there was one."""
        pk = _uuid(notification_id)
        return pk is not None and _off_loop(lambda: actions.delete_for_everyone([pk]) > 0)


notification_service: Final = NotificationService()


def _upsert(
    entity: str, title: str, message: str, contents: actions.Contents, related_entity: str | None = None
) -> Notification:
    contents["related_entity"] = related_entity or entity
    return _off_loop(lambda: _legacy(actions.upsert(entity, title, message, **contents)))


def _marked(contents: actions.Contents, sensitive: bool) -> actions.Contents:
    """Say that it is sensitive only where it is: one that is changed stays what it was."""
    return {**contents, "sensitive": True} if sensitive else contents


def _off_loop(work: Callable[[], T]) -> T:
    """Return what *work* returns; where an event loop runs in this thread, let another thread do it.

    Django refuses database queries in the thread of a running loop.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    return _thread.submit(_closing, work).result()


def _closing(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connections.close_all()


def _legacy(row: stored.Notification) -> Notification:
    return Notification(
        id=str(row.pk),
        title=row.title,
        message=row.message,
        level=NotificationLevel(row.level),
        category=NotificationCategory(row.category) if row.category in NotificationCategory.values else row.category,
        created_at=row.created_at,
        related_entity=row.related_entity,
        metadata=row.metadata,
    )


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
