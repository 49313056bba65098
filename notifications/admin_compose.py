"""Composing in the admin: whom it will reach, a copy for oneself, a time to deliver it, and showing it again."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_POST, require_safe

from notifications import actions, reach
from notifications.admin_sensitive import SensitiveAdmin
from notifications.models import Notification
from realtime import audit

if TYPE_CHECKING:
    from datetime import datetime

AUDIENCE: Final = ("user", "group", "dedup_key", "deliver_at", "deliver_at_0", "deliver_at_1")
"""What a copy for oneself takes nothing of."""
COPIED: Final = ("title", "message", "level", "category", "related_entity", "metadata", "expires_at", "sensitive")
LATER: Final = ("link", "group_key", "actions")
RESEND: Final = "_resend"


def local(moment: "datetime") -> str:
    """Return a time as the person who looks reads it, with the zone."""
    return f"{date_format(timezone.localtime(moment), 'j M Y H:i')} ({timezone.get_current_timezone_name()})"


class ComposeAdmin(SensitiveAdmin):
    """What the form of a notification asks the server while it is filled in, and what is done from there."""

    def get_urls(self) -> list[Any]:
        """Return the two addresses beside the admin's own."""
        wrap = self.admin_site.admin_view
        return [
            path("reach/", wrap(require_safe(self.reach_view)), name="notifications_notification_reach"),
            path("me-only/", wrap(require_POST(self.me_only_view)), name="notifications_notification_me_only"),
            *super().get_urls(),
        ]

    def reach_view(self, request: HttpRequest) -> HttpResponse:
        """Say how many people the audience of `?user=` or `?group=` has. Raises: PermissionDenied."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        try:
            count = reach.people(request.GET.get("user") or None, request.GET.get("group") or None)
        except ValueError as error:
            return JsonResponse({"error": str(error)}, status=HTTPStatus.BAD_REQUEST)
        return JsonResponse({"people": count}, headers={"Cache-Control": "no-store"})

    def me_only_view(self, request: HttpRequest) -> HttpResponse:
        """Create what the form says for whoever asks and for nobody else, at once. Raises: PermissionDenied."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        said = request.POST.copy()
        for name in AUDIENCE:
            said.pop(name, None)
        form = self.get_form(request, None, change=False)(said)
        if not form.is_valid():
            errors = [
                {"field": name, "label": str(form.fields[name].label) if name in form.fields else "", "errors": found}
                for name, found in form.errors.items()
            ]
            return JsonResponse({"errors": errors}, status=HTTPStatus.BAD_REQUEST)
        fields = [name for name in (*COPIED, *LATER) if name in form.cleaned_data]
        contents = {name: form.cleaned_data[name] for name in fields}
        me: Any = request.user  # The admin lets nobody else in than real users.
        row = actions.create(**contents, user=me, created_by=me)
        self.log_addition(request, row, "Sent to oneself only.")
        return JsonResponse({"id": str(row.pk)}, status=HTTPStatus.CREATED)

    @admin.action(description="Resend selected notifications as unread", permissions=["change"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Show them again as unread to everyone who may see them; what is scheduled or deleted is left alone."""
        pks = list(queryset.filter(deleted_at=None, deliver_at=None).values_list("pk", flat=True))
        sent, refused = [], []
        for pk in pks:
            try:
                actions.update(pk, reopen=True)
            except Notification.DoesNotExist:  # It was deleted meanwhile.
                continue
            except ValidationError as error:  # Such as a category that the settings no longer have.
                refused += error.messages
                continue
            sent.append(str(pk))
        audit.record(audit.Event.ADMIN_WRITE, action="resent", kind=self.opts.label_lower, object_ids=sent)
        self.message_user(request, f"{len(sent)} resent as unread.", messages.SUCCESS)
        if left := queryset.count() - len(sent):
            why = "; ".join(("scheduled, or deleted", *dict.fromkeys(refused)))
            self.message_user(request, f"{left} left alone: {why}", messages.WARNING)

    @admin.action(description="Cancel selected scheduled notifications", permissions=["delete"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Delete those of them that are scheduled still, of which nobody is told."""
        cancelled = []
        for pk in list(queryset.values_list("pk", flat=True)):
            try:
                actions.cancel(pk)
            except Notification.DoesNotExist:
                continue
            cancelled.append(str(pk))
        audit.record(audit.Event.ADMIN_WRITE, action="cancelled", kind=self.opts.label_lower, object_ids=cancelled)
        self.message_user(request, f"{len(cancelled)} cancelled.", messages.SUCCESS)
        if left := queryset.count() - len(cancelled):
            self.message_user(request, f"{left} left alone: not scheduled, or delivered meanwhile.", messages.WARNING)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        """Add what the page beside the form needs."""
        row = options.get("obj")
        changeable = row is None or self.has_change_permission(request, row)
        if row is None:
            context["title"] = "Compose a notification"
        context |= {
            "composing": row is None,
            "can_resend": row is not None and changeable and row.deliver_at is None,
            "scheduled_for": local(row.deliver_at) if row is not None and row.deliver_at else "",
            "zone": timezone.get_current_timezone_name(),
        }
        return super().render_change_form(request, context, *args, **options)

    def announce(self, request: HttpRequest, row: Notification) -> None:
        """Say what becomes of a notification that was just saved."""
        count = reach.people(row.user_id, row.group_id)
        who = f"{count} {'person' if count == 1 else 'people'}"
        if row.deliver_at is not None:
            self.message_user(request, f"Scheduled for {local(row.deliver_at)}; it will reach {who}.", messages.INFO)
        elif not count:
            self.message_user(request, "Nobody who is active is in its audience.", messages.WARNING)
        else:
            self.message_user(request, f"It is told to {who}.", messages.INFO)
