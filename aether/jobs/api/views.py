"""The REST API of jobs: each view reads rows or calls one action."""

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.auth.models import User
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import APIException, ErrorDetail, NotFound, ParseError, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from aether.jobs import actions, output
from aether.jobs.api import examples, serializers
from aether.jobs.listing import InvalidCursor, listed
from aether.jobs.models import Job
from aether.jobs.representation import JobSerializer, represent
from aether.jobs.states import Refused
from notifications.api.serializers import DoneSerializer, ProblemSerializer, Strict, refusing
from realtime.api.parsing import LargeJSONParser

ADD = "jobs.add_job"
CHANGE = "jobs.change_job"
DELETE = "jobs.delete_job"
TAGS = ["jobs"]
MISSING = OpenApiResponse(ProblemSerializer, "There is no such job.")
INVALID = OpenApiResponse(ProblemSerializer, "The input is invalid; `errors` names each field and rule.")
CONFLICT = OpenApiResponse(ProblemSerializer, "It does not fit to the state of the job; `detail` names both states.")
GAP = OpenApiResponse(ProblemSerializer, "The job takes no output now, or lines before these are missing; `detail` "
                                         "names the state, or the number that is expected.")  # fmt: skip
ID = OpenApiParameter("job_id", OpenApiTypes.STR, OpenApiParameter.PATH)
LINK = OpenApiParameter(
    "Link", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[200], description="Where the list goes on: `rel=next`."
)


class Conflict(APIException):
    """What was asked for does not fit to what there is."""

    status_code = HTTPStatus.CONFLICT
    default_code = "conflict"


class JobView(APIView):
    """What the views have in common: who asks, and which job."""

    def handle_exception(self, exc: Exception) -> Response:
        """Answer what the actions refused."""
        if isinstance(exc, Job.DoesNotExist):
            exc = NotFound(f"Job {self.kwargs.get('job_id')} not found")
        elif isinstance(exc, Refused | output.Gap):
            exc = Conflict(str(exc))
        return super().handle_exception(exc)

    def require(self, permission: str) -> None:
        """Refuse a user who lacks *permission*. Raises: PermissionDenied, which names it."""
        if not cast("User", self.request.user).has_perm(permission):
            raise PermissionDenied(f"This needs the permission {permission}.")

    def pk(self) -> uuid.UUID:
        """Return the id of the URL, of a job that is there. Raises: Job.DoesNotExist."""
        try:
            pk = uuid.UUID(self.kwargs["job_id"])
        except ValueError as error:
            raise Job.DoesNotExist from error
        if not Job.objects.filter(pk=pk).exists():
            raise Job.DoesNotExist
        return pk

    def body(self, kind: type[Strict]) -> dict[str, Any]:
        """Return the request's validated body. Raises: ParseError; ValidationError."""
        try:
            serializer = kind(data=self.request.data)
        except RecursionError as error:  # Python's parser recurses, and DRF minds only its other errors.
            raise ParseError("it is nested too deeply.") from error
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def answer(self, work: Callable[[], Job], status: int = HTTPStatus.OK) -> Response:
        """Answer with the job that *work* returns."""
        return Response(represent(refusing(work)), status=status)


class JobList(JobView):
    """All jobs."""

    @extend_schema(
        tags=TAGS,
        summary="List jobs, newest first",
        description="An array. Where there are more, the header `Link` says where the list goes on.",
        operation_id="jobs_list",
        parameters=[serializers.JobListQuery, LINK],
        responses={200: serializers.ListedJobSerializer(many=True), 400: INVALID},
        examples=[examples.LIST],
    )
    def get(self, request: Request) -> Response:
        """Return a page of those that the query asks for."""
        query = serializers.JobListQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        try:
            rows, following = listed(query.validated_data)
        except InvalidCursor as error:
            text = "It is no cursor; use that of the `Link` header as it is."
            raise ValidationError({"cursor": [ErrorDetail(text, "invalid")]}) from error
        headers = {}
        if following is not None:
            asked = [(name, value) for name, value in request.query_params.lists() if name != "cursor"]
            link = urlencode([*asked, ("cursor", following)], doseq=True)
            headers["Link"] = f'<{request.path}?{link}>; rel="next"'
        return Response([{**represent(row), "output": []} for row in rows], headers=headers)

    @extend_schema(
        tags=TAGS,
        summary="Create a job",
        description=f"Needs the permission `{ADD}`.",
        request=serializers.JobCreateSerializer,
        responses={201: JobSerializer, 400: INVALID},
        examples=[examples.CREATE, examples.JOB],
    )
    def post(self, request: Request) -> Response:
        """Create one, pending or running."""
        self.require(ADD)
        contents = {**self.body(serializers.JobCreateSerializer), "created_by": request.user.get_username()}
        return self.answer(lambda: actions.create(**contents), HTTPStatus.CREATED)


