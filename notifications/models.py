"""What is stored: notifications, where on the stream each was opened, and what each user did with them.

A notification is *open* from its creation until someone reads it; a change re-opens it unless told otherwise. Nothing
is stored for a user who did nothing, so that telling everyone costs one row.
"""

import uuid
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.db.models import F, Q, Value
from django.utils import timezone

from notifications import buttons, secrecy, validators
from notifications.idempotency import Claim as Claim
from notifications.receipts import Receipt as Receipt
from notifications.sealing import NEUTRAL, SECRET, Sealable, SealedQuerySet
from notifications.vocabulary import CATEGORY_LENGTH, Category, Level, known_category
from realtime import audience

TITLE_LENGTH: Final = 200
MESSAGE_LENGTH: Final = 10_000
GROUP_KEY_LENGTH: Final = 200
TEXT: Final = [validators.storable]
HELD: Final = ("audience", "sensitive", "version", "sealed", "dedup_key", "deliver_at")
"""What a save compares with the row as it is stored."""
NEUTRAL_IN_SQL: Final = {name: value for name, value in NEUTRAL.items() if name not in ("metadata", "actions")}
"""JSON is compared differently by each database."""
LIVE: Final = {"deleted_at": None, "deliver_at": None}
"""What is there: neither deleted nor still waiting for its time."""
LIVE_IN_SQL: Final = "n.deleted_at IS NULL AND n.deliver_at IS NULL"
"""The same of `n`, word for word the condition of `notification_newest`: with less than it the index is of no use."""
SCHEDULED: Final = {"deleted_at": None, "deliver_at__isnull": False}
"""What waits for its time."""


