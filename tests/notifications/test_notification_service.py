"""Tests of the names that existing integrations import."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from notifications import models
from notifications.notification_service import NotificationCategory, NotificationLevel, notification_service
from realtime import keys
from tests.notifications.conftest import published

pytestmark = pytest.mark.django_db(transaction=True)

HI: dict[str, Any] = {"title": "Hi", "message": "there", "metadata": {"a": 1}, "related_entity": "web-1"}


async def inside_a_loop() -> Any:
    return notification_service.create_notification(**HI)


@pytest.mark.parametrize(
    "create",
    [
        lambda: notification_service.create_notification(**HI),
        lambda: asyncio.run(inside_a_loop()),
        async_to_sync(inside_a_loop),
        lambda: asyncio.run(sync_to_async(notification_service.create_notification)(**HI)),
    ],
    ids=["sync", "loop", "async_to_sync", "sync_to_async"],
)
def test_create_from_anywhere(create: Callable[[], Any]) -> None:
    """It creates from sync code and from inside a running loop, and returns the original's fields."""
    made = create()
    row = models.Notification.objects.get()
    assert made.id == str(row.pk)
    assert (made.title, made.message, made.related_entity, made.metadata) == ("Hi", "there", "web-1", {"a": 1})
    assert (made.level, made.category) == (NotificationLevel.INFO, NotificationCategory.SYSTEM)
    assert (made.created_at, made.read) == (row.created_at, False)
    assert [message["action"] for message in published()] == ["created"]


def test_nothing_left_to_start() -> None:
    """start() may be called and awaited, and so may stop(); the manager is not needed."""

    async def begin() -> None:
        await notification_service.start()
        await notification_service.stop()

    notification_service.start()
    notification_service.set_websocket_manager(object())
    asyncio.run(begin())


def test_system_notifications() -> None:
    """A keyed one is changed instead of repeated, says its key as its entity, and can be cleared."""
    first = notification_service.upsert_system_notification("kerberos", "Expired", "now", metadata={"a": 1})
    second = notification_service.upsert_system_notification("kerberos", "Expired", "still", metadata={"b": 2})
    assert (second.id, second.related_entity) == (first.id, "system:kerberos")
    assert second.metadata == {"a": 1, "b": 2}
    assert notification_service.clear_system_notification("kerberos")
    assert not notification_service.clear_system_notification("kerberos")
    assert [message["action"] for message in published()] == ["created", "updated", "deleted"]


def test_job_notifications() -> None:
    """One job has one notification, however often it reports."""
    first = notification_service.upsert_job_notification("7", "Deploying", "0 %", related_entity="web-1")
    last = notification_service.upsert_job_notification(
        "7", "Deployed", "100 %", NotificationLevel.SUCCESS, related_entity="web-1", metadata={"seconds": 9}
    )
    assert (last.id, last.level, last.metadata) == (first.id, "success", {"job_id": "7", "seconds": 9})


def test_hosts_and_jobs() -> None:
    """The helpers set level, category and entity."""
    lost = notification_service.create_host_unreachable_notification("h1", "timeout")
    back = notification_service.create_host_reconnected_notification("h1")
    done = notification_service.create_job_completed_notification("vm_deployment", "web-1", True)
    failed = notification_service.create_job_completed_notification("vm_deployment", "web-1", False)
    assert [(n.level.value, str(n.category), n.related_entity) for n in (lost, back, done, failed)] == [
        ("error", "host", "h1"),
        ("info", "host", "h1"),
        ("success", "job", "web-1"),
        ("error", "job", "web-1"),
    ]
    assert "timeout" in lost.message


def test_look_up_and_delete() -> None:
    """They are found by id, listed newest first, and deleted for everyone; an id that is none is no error."""
    old, new = (notification_service.create_notification(title=title, message="") for title in ("old", "new"))
    assert notification_service.get_all_notifications() == [new, old]
    assert notification_service.get_all_notifications(limit=1) == [new]
    assert notification_service.get_notification(old.id) == old
    assert notification_service.delete_notification(old.id)
    assert not notification_service.delete_notification(old.id)
    assert notification_service.get_notification("nonsense") is None
    assert not notification_service.delete_notification("nonsense")


def test_sensitive_ones(settings: Any) -> None:
    """Each way to create one takes `sensitive`; what comes back is neutral, and an upsert leaves it sensitive."""
    settings.ENCRYPTION_KEYS = [keys.generate()]
    made = [
        notification_service.create_notification("xyzzy", "plugh", metadata={"a": "plugh"}, sensitive=True),
        notification_service.upsert_system_notification("disk", "xyzzy", "plugh", sensitive=True),
        notification_service.upsert_system_notification("disk", "xyzzy", "plugh again"),
        notification_service.upsert_job_notification("7", "xyzzy", "plugh", sensitive=True),
        *notification_service.get_all_notifications(),
    ]
    assert not any(word in repr(made) for word in ("xyzzy", "plugh"))
    assert made[1].id == made[2].id
    assert notification_service.clear_system_notification("disk")
