"""What one user did with one notification."""

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Greatest

AWAY: Final = ("dismissed_version", "archived_version", "snoozed_version")
"""The marks of which any takes a notification out of the inbox."""


class Receipt(models.Model):
    """What one user did with one notification. It counts until the notification is opened again; `saved` stays.

    A snooze is over when it is taken back, which a running server does when its time has come, and not by the clock
    alone: whoever asks in between is told the same as those who were pushed to.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    notification = models.ForeignKey("notifications.Notification", models.CASCADE, related_name="receipts")
    read_version = models.PositiveBigIntegerField(default=0, help_text="The version that was read; 0 for none.")
    unread_version = models.PositiveBigIntegerField(
        default=0, help_text="The version that was marked as unread although the read mark covers it; 0 for none."
    )
    dismissed_version = models.PositiveBigIntegerField(
        default=0, help_text="The version that was dismissed; 0 for none."
    )
    archived_version = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="The version that was archived; 0 for none."
    )
    snoozed_version = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="The version that was snoozed; 0 for none."
    )
    snoozed_until = models.DateTimeField(null=True, help_text="When it comes back as unread.")
    saved = models.BooleanField(default=False, db_default=False)
    away_version = models.GeneratedField(  # One column for the inbox to compare, whoever writes the others.
        expression=Greatest(*AWAY), output_field=models.PositiveBigIntegerField(), db_persist=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "notification"), name="receipt_once"),)
        indexes = (
            models.Index(fields=("user",), condition=Q(unread_version__gt=0), name="receipt_unread"),
            models.Index(fields=("user",), condition=Q(away_version__gt=0), name="receipt_away"),
            models.Index(fields=("user",), condition=Q(saved=True), name="receipt_saved"),
            models.Index(fields=("snoozed_until",), condition=Q(snoozed_until__isnull=False), name="receipt_due"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} on {self.notification_id}"
