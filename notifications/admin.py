"""Notifications in Django's admin. It writes through the actions, so that what is saved here reaches browsers."""

import copy
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format

from notifications import actions, buttons, validators
from notifications.actions.writing import keyed, refuse_reserved
from notifications.admin_compose import LATER, RESEND, ComposeAdmin, local
from notifications.models import LIVE, SCHEDULED, Notification, Receipt
from notifications.vocabulary import categories
from realtime import audit
from realtime.admin import base

if TYPE_CHECKING:  # Django's own classes take no parameters when the program runs.
    Form = forms.ModelForm[Notification]
    Inline = admin.TabularInline[Receipt, Notification]
else:
    Form, Inline = forms.ModelForm, base.TabularInline


ROWS: Final = {"message": 5, "metadata": 3, "actions": 3}
"""How high the fields of longer texts are."""
BUTTON: Final = '[{"label": "Read the log", "url": "/jobs/7"}]'
"""What the form gives as an example."""


class NotificationForm(Form):
    """A notification's contents, and whether a change shows it as unread again."""

    category = forms.ChoiceField(choices=categories)
    reopen = forms.BooleanField(
        required=False,
        initial=True,
        label="Show as unread again",
        help_text="For everyone who may see it.",
        widget=base.Switch,
    )

    may_offer = False
    """Whether who fills it in may offer requests."""

    class Meta:
        model = Notification
        fields = "__all__"  # The admin's fieldsets choose; what is not editable stays out.

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "level" in self.fields and "category" in self.fields:  # Both look alike, whatever the admin's look is.
            widget = copy.deepcopy(self.fields["level"].widget)
            self.fields["category"].widget = widget
            self.fields["category"].choices = categories()  # type: ignore[attr-defined]
        for name, rows in ROWS.items():
            if name in self.fields:
                self.fields[name].widget.attrs["rows"] = rows
        if "actions" in self.fields:
            self.fields["actions"].help_text = f"Up to two buttons, such as {BUTTON}."
        if "deliver_at" in self.fields:
            zone = timezone.get_current_timezone_name()
            self.fields["deliver_at"].help_text = f"Empty: at once. In your time zone, {zone}; within a year from now."

    def clean_deliver_at(self) -> Any:
        """Refuse what is over, and what is too far away."""
        if (moment := self.cleaned_data["deliver_at"]) is not None and "deliver_at" in self.changed_data:
            validators.ahead(moment)
        return moment

    def clean_metadata(self) -> Any:
        """Take nothing for no metadata, and refuse what is no object, the empty ones included."""
        value = self.cleaned_data["metadata"]
        value = {} if value is None else value
        validators.metadata(value)
        return value

    def clean_group_key(self) -> Any:
        """Refuse a storm's key, unless it is that of this one already."""
        key = self.cleaned_data["group_key"]
        if key != self.initial.get("group_key"):
            try:
                refuse_reserved(key)
            except ValidationError as error:
                raise ValidationError(error.message_dict["group_key"]) from error
        return key

    def clean_actions(self) -> Any:
        """Take nothing for no buttons; refuse what they cannot be, and requests of who may not offer these."""
        value = self.cleaned_data["actions"]
        value = [] if value is None else value
        if found := buttons.problems(value):
            raise ValidationError(
                [f"{where}: {said.messages[0]}" if where else said.messages[0] for where, said in found.items()]
            )
        if buttons.calls(value) and not self.may_offer:
            raise ValidationError("A button that sends a request needs the permission notifications.add_actions.")
        return value

    def clean(self) -> dict[str, Any] | None:
        """Refuse a key that a live notification of the same audience has."""
        cleaned = super().clean() or {}
        row, key = Notification(user=cleaned.get("user"), group=cleaned.get("group")), cleaned.get("dedup_key")
        scheduled = cleaned.get("deliver_at") is not None
        if key and self.instance._state.adding and keyed(row.own_audience, key, scheduled=scheduled).exists():
            kind = "scheduled" if scheduled else "live"
            self.add_error("dedup_key", f"A {kind} notification of this audience has this key already.")
        return cleaned


class ReceiptInline(Inline):
    """Who read, kept or dismissed it; only the users themselves do that."""

    model = Receipt
    fields = readonly_fields = ("user", "read_version", "unread_version", "dismissed_version", "updated_at")
    extra = 0
    can_delete = False
    verbose_name_plural = "receipts: who did something with it, and at which version"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the notification itself may be seen."""
        return request.user.has_perm("notifications.view_notification")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: nobody reads for another."""
        return False

    has_change_permission = has_add_permission


class StateFilter(admin.SimpleListFilter):
    """Live ones, unless deleted ones or both are asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what can be asked for beside the live ones."""
        return [("live", "Live"), ("scheduled", "Scheduled"), ("deleted", "Deleted"), ("any", "Any")]

    def choices(self, changelist: Any) -> Any:
        """Leave out Django's own "All"."""
        for value, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": (self.value() or "live") == value, "query_string": query, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Notification]) -> QuerySet[Notification]:
        """Return what was asked for."""
        known = {
            "any": queryset,
            "deleted": queryset.filter(deleted_at__isnull=False),
            "scheduled": queryset.filter(**SCHEDULED),
        }
        return known.get(self.value() or "", queryset.filter(**LIVE))


