"""Who is connected now, in Django's admin: the page asks every node, and can disconnect a client."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from realtime import asking, audit
from realtime.admin import base
from realtime.asking import Answer
from realtime.audit import Event
from realtime.models import LiveConnection
from realtime.roll_call import MOST

if TYPE_CHECKING:  # Django's own class takes no parameters when the program runs.
    ModelAdmin = admin.ModelAdmin[LiveConnection]
else:
    ModelAdmin = base.ModelAdmin

VIEW = "realtime.view_connections"
DISCONNECT = "realtime.disconnect"
TRANSPORTS = {"websocket": "WebSocket", "sse": "Event stream", "poll": "Long poll"}


@admin.register(LiveConnection)
class LiveConnectionAdmin(ModelAdmin):
    """One page: who is connected, on which node, since when and how; and a button that ends it."""

    def get_urls(self) -> list[Any]:
        """Return the page, and where its buttons send to."""
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.changelist_view), name="realtime_liveconnection_changelist"),
            path("disconnect/", wrap(require_POST(self.disconnect_view)), name="realtime_liveconnection_disconnect"),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the page may be seen."""
        return request.user.has_perm(VIEW)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the page may be seen."""
        return request.user.has_perm(VIEW)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: clients come by themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False, for everyone."""
        return False

    has_delete_permission = has_change_permission

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Ask the nodes and show what they answer. Raises: PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        search = request.GET.get("q", "").strip()[:200]
        now = timezone.now()
        answers = asking.call(search)
        rows = [row for answer in answers for row in _rows(answer, now)]
        context = {
            **self.admin_site.each_context(request),
            "title": "Connections now",
            "opts": self.opts,
            "search": search,
            "as_of": now,
            "nodes": answers,
            "silent": [answer.name for answer in answers if not answer.answered],
            "rows": sorted(rows, key=lambda row: row["since"], reverse=True),
            "total": sum(answer.total for answer in answers),
            "found": sum(answer.found for answer in answers),
            "most": MOST,
            "may_disconnect": request.user.has_perm(DISCONNECT),
            "disconnect_url": reverse("admin:realtime_liveconnection_disconnect"),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/realtime/connections.html", context)

    def disconnect_view(self, request: HttpRequest) -> HttpResponse:
        """Disconnect the clients that were chosen, and say what became of it. Raises: PermissionDenied."""
        if not (request.user.has_perm(VIEW) and request.user.has_perm(DISCONNECT)):
            raise PermissionDenied
        only = request.POST.get("only")  # The button of one row; else those that are ticked.
        asked = [only] if only else list(dict.fromkeys(request.POST.getlist("client_id")))[:MOST]
        if not asked:
            self.message_user(request, "Choose at least one connection.", messages.WARNING)
        else:
            self._disconnect(request, asked)
        search = request.POST.get("q", "")
        back = reverse("admin:realtime_liveconnection_changelist")
        return redirect(f"{back}?{urlencode({'q': search})}" if search else back)

    def _disconnect(self, request: HttpRequest, asked: list[str]) -> None:
        ended = asking.end(asked)
        for one in ended:
            audit.record(
                Event.CLIENT_ENDED,
                client=one.client_id,
                account=one.user,
                account_id=one.user_id,
                transport=one.transport,
                client_address=one.address,
            )
        if ended:
            names = ", ".join(sorted({one.user or "nobody" for one in ended}))
            self.message_user(request, f"Disconnected {len(ended)} of {len(asked)}: {names}.", messages.SUCCESS)
        if gone := len(asked) - len(ended):
            text = f"{gone} had left already, or their node did not answer; look again below."
            self.message_user(request, text, messages.WARNING)


def _rows(answer: Answer, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "it": one,
            "node": answer.name,
            "since": now - timedelta(seconds=one.age),
            "ago": _ago(one.age),
            "transport": TRANSPORTS.get(one.transport, one.transport),
        }
        for one in answer.present
    ]


def _ago(seconds: float) -> str:
    """Return a time in its two largest units."""
    for unit, size, smaller, of in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= size:
            rest = int(seconds % size // of)
            return f"{int(seconds // size)} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{int(seconds)} s"