class Notification(Sealable):
    """Something that happened, told to everyone, to one user group or to one user.

    `save()` and `delete()` open a transaction and are published by it (see `signals`). The audience is chosen at
    creation and never changes. A deleted one stays for a while with `deleted_at`, so that it can be restored. One with
    `deliver_at` is scheduled: nobody is told of it before it is delivered, which a running server does. What a
    sensitive one says is encrypted when it is saved; in the database nothing of it is ever in clear.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=TITLE_LENGTH, validators=[*TEXT, validators.not_blank])
    message = models.TextField(blank=True, validators=[*TEXT, MaxLengthValidator(MESSAGE_LENGTH)])
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.INFO)
    category = models.CharField(max_length=CATEGORY_LENGTH, default=Category.SYSTEM, validators=[known_category])
    related_entity = models.CharField(max_length=200, null=True, blank=True, validators=TEXT)
    metadata = models.JSONField(default=dict, blank=True, validators=[validators.metadata])
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", help_text="Only this user."
    )
    group = models.ForeignKey(
        "auth.Group", models.CASCADE, null=True, blank=True, related_name="+", help_text="Only this user group."
    )
    audience = models.CharField(max_length=64, editable=False)
    dedup_key = models.CharField(
        max_length=200,
        null=True,
        blank=True,
        validators=TEXT,
        help_text="Names what this is about: at most one live notification of an audience has it.",
    )
    group_key = models.CharField(
        max_length=GROUP_KEY_LENGTH,
        null=True,
        blank=True,
        validators=TEXT,
        help_text="Those that share it are one entry of a list, which shows the newest of them.",
    )
    link = models.CharField(
        max_length=buttons.URL_LENGTH,
        null=True,
        blank=True,
        validators=[buttons.link],
        help_text="Where the title leads: a path of this site, or an http or https address.",
    )
    actions = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True, help_text="Up to two buttons."
    )
    kind = models.CharField(
        max_length=128,
        null=True,
        editable=False,
        help_text="Audience, category and level at creation, by which storms are told; null where it is in none.",
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    deliver_at = models.DateTimeField(
        null=True, blank=True, help_text="When its audience is told of it; empty once it was, and for at once."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)
    opened_version = models.PositiveBigIntegerField(
        default=1, editable=False, help_text="The version at which it was last opened as unread."
    )
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = SealedQuerySet.as_manager()

    delivered_now = False
    """Whether the last `save` delivered what was scheduled."""

    class Meta:
        ordering = ("-created_at", "-id")
        permissions = (
            ("view_sensitive", "Can read what sensitive notifications say, in the admin"),
            ("add_actions", "Can let notifications offer requests that their readers send"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(sensitive=False, sealed="") | (Q(sensitive=True, **NEUTRAL_IN_SQL) & ~Q(sealed="")),
                name="notification_sealed",
            ),
            models.CheckConstraint(condition=Q(user=None) | Q(group=None), name="notification_one_audience"),
            models.CheckConstraint(condition=~Q(audience=""), name="notification_has_audience"),
            models.UniqueConstraint(
                fields=("audience", "dedup_key"),
                condition=Q(**LIVE, dedup_key__isnull=False),
                name="notification_dedup_once",
            ),
            models.UniqueConstraint(
                fields=("audience", "dedup_key"),
                condition=Q(**SCHEDULED, dedup_key__isnull=False),
                name="notification_scheduled_once",
            ),
        )
        indexes = (
            models.Index("audience", F("created_at").desc(), F("id").desc(), condition=Q(**LIVE),
                         name="notification_newest"),
            models.Index(fields=("deliver_at", "id"), condition=Q(**SCHEDULED),
                         name="notification_due"),
            models.Index(fields=("expires_at",), condition=Q(deleted_at=None), name="notification_expiry"),
            models.Index(fields=("updated_at",), name="notification_age"),
            models.Index(fields=("id",), condition=Q(sensitive=True), name="notification_sensitive"),
            models.Index("group_key", "audience", F("created_at").desc(), F("id").desc(),
                         condition=Q(deleted_at=None, group_key__isnull=False), name="notification_group"),
            models.Index("kind", F("created_at").desc(), condition=Q(kind__isnull=False), name="notification_storm"),
            models.Index("related_entity", F("created_at").desc(),
                         condition=Q(deleted_at=None, related_entity__isnull=False), name="notification_entity"),
        )  # fmt: skip

    def __str__(self) -> str:
        return NEUTRAL["title"] if self.sensitive else self.title

    @property
    def own_audience(self) -> str:
        """The audience that `user` and `group` mean."""
        if self.user_id is not None:
            return audience.for_user(self.user_id)
        return audience.EVERYONE if self.group_id is None else audience.for_group(self.group_id)

    def clean(self) -> None:
        """Refuse two audiences at once, an end before the beginning, and a sensitive one where there is no key.

        Raises: ValidationError.
        """
        if self.user_id is not None and self.group_id is not None:
            raise ValidationError({"group": "Name a user or a group, not both; neither means everyone."})
        if self.deliver_at is not None and self.expires_at is not None and self.expires_at <= self.deliver_at:
            text = "It would expire before it is delivered; set expires_at to a time after deliver_at."
            raise ValidationError({"expires_at": ValidationError(text, code="before_delivery")})
        if self.sensitive and not self.sealed and not secrecy.master_keys():
            raise ValidationError({"sensitive": ValidationError(secrecy.NO_KEY, code="no_key")})

    def validate_constraints(self, exclude: Any = None) -> None:
        """Leave the encryption out, which only saving does. Raises: ValidationError."""
        super().validate_constraints({*(exclude or ()), "sealed"})

    def save(self, *args: Any, reopen: bool = True, **kwargs: Any) -> None:
        """Store it under its row lock as a new version, re-opened as unread unless *reopen* is false.

        With `update_fields` only those are written, and what is published is the row as it then is.

        A scheduled one whose `deliver_at` was taken away is delivered now.

        Raises: ValidationError, when the audience or `sensitive` was changed, or it was to be scheduled after it was
        delivered; NoKey and Unreadable, as `conceal` does.
        """
        with transaction.atomic():
            stored = type(self).objects.select_for_update().filter(pk=self.pk).only(*HELD).first()
            self.delivered_now = False
            if stored is None:
                self.audience = self.own_audience
                self.opened_version = self.version
            else:
                fields = kwargs.get("update_fields")
                if fields is not None and "deliver_at" not in fields:
                    self.deliver_at = stored.deliver_at
                self._succeed(stored, reopen=reopen)
                if fields is not None:
                    kwargs["update_fields"] = {*fields, *self._written_always()}
            self.conceal(stored)
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row itself, for good; `notifications.actions.delete` keeps it restorable."""
        with transaction.atomic():
            stored = type(self).objects.select_for_update().filter(pk=self.pk).only(*HELD, "deleted_at").first()
            if stored is not None:  # What is published must follow the last version.
                self.version, self.deleted_at, self.deliver_at = stored.version, stored.deleted_at, stored.deliver_at
            return super().delete(*args, **kwargs)

    def _succeed(self, stored: "Notification", *, reopen: bool) -> None:
        if stored.audience != self.own_audience:
            raise ValidationError({"audience": "The audience of a notification cannot be changed."})
        if stored.sensitive != self.sensitive:
            text = "Whether a notification is sensitive cannot be changed."
            raise ValidationError({"sensitive": ValidationError(text, code="immutable")})
        if self.deliver_at is not None and stored.deliver_at is None:
            text = "It was delivered already, and cannot be scheduled any more; create another one."
            raise ValidationError({"deliver_at": ValidationError(text, code="delivered")})
        self.audience = stored.audience
        self.version = stored.version + 1
        self.updated_at = timezone.now()
        self.delivered_now = stored.deliver_at is not None and self.deliver_at is None
        if self.delivered_now:
            self.created_at = self.updated_at
        if reopen or stored.deliver_at is not None:  # Nobody has seen what was scheduled.
            self.opened_version = self.version

    def _written_always(self) -> tuple[str, ...]:
        always: tuple[str, ...] = ("version", "opened_version", "updated_at")
        if self.delivered_now:
            always = (*always, "created_at")
        return (*always, *SECRET, "sealed") if self.sensitive else always


class Opening(models.Model):
    """At which offset of the stream a notification was last opened; there is none while that is pending.

    Only the numbering of publications writes here (`NotificationTopic.numbered`), and no foreign key leads out, so
    that it never waits for a writer of notifications.
    """

    notification_id = models.UUIDField(primary_key=True)
    audience = models.CharField(max_length=64)
    version = models.PositiveBigIntegerField(help_text="The notification's version that was opened.")
    offset = models.PositiveBigIntegerField()

    class Meta:
        indexes = (models.Index(fields=("audience", "offset"), name="opening_position"),)

    def __str__(self) -> str:
        return f"{self.notification_id}@{self.offset}"


class ReadMark(models.Model):
    """Up to which offset of the stream a user has read everything."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    offset = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user_id} up to {self.offset}"


class GroupFloor(models.Model):
    """Up to which offset a user group's notifications are older than a user's membership, and so count as read."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    group = models.ForeignKey("auth.Group", models.CASCADE, related_name="+")
    offset = models.PositiveBigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "group"), name="group_floor_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id} from {self.offset}"


class Seed(models.Model):
    """Example data that was loaded here once and is not loaded again."""

    name = models.CharField(primary_key=True, max_length=64)
    loaded_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
