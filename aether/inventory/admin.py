"""Clusters, hosts and VMs in Django's admin. It writes through the actions, so that browsers hear of it."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from aether.inventory import actions
from aether.inventory.models import VM, Cluster, Host, Item
from realtime.admin import base

if TYPE_CHECKING:  # Django's own class takes no parameters when the program runs.
    ModelAdmin = admin.ModelAdmin[Item]
else:
    ModelAdmin = base.ModelAdmin


class ItemAdmin(ModelAdmin):
    """What the three have in common: an id that stays, and facts that only changes make."""

    facts: ClassVar[tuple[str, ...]] = ("version", "updated_at", "state_changed_at")
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Item | None = None) -> Any:
        """Keep the id as it was created: it is what others know it by."""
        return (*((self.opts.pk.name,) if obj else ()), *self.facts)

    def save_model(self, request: HttpRequest, obj: Item, form: Any, change: bool) -> None:
        """Create it, or change what was changed in the form."""
        names = {name.removesuffix("_id"): name for name in obj.written}
        fields = form.changed_data if change else form.cleaned_data
        values = {names[name]: getattr(obj, names[name]) for name in fields if name in names}
        (actions.patch if change else actions.put)(type(obj), obj.pk, values)

    def delete_model(self, request: HttpRequest, obj: Item) -> None:
        """Delete it."""
        actions.delete(type(obj), obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        """Delete them one by one, each of which is published."""
        for pk in list(queryset.values_list("pk", flat=True)):
            try:
                actions.delete(self.model, pk)
            except actions.InUse as error:
                self.message_user(request, str(error), messages.ERROR)


@admin.register(Cluster)
class ClusterAdmin(ItemAdmin):
    """List, search, create, delete."""

    facts = ("version", "updated_at")
    list_display = ("name", "connected_hosts", "total_hosts", "updated_at")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the hosts."""
        counted = Count("hosts"), Count("hosts", filter=Q(hosts__connected=True))
        return super().get_queryset(request).annotate(total=counted[0], present=counted[1])

    @admin.display(ordering="total")
    def total_hosts(self, obj: Any) -> int:
        """Show how many hosts are in it."""
        return int(obj.total)

    @admin.display(ordering="present")
    def connected_hosts(self, obj: Any) -> int:
        """Show how many of them are connected."""
        return int(obj.present)


@admin.register(Host)
class HostAdmin(ItemAdmin):
    """List, search, filter, create, change, delete."""

    list_display = ("hostname", "cluster", "connected", "last_seen", "total_cpu_cores", "total_memory_gb")
    list_filter = ("connected", "cluster", "last_seen")
    list_select_related = ("cluster",)
    search_fields = ("hostname", "error")
    autocomplete_fields = ("cluster",)


@admin.register(VM)
class VMAdmin(ItemAdmin):
    """List, search, filter, create, change, delete."""

    list_display = ("name", "state", "host", "ip_address", "cpu_cores", "memory_gb", "os_name")
    list_filter = ("state", "os_family", "host__cluster", ("host", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("host",)
    search_fields = ("name", "id", "ip_address", "os_name", "notes")
    autocomplete_fields = ("host",)