@admin.register(Notification)
class NotificationAdmin(ComposeAdmin):
    """List, search, create, change, delete and restore. Deleting is for everyone, and softly."""

    class Media:
        css = {"all": ["notifications/admin.css"]}

    form = NotificationForm
    compressed_fields = False  # unfold: labels above their fields.
    inlines = (ReceiptInline,)
    list_display = ("title", "level", "category", "told", "created")
    list_select_related = ("user", "group")
    list_filter = (
        StateFilter,
        "sensitive",
        "level",
        "category",
        ("user", admin.RelatedOnlyFieldListFilter),
        ("group", admin.RelatedOnlyFieldListFilter),
        "created_at",
    )
    search_fields = ("title", "message", "related_entity", "dedup_key")
    autocomplete_fields = ("user", "group")
    date_hierarchy = "created_at"
    show_full_result_count = False
    actions = ("resend", "cancel", "restore")
    once = ("user", "group", "dedup_key", "sensitive")
    readonly_fields = ("id", "told", "version", "created_by", "created_at", "updated_at", "deleted_at")

    @admin.display(description="audience", ordering="audience", empty_value="everyone")
    def told(self, obj: Notification) -> str | None:
        """Name the user or the user group; None for everyone."""
        return f"user {obj.user}" if obj.user else f"group {obj.group}" if obj.group else None

    @admin.display(ordering="created_at")
    def created(self, obj: Notification) -> str:
        """Show the minute, which is short enough for a column; of what is scheduled, when it comes."""
        if obj.deliver_at is not None:
            return f"for {local(obj.deliver_at)}"
        return date_format(timezone.localtime(obj.created_at), "j M Y H:i")

    def get_readonly_fields(self, request: HttpRequest, obj: Notification | None = None) -> tuple[str, ...]:
        """Keep the audience as it was created, and what is sensitive where it is not shown."""
        return (*super().get_readonly_fields(request, obj), *(self.once if obj else ()))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Tell the form what the user may."""
        form = super().get_form(request, obj, change, **kwargs)
        form.may_offer = request.user.has_perm("notifications.add_actions")  # type: ignore[attr-defined]
        return form

    def get_inlines(self, request: HttpRequest, obj: Notification | None) -> Any:
        """Show receipts where there can be any: the form of a new one has none."""
        return self.inlines if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Notification | None = None) -> Any:
        """Ask for the contents and the audience; show the facts of what exists."""
        later = [name for name in LATER if name in {field.name for field in self.opts.fields}]
        contents = ("title", "message", ("level", "category"))
        editable = obj is not None and self.has_change_permission(request, obj)
        scheduled = obj is not None and obj.deliver_at is not None
        times = ("deliver_at", "expires_at") if obj is None or scheduled else ("expires_at",)
        return (
            (None, {"fields": (*contents, "reopen") if editable and not scheduled else contents}),
            ("Audience: everyone, or …", {"fields": self.once}),
            ("When", {"fields": times}),
            *((("Group, link and buttons", {"fields": later}),) if later else ()),
            ("More", {"fields": ("related_entity", "metadata")}),
            *((("Facts", {"fields": self.readonly_fields, "classes": ("collapse",)}),) if obj else ()),
        )

    def save_model(self, request: HttpRequest, obj: Notification, form: Any, change: bool) -> None:
        """Create it, or change what was changed in the form; the button "Resend" shows it again in any case."""
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]  # The admin lets nobody else in.
            self.announce(request, actions.add(obj))
            return
        resent = RESEND in request.POST
        new = {name: form.cleaned_data[name] for name in form.changed_data if name != "reopen"}
        edited = {name: value for name, value in new.items() if value != form.initial[name]}
        if edited or resent:
            row = actions.update(obj.pk, reopen=resent or form.cleaned_data.get("reopen", True), **edited)
            if resent or "deliver_at" in edited:
                self.announce(request, row)

    def delete_model(self, request: HttpRequest, obj: Notification) -> None:
        """Delete it for everyone."""
        actions.delete_for_everyone([obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Delete them for everyone."""
        actions.delete_for_everyone(queryset.values_list("pk", flat=True))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name what goes; receipts stay with the row, which can be restored."""
        return [str(row) for row in objs], {"notifications": len(objs)}, set(), []

    def has_change_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        """Return False for a deleted one, which must be restored first."""
        return (obj is None or obj.deleted_at is None) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        """Return False for a deleted one."""
        return (obj is None or obj.deleted_at is None) and super().has_delete_permission(request, obj)

    @admin.action(description="Restore selected notifications", permissions=["delete"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Bring deleted ones back, as unread."""
        selected = list(queryset.values_list("pk", flat=True))
        count = actions.restore_for_everyone(selected)
        audit.record(
            audit.Event.ADMIN_WRITE,
            action="restored",
            kind=self.opts.label_lower,
            object_ids=[str(pk) for pk in selected],
        )
        self.message_user(request, f"{count} restored.")
