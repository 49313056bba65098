"""Accounts, user groups and logins in the admin: the packages' own pages, in the admin's look."""

from typing import Any

from allauth.socialaccount.admin import SocialAccountAdmin
from allauth.socialaccount.models import SocialAccount
from axes.admin import AccessAttemptAdmin
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm


class Users(UserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]  # unfold has no types.
    """Accounts: made, changed, made inactive; their user groups and permissions; their passwords."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "in_groups", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")

    def get_queryset(self, request: Any) -> Any:
        """Read the groups of all of them at once."""
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="user groups", empty_value="–")
    def in_groups(self, user: User) -> str | None:
        """Return the names of the account's user groups."""
        return ", ".join(sorted(group.name for group in user.groups.all())) or None


class UserGroups(GroupAdmin, ModelAdmin):  # type: ignore[misc]
    """User groups and what they may do."""


class SocialAccounts(SocialAccountAdmin, ModelAdmin):  # type: ignore[misc]
    """Who comes by single sign-on."""


class AccessAttempts(AccessAttemptAdmin, ModelAdmin):  # type: ignore[misc]
    """Logins that failed."""


def register() -> None:
    """Register them in place of the packages' own. Safe to call twice."""
    pages = {User: Users, Group: UserGroups, SocialAccount: SocialAccounts, AccessAttempt: AccessAttempts}
    for model, page in pages.items():
        if admin.site.is_registered(model):
            admin.site.unregister(model)
        admin.site.register(model, page)
