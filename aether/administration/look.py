"""The admin's look: its name, its colours, and the navigation in the words of the project. `UNFOLD` is made of it."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

Item = dict[str, Any]
SCHEDULED: Final = "state=scheduled"


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _item(title: str, icon: str, url: str, permission: str, query: str = "") -> Item:
    """Return an entry of the navigation, for those with *permission*; *icon* is one of Material Symbols."""
    path = reverse_lazy(f"admin:{url}")
    return {
        "title": title,
        "icon": icon,
        "link": (lambda _: f"{path}?{query}") if query else path,
        "permission": _may(permission),
        "active": lambda request: _is_current(request, str(path), query),
    }


def _is_current(request: HttpRequest, path: str, query: str) -> bool:
    """Say whether the page is the entry's own, or one of an object in its list."""
    if request.path == path:
        return query in request.META["QUERY_STRING"] if query else SCHEDULED not in request.META["QUERY_STRING"]
    return not query and request.path.startswith(path) and not request.path.endswith("/add/")


NAVIGATION: Final[list[dict[str, Any]]] = [
    {
        "items": [
            {"title": "Last days", "icon": "monitoring", "link": reverse_lazy("admin:index")},
            {"title": "Open the dashboard", "icon": "open_in_new", "link": reverse_lazy("dashboard"), "active": False},
        ],
    },
    {
        "title": "Notifications",
        "separator": True,
        "items": [
            _item("Compose", "edit_square", "notifications_notification_add", "notifications.add_notification"),
            _item(
                "All notifications",
                "notifications",
                "notifications_notification_changelist",
                "notifications.view_notification",
            ),
            _item(
                "Scheduled",
                "schedule_send",
                "notifications_notification_changelist",
                "notifications.view_notification",
                SCHEDULED,
            ),
        ],
    },
    {
        "title": "Datacenter",
        "separator": True,
        "items": [
            _item("Clusters", "hub", "inventory_cluster_changelist", "inventory.view_cluster"),
            _item("Hosts", "dns", "inventory_host_changelist", "inventory.view_host"),
            _item("VMs", "computer", "inventory_vm_changelist", "inventory.view_vm"),
            _item("Jobs", "playlist_play", "jobs_job_changelist", "jobs.view_job"),
            _item("Rules", "rule", "rules_ruleswitch_changelist", "rules.view_ruleswitch"),
        ],
    },
    {
        "title": "People",
        "separator": True,
        "items": [
            _item("Connections now", "cell_tower", "realtime_liveconnection_changelist", "realtime.view_connections"),
            _item("Users", "person", "auth_user_changelist", "auth.view_user"),
            _item("User groups", "group", "auth_group_changelist", "auth.view_group"),
            _item("API tokens", "key", "realtime_apitoken_changelist", "realtime.view_apitoken"),
            _item(
                "Single sign-on",
                "passkey",
                "socialaccount_socialaccount_changelist",
                "socialaccount.view_socialaccount",
            ),
        ],
    },
    {
        "title": "Security",
        "separator": True,
        "items": [
            _item("Audit", "policy", "realtime_auditevent_changelist", "realtime.view_auditevent"),
            _item("Failed logins", "lock_clock", "axes_accessattempt_changelist", "axes.view_accessattempt"),
        ],
    },
]

UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": lambda _: settings.APP_NAME,
    "SITE_HEADER": lambda _: settings.APP_NAME,
    "SITE_URL": "/",
    "SITE_SYMBOL": "notifications_active",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("favicon.svg")}],
    "SHOW_BACK_BUTTON": True,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "aether.administration.look.environment",
    "DASHBOARD_CALLBACK": "aether.administration.days.dashboard",
    "GLOBAL_CALLBACK": "aether.administration.look.without_inline_styles",
    "STYLES": [lambda _: static("css/theme.css"), lambda _: static("administration/look.css")],
    "SCRIPTS": [lambda _: static("administration/words.js")],
    "SIDEBAR": {"navigation": NAVIGATION},
}


def environment(_: HttpRequest) -> list[str]:
    """Return the environment's name and the colour that it is shown in."""
    return [settings.ENVIRONMENT_NAME, "info"]


def without_inline_styles(_: HttpRequest) -> dict[str, Any]:
    """Return what keeps unfold from writing colours into the page, which the policy forbids: they are in `look.css`."""
    return {"colors": None, "border_radius": None}
