"""The route under /api/v1/."""

from django.urls import path

from aether.activity import api

urlpatterns = [path("activity", api.Activity.as_view(), name="activity")]
