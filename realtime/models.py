"""The durable part: streams and publications, the audit, leases for work that one node does, tokens and tickets."""

import secrets
import uuid
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from knox.models import AbstractAuthToken

PRUNED_AT_ONCE: Final = 1_000
"""Rows of the audit deleted in one statement, so that no writer waits long."""


def new_epoch() -> str:
    """Return a fresh epoch: offsets of different epochs must not be compared."""
    return secrets.token_hex(8)


class Stream(models.Model):
    """The ordered log behind a topic: its epoch, and the highest offset given out."""

    name = models.CharField(primary_key=True, max_length=64)
    epoch = models.CharField(max_length=32, default=new_epoch)
    head = models.PositiveBigIntegerField(default=0, help_text="Highest offset given to a publication.")
    floor = models.PositiveBigIntegerField(default=0, help_text="Highest offset that was pruned.")
    details_floor = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Highest offset of a detail that was pruned, where not all before it was."
    )

    class Meta:
        permissions = (("view_metrics", "Can read /metrics"),)

    def __str__(self) -> str:
        return f"{self.name} at {self.head}"


class Publication(models.Model):
    """One item on a stream. It is pending while `offset` is null.

    The stream is named, not referenced: a foreign key would make every publisher take a share lock on the row that
    the relayer locks.
    """

    stream = models.CharField(max_length=64)
    offset = models.PositiveBigIntegerField(null=True)
    audience = models.CharField(max_length=64)
    key = models.CharField(max_length=200, blank=True, help_text="The object that this is about.")
    version = models.PositiveBigIntegerField(
        null=True, help_text="The object's version; null where this is one user's mark and not the object's state."
    )
    body = models.TextField(help_text="The message as ready JSON text.")
    legacy = models.TextField(
        null=True, help_text="JSON list of the messages that clients without the v1 subprotocol get instead."
    )
    mergeable = models.BooleanField(
        default=False, db_default=False, help_text="Whether it gives way to a later one of the object while pending."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    detail = models.BooleanField(
        default=False, db_default=False, help_text="Whether v1 clients get it only where they follow its key by name."
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=("stream", "offset"), name="realtime_offset_once"),)
        indexes = (
            models.Index(fields=("stream", "id"), condition=Q(offset__isnull=True), name="realtime_pending"),
            models.Index(fields=("stream", "offset"), condition=Q(detail=True), name="realtime_detail"),
        )

    def __str__(self) -> str:
        return f"{self.stream}@{self.offset}"


class Lease(models.Model):
    """Who does a piece of background work now, and until when."""

    name = models.CharField(primary_key=True, max_length=64)
    holder = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} held by {self.holder}"


class ApiToken(AbstractAuthToken):
    """A user's credential for scripts. `digest` is all that is kept of the secret; `expiry` says when it ends."""

    uuid = models.UUIDField("id", unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, help_text="What uses it, so that one can tell which to revoke.")
    last_used_at = models.DateTimeField(null=True, editable=False, help_text="To the minute.")

    class Meta:
        verbose_name = "API token"
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class Ticket(models.Model):
    """A way in for one connection, by its digest; kind and key name the credential that it stands for.

    The key of a session is kept as the session's own table keeps it, for half a minute at most.
    """

    digest = models.CharField(primary_key=True, max_length=64)
    kind = models.CharField(max_length=10)
    key = models.TextField(blank=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"ticket until {self.expires_at}"


class LiveConnection(Lease):
    """Whoever is connected now, as a place in the admin, and permissions; nothing of it is stored.

    A proxy, since a model without a table would stop `dumpdata`. `asking` has the rest.
    """

    class Meta:
        proxy = True
        default_permissions = ()
        permissions = (
            ("view_connections", "Can see who is connected now"),
            ("disconnect", "Can disconnect clients"),
        )
        verbose_name = "connection"
        verbose_name_plural = "connections now"

    def __str__(self) -> str:
        return "a connection"


class AuditRows(models.QuerySet["AuditEvent"]):
    """The audit's rows: they come, they are read, they grow too old, and nothing else happens to them."""

    def update(self, **_: Any) -> int:
        """Refuse. Raises: PermissionDenied."""
        raise PermissionDenied("What the audit says is not changed.")

    def bulk_update(self, *_: Any, **__: Any) -> int:
        """Refuse. Raises: PermissionDenied."""
        return self.update()

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse. Raises: PermissionDenied."""
        raise PermissionDenied("What the audit says is deleted by its age alone: AUDIT_RETENTION.")

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def prune(self, before: datetime) -> int:
        """Delete what happened before *before*, in chunks; return how many rows went."""
        deleted = 0
        while True:
            old = list(self.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:PRUNED_AT_ONCE])
            if not old:
                return deleted
            deleted += self.filter(pk__in=old)._raw_delete(self.db)


class AuditEvent(models.Model):
    """One security event, or several that were alike. `realtime.audit` writes them, and nobody changes them.

    The user is named, not referenced: the row says who it was then, and outlives the account.
    """

    at = models.DateTimeField("when", help_text="When it happened; of several that were alike, the first.")
    event = models.CharField(max_length=32)
    count = models.PositiveIntegerField(default=1, help_text="How often it happened alike, within a short time.")
    user_id = models.CharField("user's id", max_length=64, blank=True)
    username = models.CharField("user", max_length=254, blank=True, help_text="The user's name at that time.")
    address = models.CharField(max_length=64, blank=True, help_text="Where the client was.")
    client_id = models.CharField("connection's id", max_length=64, blank=True)
    request_id = models.CharField("request's id", max_length=64, blank=True)
    details = models.JSONField(default=dict)

    objects = AuditRows.as_manager()

    class Meta:
        ordering = ("-at", "-id")
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=("at",), name="realtime_audit_at"),
            models.Index(fields=("event", "at"), name="realtime_audit_event"),
            models.Index(fields=("username", "at"), name="realtime_audit_user"),
            models.Index(fields=("address", "at"), name="realtime_audit_address"),
        )

    def __str__(self) -> str:
        return f"{self.event} at {self.at:%Y-%m-%d %H:%M:%S}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new row. Raises: PermissionDenied, where it is there already."""
        if not self._state.adding:
            raise PermissionDenied("What the audit says is not changed.")
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> tuple[int, dict[str, int]]:
        """Refuse. Raises: PermissionDenied."""
        raise PermissionDenied("What the audit says is deleted by its age alone: AUDIT_RETENTION.")
