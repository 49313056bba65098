"""The REST API of credentials: API tokens, and tickets for WebSockets."""

import uuid
from typing import Any, Final, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from realtime import audit, tickets, tokens
from realtime.api.authentication import claim_of
from realtime.api.serializers import NewTokenSerializer, TicketSerializer, TokenList, TokenRequest, TokenSerializer
from realtime.audit import Event
from realtime.models import ApiToken

TAGS: Final = ["credentials"]
NO_STORE: Final = {"Cache-Control": "no-store"}
INVALID: Final = OpenApiResponse(OpenApiTypes.OBJECT, "The input is invalid; `errors` names each field and rule.")
MISSING: Final = OpenApiResponse(OpenApiTypes.OBJECT, "There is none, or it is not this user's.")
ALL_USERS: Final = OpenApiParameter("all", bool, description="Of all users; needs `realtime.view_apitoken`.")


def manageable(request: Request, permission: str) -> QuerySet[ApiToken]:
    """Return the tokens that *request* may see or revoke: the user's own, with *permission* everybody's.

    A token is not the person: it reaches itself alone, so that a stolen one cannot look about or lock its owner out.
    """
    claim, every = claim_of(request), ApiToken.objects.select_related("user")
    if claim.kind == "token":
        return every.filter(uuid=claim.key)
    return every if request.user.has_perm(permission) else every.filter(user=request.user)


class TokenListView(APIView):
    """The API tokens of the user who asks."""

    @extend_schema(
        tags=TAGS, summary="List your API tokens", operation_id="tokens_list", parameters=[ALL_USERS],
        responses={200: TokenList},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Return them without their secrets, those that have ended a short while ago included."""
        found = manageable(request, "realtime.view_apitoken")
        if request.query_params.get("all", "").lower() not in {"true", "1"}:
            found = found.filter(user=cast("User", request.user))
        return Response({"tokens": TokenSerializer(found, many=True).data})

    @extend_schema(
        tags=TAGS, summary="Make an API token", operation_id="tokens_create",
        description="The answer shows the secret, this once. A token cannot make tokens: that takes a login.",
        request=TokenRequest, responses={201: NewTokenSerializer, 400: INVALID},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make one for the user who asks. Raises: PermissionDenied, where a token asks."""
        if claim_of(request).kind == "token":
            raise PermissionDenied("A token cannot make tokens; log in.")
        asked = TokenRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            token, secret = tokens.create(request.user, **asked.validated_data)
        except tokens.Refusal as refusal:
            raise ValidationError(str(refusal)) from refusal
        return Response({**TokenSerializer(token).data, "token": secret}, status=201, headers=NO_STORE)


class TokenView(APIView):
    """One API token."""

    @extend_schema(
        tags=TAGS, summary="Revoke an API token", operation_id="tokens_revoke", responses={204: None, 404: MISSING},
        description="Ends its connections at once. Those of others need `realtime.delete_apitoken`.",
    )  # fmt: skip
    def delete(self, request: Request, token_id: str) -> Response:
        """Revoke it. Raises: Http404, for what is not there or not the user's."""
        try:
            found = manageable(request, "realtime.delete_apitoken").filter(uuid=uuid.UUID(token_id))
        except ValueError:
            raise Http404 from None
        if not found.delete()[0]:
            raise Http404
        return Response(status=204)


class TicketView(APIView):
    """Tickets for WebSockets."""

    @extend_schema(
        tags=TAGS, summary="Make a ticket for a WebSocket", operation_id="ws_ticket", request=None,
        responses={201: TicketSerializer},
        description='Good once, for 30 seconds, in the message `{"type":"auth","ticket":"…"}`.',
    )  # fmt: skip
    def post(self, request: Request, *args: Any) -> Response:
        """Make one that stands for the credential of this request."""
        claim = claim_of(request)
        ticket, expires_at = tickets.issue(claim)
        audit.record(Event.TICKET_MADE, user=request.user, transport="rest", **claim.told)
        answer = TicketSerializer({"ticket": ticket, "expires_at": expires_at}).data
        return Response(answer, status=201, headers=NO_STORE)
