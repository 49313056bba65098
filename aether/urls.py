"""Which URL answers with what. The WebSocket and the streams are in realtime.routing."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from aether import views
from aether.login import views as login
from realtime.api import health, metrics, problems, schema  # noqa: F401  It registers the ways to log in.

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("notifications", views.inbox, name="inbox-page"),
    path("inventory", views.inventory, name="inventory-page"),
    path("inventory/hosts/<str:host_id>", views.host, name="host-page"),
    path("inventory/vms/<str:vm_id>", views.vm, name="vm-page"),
    path("jobs", views.jobs, name="jobs-page"),
    path("jobs/<str:job_id>", views.job, name="job-page"),
    path("accounts/login/", login.Login.as_view(), name="login"),
    path("accounts/oidc/", login.begin, name="oidc"),
    path("accounts/oidc/callback/", login.callback, name="oidc-callback"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("admin/login/", login.AdminLogin.as_view()),  # Before the admin's own, which would be a second login page.
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", login_required(SpectacularSwaggerSplitView.as_view(url_name="schema")), name="docs"),
    path("api/v1/", include("notifications.api.urls")),
    path("api/v1/", include("aether.inventory.api.urls")),
    path("api/v1/", include("aether.jobs.api.urls")),
    path("api/v1/", include("aether.activity.urls")),
    path("api/v1/", include("realtime.api.urls")),
    re_path(r"^api/", problems.UnknownUrl.as_view()),
]

handler400 = "realtime.api.problems.bad_request"
handler500 = "realtime.api.problems.server_error"
