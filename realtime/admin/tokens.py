"""API tokens in Django's admin: made here with the secret shown once, listed, revoked."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest

from realtime import conf, tokens
from realtime.admin import base
from realtime.models import ApiToken

if TYPE_CHECKING:  # Django's own classes take no parameters when the program runs.
    Form = forms.ModelForm[ApiToken]
    ModelAdmin = admin.ModelAdmin[ApiToken]
else:
    Form, ModelAdmin = forms.ModelForm, base.ModelAdmin


class TokenForm(Form):
    """Whose token, what for, and for how long."""

    days = forms.FloatField(help_text="How many days it lasts.")

    class Meta:
        model = ApiToken
        fields = ("user", "name")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["days"].initial = conf.load().token_lifetime / tokens.DAY

    def clean_days(self) -> float:
        """Refuse more than the settings allow."""
        days, most = float(self.cleaned_data["days"]), conf.load().token_max_lifetime / tokens.DAY
        if not 0 < days <= most:
            raise forms.ValidationError(f"More than 0 and at most {most:g}.")
        return days


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """List, make and revoke. A token is never changed, and its secret is shown when it is made."""

    list_display = ("name", "user", "created", "expiry", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("expiry", "last_used_at")
    search_fields = ("name", "user__username")
    autocomplete_fields = ("user",)
    facts = ("uuid", "user", "name", "created", "expiry", "last_used_at")

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """Ask for what a token is made of; others than superusers make their own alone, for it acts as its user."""
        if obj is not None:
            return self.facts
        return ("user", "name", "days") if request.user.is_superuser else ("name", "days")

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """Keep what was made as it is."""
        return self.facts if obj else ()

    def get_form(self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **options: Any) -> Any:
        """Return the form that makes one."""
        return super().get_form(request, obj, change, **options if obj else {**options, "form": TokenForm})

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Return False: it is revoked, and another is made."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Make it, and show its secret in the answer to this request."""
        user = form.cleaned_data.get("user", request.user)
        made, secret = tokens.create(user, obj.name, days=form.cleaned_data["days"])
        obj.digest, obj.uuid, obj.user = made.digest, made.uuid, made.user
        text = f"The token's secret, which is not shown again: {secret}"
        self.message_user(request, text, messages.WARNING)