class JobDetail(JobView):
    """One job."""

    @extend_schema(
        tags=TAGS,
        summary="Get a job with its newest output",
        parameters=[ID],
        responses={200: serializers.JobDetailSerializer, 404: MISSING},
        examples=[examples.DETAIL],
    )
    def get(self, request: Request, job_id: str) -> Response:
        """Return it; older lines are paged at `output_url`."""
        job = Job.objects.get(pk=self.pk())
        page = output.newest(job)
        printed = {"output": page.lines, "output_first_line": page.first, "output_lines": page.total}
        url = reverse("job-output", args=[str(job.pk)])
        return Response({**represent(job), **printed, "output_url": url})

    @extend_schema(
        tags=TAGS,
        summary="Change a job",
        description=f"Needs the permission `{CHANGE}`. A finished job stays in its state.",
        parameters=[ID],
        request=serializers.JobEditSerializer,
        responses={200: JobSerializer, 400: INVALID, 404: MISSING, 409: CONFLICT},
        examples=[examples.EDIT, examples.JOB],
    )
    def patch(self, request: Request, job_id: str) -> Response:
        """Change it and return it."""
        pk = self.pk()
        self.require(CHANGE)
        changes = self.body(serializers.JobEditSerializer)
        return self.answer(lambda: actions.update(pk, **changes))

    @extend_schema(
        tags=TAGS,
        summary="Delete a finished job",
        description=f"With its children and all output. Needs the permission `{DELETE}`.",
        parameters=[ID],
        responses={200: DoneSerializer, 404: MISSING, 409: CONFLICT},
        examples=[examples.DELETED],
    )
    def delete(self, request: Request, job_id: str) -> Response:
        """Delete it."""
        pk = self.pk()
        self.require(DELETE)
        actions.delete(pk)
        return Response({"message": "Job deleted"})


class JobCancel(JobView):
    """The end of a job that somebody wants."""

    @extend_schema(
        tags=TAGS,
        summary="Cancel a job",
        description=f"`manage.py job run` then ends its command. Needs the permission `{CHANGE}`.",
        parameters=[ID],
        request=serializers.JobCancelSerializer,
        responses={200: JobSerializer, 400: INVALID, 404: MISSING, 409: CONFLICT},
        examples=[examples.CANCEL, examples.JOB],
    )
    def post(self, request: Request, job_id: str) -> Response:
        """Cancel it and return it."""
        pk = self.pk()
        self.require(CHANGE)
        changes = self.body(serializers.JobCancelSerializer)
        return self.answer(lambda: actions.cancel(pk, **changes))


class OutputParser(LargeJSONParser):
    """For a megabyte of lines: as JSON a control character of theirs may take six bytes, and a blank line three."""

    limit = 8 * 1024 * 1024


class JobOutput(JobView):
    """What a job prints."""

    parser_classes = [OutputParser]

    @extend_schema(
        tags=TAGS,
        summary="Page through the output of a job",
        operation_id="jobs_output",
        parameters=[ID, serializers.JobOutputQuery],
        responses={200: serializers.JobOutputSerializer, 400: INVALID, 404: MISSING},
        examples=[examples.PAGE],
    )
    def get(self, request: Request, job_id: str) -> Response:
        """Return lines by their number, fewer than asked for where they are long."""
        query = serializers.JobOutputQuery(data=request.query_params)
        pk = self.pk()
        query.is_valid(raise_exception=True)
        page = output.read(pk, start=query.validated_data["from"], limit=query.validated_data["limit"])
        told = {"first_line": page.first, "lines": page.lines, "next_line": page.next, "total": page.total}
        return Response({"job_id": str(pk), **told, "more": page.next <= page.total})

    @extend_schema(
        tags=TAGS,
        summary="Append lines to the output of a job",
        description=f"Needs the permission `{CHANGE}`. With `first_line` it may be repeated: only what is new is "
        "appended. NUL is stored as U+2400, half of a surrogate pair as U+FFFD.",
        operation_id="jobs_output_append",
        parameters=[ID],
        request=serializers.JobAppendSerializer,
        responses={200: serializers.JobAppendedSerializer, 400: INVALID, 404: MISSING, 409: GAP},
        examples=[examples.APPEND, examples.APPENDED],
    )
    def post(self, request: Request, job_id: str) -> Response:
        """Append what is new of them."""
        pk = self.pk()
        self.require(CHANGE)
        asked = self.body(serializers.JobAppendSerializer)
        first, stderr = asked.get("first_line"), asked["stderr"]
        done = refusing(lambda: actions.append(pk, asked["lines"], first=first, stderr=stderr))
        told = {"first_line": done.first, "appended": len(done.lines), "next_line": done.total + 1}
        return Response({"job_id": str(pk), **told})
