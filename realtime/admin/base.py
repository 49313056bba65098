"""The admin's classes: django-unfold's where the project has it installed, Django's own elsewhere."""

from typing import TYPE_CHECKING

from django.apps import apps

if TYPE_CHECKING or not apps.is_installed("unfold"):
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.forms import CheckboxInput as Switch
else:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.widgets import UnfoldBooleanSwitchWidget as Switch

__all__ = ["ModelAdmin", "Switch", "TabularInline"]
