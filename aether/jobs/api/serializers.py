"""What REST takes, and what it answers with. The fields' rules are the model's; here they are named to the client."""

from typing import Any, Final

from rest_framework import serializers

from aether.jobs import output
from aether.jobs.models import ERROR_LENGTH, NAME_LENGTH, Job
from aether.jobs.representation import JobSerializer
from aether.jobs.states import BEGINNING, Status
from notifications import validators
from notifications.api.serializers import Strict, Text

PAGE: Final = 100
"""Jobs in one answer, where the client does not say."""
PAGE_LIMIT: Final = 500
LINES: Final = 1_000
"""Lines in one answer, where the client does not say."""
LINES_LIMIT: Final = 10_000
NUMBER: Final[dict[str, Any]] = {"min_value": 1, "max_value": 2**53}


class Contents(Strict):
    """What POST and PATCH have in common."""

    name = Text(max_length=NAME_LENGTH, validators=[validators.not_blank])
    status = serializers.ChoiceField(Status.choices, required=False)
    target_host = Text(max_length=200, required=False, allow_null=True)
    parameters = serializers.DictField(required=False, validators=[validators.metadata], help_text="At most 16 KB.")
    notification_id = serializers.UUIDField(required=False, allow_null=True)


class JobCreateSerializer(Contents):
    """The body of POST /jobs."""

    status = serializers.ChoiceField(BEGINNING, required=False, help_text="Default: pending.")
    job_type = Text(max_length=100, required=False, validators=[validators.not_blank], help_text="Default: task.")
    parent = serializers.PrimaryKeyRelatedField(  # type: ignore[assignment]  # The base's `parent` is no field.
        queryset=Job.objects.all(), required=False, allow_null=True
    )
    watched = serializers.BooleanField(
        required=False,
        help_text="Fail it once nothing is heard of it for JOB_HEARTBEAT_TIMEOUT; a PATCH of {} is enough. "
        "Default: false.",
    )


class JobEditSerializer(Contents):
    """The body of PATCH /jobs/{id}."""

    name = Text(max_length=NAME_LENGTH, validators=[validators.not_blank], required=False)
    progress = serializers.IntegerField(required=False, min_value=0, max_value=100, help_text="In percent.")
    error = Text(max_length=ERROR_LENGTH, required=False, allow_null=True, allow_blank=True)
    exit_code = serializers.IntegerField(required=False, allow_null=True, min_value=-(2**31), max_value=2**31 - 1)


class JobCancelSerializer(Strict):
    """The body of POST /jobs/{id}/cancel; it may be empty."""

    error = Text(max_length=ERROR_LENGTH, required=False, allow_null=True, help_text="Why it was cancelled.")


class Line(Text):
    """A line as it was printed: what no database stores is replaced, not refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_blank=True, **options)
        self.validators = []


class Lines(serializers.ListField):
    """Lines as they were printed: there may be a million of them, so that no field is asked of each."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=Line(), **options)

    def run_child_validation(self, data: Any) -> list[Any]:
        """Return the lines, and where one is none what is wrong with it. Raises: ValidationError."""
        return data if all(type(line) is str for line in data) else super().run_child_validation(data)


class JobAppendSerializer(Strict):
    """The body of POST /jobs/{id}/output."""

    lines = Lines(help_text="Without line feeds; at most 1 MB together.")
    first_line = serializers.IntegerField(
        required=False, **NUMBER, help_text="The number of the first of them. Without it: after all that are there."
    )
    stderr = serializers.BooleanField(default=False, help_text="Mark each line with `STDERR: `. Default: false.")


class JobListQuery(serializers.Serializer[Any]):
    """The query of GET /jobs."""

    status = serializers.MultipleChoiceField(choices=Status.choices, required=False, help_text="One or more.")
    target_host = serializers.CharField(required=False)
    parent = serializers.UUIDField(  # type: ignore[assignment]  # The base's `parent` is no field.
        required=False, help_text="The children of this job alone."
    )
    since = serializers.DateTimeField(required=False, help_text="Those created at this time or later.")
    cursor = serializers.CharField(required=False, help_text="From the `Link` header of the answer before.")
    limit = serializers.IntegerField(default=PAGE, min_value=1, max_value=PAGE_LIMIT, help_text="How many at most.")


class JobOutputQuery(serializers.Serializer[Any]):
    """The query of GET /jobs/{id}/output."""

    limit = serializers.IntegerField(default=LINES, min_value=1, max_value=LINES_LIMIT, help_text="How many at most.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from`, which Python keeps for itself."""
        start = serializers.IntegerField(default=1, **NUMBER, help_text="The number of the first line.")
        return {"from": start, **super().get_fields()}


class ListedJobSerializer(JobSerializer):
    """A job in the list: `output` is empty there."""

    output = serializers.ListField(child=serializers.CharField(), help_text="In the list always empty.")


class JobDetailSerializer(JobSerializer):
    """A job with its newest lines."""

    output = serializers.ListField(
        child=serializers.CharField(), help_text=f"The newest lines, {output.SEEN} at most; long ones count as more."
    )
    output_first_line = serializers.IntegerField(help_text="The number of the first of them.")
    output_lines = serializers.IntegerField(help_text="The number of the last one: how many it has printed.")
    output_url = serializers.CharField(help_text="Where all lines are.")


class JobOutputSerializer(serializers.Serializer[Any]):
    """Lines of a job."""

    job_id = serializers.UUIDField()
    first_line = serializers.IntegerField(help_text="The number of the first one; more than `from` if those are gone.")
    lines = serializers.ListField(child=serializers.CharField())
    next_line = serializers.IntegerField(help_text="The number with which the next page begins.")
    total = serializers.IntegerField(help_text="The number of the last line that there is.")
    more = serializers.BooleanField(help_text="Whether there are lines from `next_line` on.")


class JobAppendedSerializer(serializers.Serializer[Any]):
    """What an append did."""

    job_id = serializers.UUIDField()
    first_line = serializers.IntegerField(help_text="The number of the first line that is new.")
    appended = serializers.IntegerField(help_text="How many are new; those that were there already are not.")
    next_line = serializers.IntegerField(help_text="The number of the line that is expected next.")
