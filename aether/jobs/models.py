"""What is stored: jobs, and what each has printed.

The output stands apart from the job's own row, so that a line that is printed is no change of the job.
"""

import uuid
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from aether.jobs.states import Status
from notifications import validators
from realtime.live_models import LiveModel

NAME_LENGTH: Final = 200
ERROR_LENGTH: Final = 10_000
DEPTH: Final = 16
"""Generations of jobs, the first one included."""
CHILDREN: Final = 1_000
"""Children of one job."""
TEXT: Final = [validators.storable]


class Job(LiveModel):
    """Work that takes a while: what it is, who does it where, and how far it has come.

    `aether.jobs.actions` changes it; a plain `save()` reaches browsers too. Its parent is chosen at creation.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=NAME_LENGTH, validators=[*TEXT, validators.not_blank])
    job_type = models.CharField(max_length=100, default="task", validators=[*TEXT, validators.not_blank])
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    progress = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)], help_text="In percent.")
    target_host = models.CharField(max_length=200, null=True, blank=True, validators=TEXT)
    parameters = models.JSONField(default=dict, blank=True, validators=[validators.metadata])
    error = models.TextField(null=True, blank=True, validators=[*TEXT, MaxLengthValidator(ERROR_LENGTH)])
    exit_code = models.IntegerField(null=True, blank=True)
    notification_id = models.UUIDField(null=True, blank=True, help_text="The notification that tells of it.")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    created_by = models.CharField(
        max_length=254, blank=True, editable=False, help_text="The user's name at that time; empty for a command."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    completed_at = models.DateTimeField(null=True, editable=False, help_text="When it ended, in whatever way.")

    class Meta(LiveModel.Meta):
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(status__in=Status.values), name="job_status"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="job_progress"),
            models.CheckConstraint(condition=Q(parent=None) | ~Q(parent=F("id")), name="job_not_its_own_parent"),
        )
        indexes = (
            models.Index(F("created_at").desc(), F("id").desc(), name="job_newest"),
            models.Index(fields=("status", "created_at"), name="job_status_newest"),
            models.Index(fields=("target_host", "created_at"), name="job_host_newest"),
            models.Index(fields=("completed_at",), name="job_completed"),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a parent that is younger than it, or has no room. Raises: ValidationError, which names the field."""
        if self.parent_id is None or not self._state.adding:
            return
        ancestors, above = 1, self.parent
        while above is not None and above.parent_id is not None and ancestors < DEPTH:
            ancestors, above = ancestors + 1, above.parent
        if ancestors >= DEPTH:
            raise ValidationError({"parent": ValidationError(f"At most {DEPTH} generations.", code="depth")})
        if Job.objects.filter(parent_id=self.parent_id).count() >= CHILDREN:
            raise ValidationError({"parent": ValidationError(f"At most {CHILDREN} children.", code="children")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store and publish it. Raises: ValidationError, where the parent was changed, so that no cycle can be."""
        if not self._state.adding and not _has_parent(self):
            raise ValidationError({"parent": ValidationError("The parent cannot be changed.", code="immutable")})
        super().save(*args, **kwargs)


class Output(models.Model):
    """How much a job has printed, and when its runner was last heard of."""

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="output")
    lines = models.PositiveBigIntegerField(default=0, help_text="The number of the last line; the first has 1.")
    start = models.PositiveBigIntegerField(default=1, help_text="The number of the oldest line that is kept.")
    size = models.PositiveBigIntegerField(default=0, help_text="The characters that are kept.")
    heard_at = models.DateTimeField(
        null=True, db_index=True, help_text="When its runner was last heard of; null where nobody waits for one."
    )

    def __str__(self) -> str:
        return f"{self.lines} lines of {self.job_id}"


class Chunk(models.Model):
    """Lines that follow each other, as one text."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="+")
    first = models.PositiveBigIntegerField(help_text="The number of its first line.")
    last = models.PositiveBigIntegerField(help_text="The number of its last line.")
    text = models.TextField(help_text="The lines, with a line feed between two.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("job", "first"), name="job_chunk_once"),)
        indexes = (models.Index(fields=("job", "last"), name="job_chunk_last"),)

    def __str__(self) -> str:
        return f"{self.first} to {self.last} of {self.job_id}"


def _has_parent(job: Job) -> bool:
    """Say whether *job* is stored with the parent that it has now."""
    return Job.objects.filter(pk=job.pk, parent_id=job.parent_id).exists()
