"""What the admin shows of sensitive notifications: what they say, to those who may, and one at a time."""

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.http import HttpRequest

from notifications.models import Notification
from notifications.sealing import NEUTRAL
from notifications.secrecy import Unreadable
from realtime import audit
from realtime.admin import base
from realtime.audit import Event

if TYPE_CHECKING:  # Django's own classes take no parameters when the program runs.
    ModelAdmin = admin.ModelAdmin[Notification]
else:
    ModelAdmin = base.ModelAdmin

VIEW: Final = "notifications.view_sensitive"
HIDDEN: Final = "This notification is sensitive. What it says is shown to those with the permission {}."


class SensitiveAdmin(ModelAdmin):
    """Decrypt the one notification whose own page is asked for, where the user has the permission `view_sensitive`.

    Lists and searches see what is stored, which is neutral.
    """

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Notification | None:
        """Return the notification, with what it says in its fields where the user may read it."""
        row = super().get_object(request, *args, **kwargs)
        if row is not None and row.sensitive and _is_own_page(request):
            self._open(request, row)
            if not row.revealed:
                row.dedup_key = None  # Its blind form says nothing to people.
        return row

    def _open(self, request: HttpRequest, row: Notification) -> None:
        if not request.user.has_perm(VIEW):
            messages.info(request, HIDDEN.format(VIEW))
            return
        try:
            row.reveal()
        except Unreadable as error:
            messages.warning(request, str(error))
        else:
            audit.record(Event.SENSITIVE_READ, user=request.user, transport="admin", notification=str(row.pk))

    def get_readonly_fields(self, request: HttpRequest, obj: Notification | None = None) -> tuple[str, ...]:
        """Keep what is not shown from being overwritten."""
        fields = tuple(super().get_readonly_fields(request, obj))
        hidden = obj is not None and obj.sensitive and not obj.revealed
        return (*fields, *NEUTRAL) if hidden else fields


def _is_own_page(request: HttpRequest) -> bool:
    """Return whether the page shows the fields, which those of a deletion and of the history do not."""
    match = request.resolver_match
    return match is not None and (match.url_name or "").endswith("_change")
