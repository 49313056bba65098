"""The audit in Django's admin: to read and to search, and nothing else."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.actions import delete_selected as django_delete_selected
from django.http import HttpRequest

from realtime.accounts import deleted_together
from realtime.admin import base
from realtime.audit import Event
from realtime.models import AuditEvent

if TYPE_CHECKING:  # Django's own class takes no parameters when the program runs.
    ModelAdmin = admin.ModelAdmin[AuditEvent]
else:
    ModelAdmin = base.ModelAdmin


class EventFilter(admin.SimpleListFilter):
    """The kinds of events that leave rows."""

    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return every kind of event that can have rows."""
        return [(event.value, _title(event)) for event in Event if event.rows.value]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return the events of that kind."""
        return queryset.filter(event=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ModelAdmin):
    """List, filter and search."""

    list_display = ("moment", "kind", "who", "address", "about", "count")
    list_display_links = ("moment",)
    list_filter = (EventFilter, "at")
    date_hierarchy = "at"
    search_fields = ("=username", "=user_id", "address", "=client_id", "=request_id", "details")
    search_help_text = "A user's name or id, an address, a connection's or a request's id, or a word of the details."
    list_per_page = 100
    show_full_result_count = False
    fields = readonly_fields = (
        "moment", "kind", "sentence", "who", "user_id", "address", "client_id", "request_id", "about", "count",
    )  # fmt: skip

    @admin.display(description="when (UTC)", ordering="at")
    def moment(self, row: AuditEvent) -> str:
        """Return when it happened, to the second."""
        return f"{row.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="event", ordering="event")
    def kind(self, row: AuditEvent) -> str:
        """Return what happened, in short."""
        return _title(row.event)

    @admin.display(description="what it means")
    def sentence(self, row: AuditEvent) -> str:
        """Return what happened, as a sentence."""
        return next((event.sentence for event in Event if event == row.event), "")

    @admin.display(description="user", ordering="username")
    def who(self, row: AuditEvent) -> str:
        """Return who did it: nobody where it was a stranger, the server or a command."""
        return row.username or "–"

    @admin.display(description="details")
    def about(self, row: AuditEvent) -> str:
        """Return the details as one line."""
        return ", ".join(f"{name}: {_shown(value)}" for name, value in row.details.items()) or "–"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False, for everyone."""
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.action(permissions=["delete"], description=django_delete_selected.short_description)  # type: ignore[attr-defined]
def delete_selected(modeladmin: Any, request: HttpRequest, queryset: Any) -> Any:
    """Delete what is selected, as Django's own action does; the admin's log sends no signal for several at once."""
    selected = [str(pk) for pk in queryset.values_list("pk", flat=True)]
    answer = django_delete_selected(modeladmin, request, queryset)
    if answer is None:
        deleted_together(modeladmin.opts.label_lower, selected)
    return answer


admin.site.add_action(delete_selected, "delete_selected")


def _title(event: str) -> str:
    return str(event).replace("_", " ").capitalize()


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " · ".join(map(str, value)) or "–"
    return value if isinstance(value, str) else json.dumps(value)
