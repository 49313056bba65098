"""The rules in Django's admin: each has its row, with a switch."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from aether.rules import switches
from aether.rules.models import RuleSwitch
from realtime.admin import base

if TYPE_CHECKING:  # Django's own class takes no parameters when the program runs.
    ModelAdmin = admin.ModelAdmin[RuleSwitch]
else:
    ModelAdmin = base.ModelAdmin


@admin.register(RuleSwitch)
class RuleSwitchAdmin(ModelAdmin):
    """Switch rules on and off, and say their level and grace; the next change counts it on every node."""

    list_display = ("about", "source", "enabled", "told_as", "waits", "changed_by", "changed_at")
    list_filter = ("enabled",)
    list_display_links = ("about",)
    ordering = ("name",)
    fields = ("about", "source", "enabled", "level", "grace", "title", "message", "changed_by", "changed_at")
    readonly_fields = ("about", "source", "title", "message", "changed_by", "changed_at")
    actions = ("switch_on", "switch_off")

    @admin.display(description="rule", ordering="name")
    def about(self, row: RuleSwitch) -> str:
        """Return what it is about."""
        return row.rule.about if row.rule else f"{row.name} (unknown: no rule of this name is declared)"

    @admin.display
    def source(self, row: RuleSwitch) -> str:
        """Return what makes it happen."""
        return row.rule.source if row.rule else "–"

    @admin.display(description="level")
    def told_as(self, row: RuleSwitch) -> str:
        """Return the level that counts."""
        return row.level or (row.rule.text.level if row.rule else "–")

    @admin.display(description="grace")
    def waits(self, row: RuleSwitch) -> str:
        """Return the grace that counts."""
        return f"{row.grace_of(row.rule)} s" if row.rule and row.rule.lasts else "–"

    @admin.display
    def title(self, row: RuleSwitch) -> str:
        """Return the title's template."""
        return row.rule.text.title if row.rule else "–"

    @admin.display
    def message(self, row: RuleSwitch) -> str:
        """Return the message's template."""
        return row.rule.text.message if row.rule else "–"

    @admin.action(permissions=["change"], description="Switch selected rules on")
    def switch_on(self, request: HttpRequest, queryset: Any) -> None:
        """Let them make notifications."""
        self._switch(request, queryset, enabled=True)

    @admin.action(permissions=["change"], description="Switch selected rules off")
    def switch_off(self, request: HttpRequest, queryset: Any) -> None:
        """Let them make none."""
        self._switch(request, queryset, enabled=False)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show every declared rule, also one that came since the last migration."""
        switches.ensure()
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: RuleSwitch, form: Any, change: Any) -> None:
        """Note who changed it, and when."""
        obj.changed_by_id, obj.changed_at = request.user.pk, timezone.now()
        super().save_model(request, obj, form, change)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: rules are declared."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RuleSwitch | None = None) -> bool:
        """Return whether the user may, and no rule of this name is declared any more."""
        return obj is not None and obj.rule is None and super().has_delete_permission(request, obj)

    def _switch(self, request: HttpRequest, queryset: Any, *, enabled: bool) -> None:
        for row in queryset.exclude(enabled=enabled):
            row.enabled = enabled
            self.save_model(request, row, None, change=True)
            self.log_change(request, row, f"Switched {'on' if enabled else 'off'}.")
