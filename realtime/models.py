"""The durable part: streams and publications, leases for work that one node does at a time, tokens and tickets."""

import secrets
import uuid

from django.db import models
from django.db.models import Q
from knox.models import AbstractAuthToken


def new_epoch() -> str:
    """Return a fresh epoch: offsets of different epochs must not be compared."""
    return secrets.token_hex(8)


class Stream(models.Model):
    """The ordered log behind a topic: its epoch, and the highest offset given out."""

    name = models.CharField(primary_key=True, max_length=64)
    epoch = models.CharField(max_length=32, default=new_epoch)
    head = models.PositiveBigIntegerField(default=0, help_text="Highest offset given to a publication.")
    floor = models.PositiveBigIntegerField(default=0, help_text="Highest offset that was pruned.")

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
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("stream", "offset"), name="realtime_offset_once"),)
        indexes = (models.Index(fields=("stream", "id"), condition=Q(offset__isnull=True), name="realtime_pending"),)

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
