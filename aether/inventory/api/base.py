"""What the views of the inventory have in common."""

from typing import Any, ClassVar, Final

from django.core.exceptions import ObjectDoesNotExist
from drf_spectacular.utils import OpenApiResponse
from rest_framework.exceptions import APIException, NotFound, ParseError, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from aether.inventory import actions
from aether.inventory.api.fields import refuse_id, valid_id
from aether.inventory.models import Item
from aether.inventory.representation import represent
from notifications.api.serializers import ProblemSerializer, Strict, refusing

TAGS: Final = ["inventory"]
MISSING: Final = OpenApiResponse(ProblemSerializer, "There is none.")
INVALID: Final = OpenApiResponse(ProblemSerializer, "The input is invalid; `errors` names each field and rule.")
IN_USE: Final = OpenApiResponse(ProblemSerializer, "Hosts are still in it.")


class Conflict(APIException):
    """What cannot be done as things are."""

    status_code = 409
    default_code = "conflict"


class InventoryView(APIView):
    """Whoever is logged in may read; writing asks for permissions, by their Django names."""

    def require(self, *permissions: str) -> None:
        """Refuse a user who lacks one of *permissions*. Raises: PermissionDenied, which names it."""
        for permission in permissions:
            if not self.request.user.has_perm(f"inventory.{permission}"):
                raise PermissionDenied(f"This needs the permission inventory.{permission}.")

    def body(self, kind: type[Strict], **options: Any) -> dict[str, Any]:
        """Return the request's validated body. Raises: ParseError; ValidationError."""
        try:
            serializer = kind(data=self.request.data, **options)
            serializer.is_valid(raise_exception=True)
        except RecursionError as error:
            raise ParseError("it is nested too deeply.") from error
        return dict(serializer.validated_data)


class ItemView(InventoryView):
    """One cluster, host or VM."""

    model: ClassVar[type[Item]]
    parameter: ClassVar[str]
    """The name of the id in the path."""
    fields: ClassVar[type[Strict]]
    """The body of PATCH."""
    new: ClassVar[type[Strict]]
    """The body of PUT."""
    goes_along: ClassVar[tuple[str, ...]] = ()
    """Further permissions that deleting needs, since more is deleted."""

    @property
    def pk(self) -> str:
        """The id of the URL."""
        return str(self.kwargs[self.parameter])

    def known_pk(self) -> str:
        """Return it. Raises: DoesNotExist, where nothing can have it: databases cannot be asked for every text."""
        if not valid_id(self.pk):
            raise self.model.DoesNotExist
        return self.pk

    def handle_exception(self, exc: Exception) -> Response:
        """Answer what is not there, and what is in use, as the API does."""
        if isinstance(exc, ObjectDoesNotExist):
            exc = NotFound(f"{self.model.__name__} {self.pk} not found")
        elif isinstance(exc, actions.InUse):
            exc = Conflict(str(exc))
        return super().handle_exception(exc)

    def get(self, request: Request, **_: str) -> Response:
        """Return it."""
        return Response(represent([self.model._default_manager.get(pk=self.known_pk())])[0])

    def put(self, request: Request, **_: str) -> Response:
        """Create or replace it, and return it."""
        self.require(f"add_{self.model.kind}", f"change_{self.model.kind}")
        refuse_id(self.pk)
        values = self.heard(self.body(self.new), default=True)
        row, outcome = refusing(lambda: actions.put(self.model, self.pk, values))
        return Response(represent([row])[0], status=201 if outcome == "created" else 200)

    def delete(self, request: Request, **_: str) -> Response:
        """Delete it."""
        self.require(f"delete_{self.model.kind}", *self.goes_along)
        actions.delete(self.model, self.known_pk())
        return Response(status=204)

    def heard(self, values: dict[str, Any], *, default: bool) -> dict[str, Any]:
        """Return *values*, with what follows from their being said at all; *default* is what PUT takes for granted."""
        return values


class ChangeableView(ItemView):
    """One that has fields to change."""

    def patch(self, request: Request, **_: str) -> Response:
        """Change what is said, and return it."""
        self.require(f"change_{self.model.kind}")
        pk, values = self.known_pk(), self.heard(self.body(self.fields), default=False)
        row, _outcome = refusing(lambda: actions.patch(self.model, pk, values))
        return Response(represent([row])[0])
