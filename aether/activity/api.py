"""The REST API of activity."""

from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from aether.activity.counts import LEVELS, STATES, activity
from notifications.api.serializers import ProblemSerializer

DAY: Final = 24 * 60
BUCKETS: Final = (1, 5, 15, 60)
EXAMPLE: Final = {
    "bucket_minutes": 5,
    "buckets": [
        {
            "start": "2026-11-24T09:30:00Z",
            "notifications": {"info": 2, "success": 1, "warning": 0, "error": 1},
            "jobs": {"running": 3, "completed": 2, "failed": 1, "cancelled": 0},
        }
    ],
}


class ActivityQuery(serializers.Serializer[Any]):
    """What may be asked for."""

    minutes = serializers.IntegerField(min_value=1, max_value=DAY, default=60, help_text="How far back; a day at most.")
    bucket = serializers.ChoiceField(BUCKETS, default=5, help_text="Minutes of a bucket.")


class BucketSerializer(serializers.Serializer[Any]):
    """What happened from `start` on, for as long as a bucket is."""

    start = serializers.DateTimeField(help_text="A whole multiple of the bucket since the epoch, in UTC.")
    notifications = serializers.DictField(
        child=serializers.IntegerField(), help_text=f"Created, by level: {', '.join(LEVELS)}."
    )
    jobs = serializers.DictField(
        child=serializers.IntegerField(), help_text=f"Begun, or ended, by state: {', '.join(STATES)}."
    )


class ActivitySerializer(serializers.Serializer[Any]):
    """Activity over time."""

    bucket_minutes = serializers.IntegerField()
    buckets = BucketSerializer(many=True, help_text="The oldest first; the last one is under way.")


class Activity(APIView):
    """What has happened lately, counted."""

    @extend_schema(
        tags=["activity"],
        summary="Count what has happened lately",
        description="Notifications that you may see, by level, and jobs that began or ended, by state.",
        operation_id="activity",
        parameters=[ActivityQuery],
        responses={
            200: ActivitySerializer,
            400: OpenApiResponse(ProblemSerializer, "The input is invalid; `errors` names each field and rule."),
        },
        examples=[OpenApiExample("One bucket", value=EXAMPLE, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request) -> Response:
        """Return the counts."""
        query = ActivityQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        user = request.user
        wanted = query.validated_data
        found = activity(user, now=timezone.now(), minutes=wanted["minutes"], bucket=wanted["bucket"])  # type: ignore[arg-type]
        return Response(ActivitySerializer(found).data)
