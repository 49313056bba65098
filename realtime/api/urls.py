"""The routes of realtime under /api/v1/; none ends with a slash. The streams are in `realtime.routing`."""

from django.urls import path

from realtime.api import views

urlpatterns = [
    path("tokens", views.TokenListView.as_view(), name="tokens"),
    path("tokens/<str:token_id>", views.TokenView.as_view(), name="token"),
    path("ws/ticket", views.TicketView.as_view(), name="ws-ticket"),
]
