"""How a job looks: the same to REST and on the wire."""

from typing import Any

from rest_framework import serializers

from aether.jobs.models import Job
from aether.jobs.states import Status


class JobSerializer(serializers.Serializer[Any]):
    """A job without its output."""

    job_id = serializers.UUIDField(source="pk", format="hex_verbose")
    name = serializers.CharField()
    job_type = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    progress = serializers.IntegerField(help_text="In percent.")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True, help_text="When it ended, in whatever way.")
    target_host = serializers.CharField(allow_null=True)
    parameters = serializers.DictField()
    error = serializers.CharField(allow_null=True)
    exit_code = serializers.IntegerField(allow_null=True)
    notification_id = serializers.UUIDField(allow_null=True)
    parent = serializers.UUIDField(  # type: ignore[assignment]  # The base's `parent` is no field.
        source="parent_id", allow_null=True
    )
    child_jobs = serializers.SerializerMethodField(help_text="The ids of its children, the oldest first.")
    created_by = serializers.CharField(help_text="The user's name at that time; empty for a command.")
    version = serializers.IntegerField(read_only=True, help_text="Grows with each change.")

    def get_child_jobs(self, job: Job) -> list[str]:
        """Return the ids of the children, which are prefetched where many jobs are shown."""
        children = sorted(job.children.all(), key=lambda child: (child.created_at, child.pk))
        return [str(child.pk) for child in children]


def represent(job: Job) -> dict[str, Any]:
    """Return *job* as clients see it."""
    return dict(JobSerializer().to_representation(job))
