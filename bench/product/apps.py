"""The benchmark's app."""

from django.apps import AppConfig
from django.urls import re_path


class BenchConfig(AppConfig):
    """Must be listed after realtime, whose topics and routes it adds to."""

    name = "bench.product"
    label = "bench"

    def ready(self) -> None:
        """Add the route; the topics are discovered like anyone's."""
        from bench.product.publishing import publisher
        from realtime.routing import websocket_urlpatterns

        websocket_urlpatterns.insert(0, re_path(r"^bench/publish$", publisher))  # type: ignore[arg-type]
