"""Jobs in Django's admin: to read, and to delete those that are finished."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from aether.jobs import actions, output
from aether.jobs.models import Job
from aether.jobs.states import FINAL, UNFINISHED, Refused
from realtime.admin import base

if TYPE_CHECKING:  # Django's own class takes no parameters when the program runs.
    ModelAdmin = admin.ModelAdmin[Job]
else:
    ModelAdmin = base.ModelAdmin


@admin.register(Job)
class JobAdmin(ModelAdmin):
    """List, filter, search and read; cancel; delete what is finished."""

    list_display = ("name", "status", "progress", "job_type", "target_host", "created_at", "completed_at", "created_by")
    list_filter = ("status", "job_type", "created_at")
    date_hierarchy = "created_at"
    search_fields = ("name", "target_host", "error", "=id")
    search_help_text = "A word of the name, the host or the error, or an id."
    list_per_page = 100
    show_full_result_count = False
    fields = readonly_fields = (
        "id", "name", "job_type", "status", "progress", "target_host", "parameters", "error", "exit_code", "parent",
        "notification_id", "created_by", "created_at", "started_at", "completed_at", "version", "printed",
    )  # fmt: skip
    actions = ("cancel",)

    @admin.display(description="output")
    def printed(self, job: Job) -> str:
        """Return the newest lines."""
        page = output.newest(job, 50)
        return f"{page.total} lines; the newest:\n" + "\n".join(page.lines) if page.total else "–"

    @admin.action(permissions=["cancel"], description="Cancel selected jobs")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Cancel those that are not finished."""
        cancelled = 0
        for pk in queryset.filter(status__in=UNFINISHED).values_list("pk", flat=True):
            try:
                actions.cancel(pk)
                cancelled += 1
            except (Refused, Job.DoesNotExist):  # It ended meanwhile.
                continue
        self.message_user(request, f"{cancelled} cancelled.", messages.SUCCESS)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may change jobs."""
        return request.user.has_perm("jobs.change_job")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: whoever does the work tells of it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False, for everyone."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the user may delete, and the job is finished."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.status in FINAL)

    def delete_model(self, request: HttpRequest, obj: Job) -> None:
        """Delete it with its children."""
        self._delete(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Delete those that are finished; the others stay, which is said."""
        self._delete(request, list(queryset))

    def _delete(self, request: HttpRequest, jobs: list[Job]) -> None:
        for job in jobs:
            try:
                actions.delete(job.pk)
            except Refused as refused:
                self.message_user(request, f"{job}: {refused}", messages.ERROR)
            except Job.DoesNotExist:  # It went with its parent.
                continue
