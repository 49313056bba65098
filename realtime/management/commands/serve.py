"""Serve the project: HTTP and WebSocket by uvicorn, static files by WhiteNoise."""

import argparse
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any, Final, NoReturn, TypeVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import NoReverseMatch, reverse

from realtime import collected, conf, handshakes, listening
from realtime.server import Config, Server, Workers

Bound = TypeVar("Bound", bound=socket.socket | None)
PAGES: Final = (("Dashboard", "dashboard"), ("API docs", "docs"), ("Admin", "admin:index"))
"""What is printed of the pages that the project has: what they are called, and their URL's name."""


class Command(BaseCommand):
    """`manage.py serve`. It answers nobody before the settings have passed their checks."""

    help = (
        "Serve HTTP and WebSocket. Options win over HOST, PORT and WORKERS of the environment, and a socket that "
        "systemd passes over those."
    )
    requires_system_checks: list[str] = []  # They run below, once the options have become settings.

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the options, whose defaults come from the environment."""
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"), help="address (127.0.0.1)")
        parser.add_argument("--port", type=_port, default=os.environ.get("PORT", "8000"), help="port (8000)")
        parser.add_argument("--workers", type=int, default=conf.value("WORKERS"), help="processes; needs REDIS_URL (1)")

    def handle(self, *args: Any, host: str, port: int, workers: int, **options: Any) -> None:
        """Serve until a signal ends it."""
        _override("WORKERS", workers)
        bound = _or_refuse(listening.inherited)
        if bound is not None:
            host = bound.getsockname()[0]
        if not listening.is_loopback(host):
            self._open_up(host)
        self.check(display_num_errors=False)
        self._check_migrations()
        bound = bound or _or_refuse(partial(listening.listen, host, port))
        if not settings.DEBUG and collected.refresh():
            self.stdout.write("Collected the static files.")
        self._print_urls(bound)
        handshakes.allow_descriptors()
        _serve(_config(workers), bound)

    def _open_up(self, host: str) -> None:
        """Turn login on, and answer to the name by which the server is reached."""
        if not conf.value("AUTH_ENABLED"):
            _override("AUTH_ENABLED", True)
            self.stdout.write(f"Login is on: {host} can be reached from other machines.")
        if host not in listening.WILDCARDS:
            _override("ALLOWED_HOSTS", [*settings.ALLOWED_HOSTS, f"[{host}]" if ":" in host else host])
        elif settings.DEBUG:
            self.stdout.write(f"Answering to: {', '.join(settings.ALLOWED_HOSTS)}. Add names with ALLOWED_HOSTS=….")

    def _check_migrations(self) -> None:
        """Refuse to serve an older schema; a database that is away may come back."""
        try:
            executor = MigrationExecutor(connection)
            missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except (OperationalError, InterfaceError) as error:
            self.stderr.write(f"The database does not answer yet: {error}")
            return
        finally:
            connection.close()
        if missing:
            raise CommandError(f"{len(missing)} migrations are not applied. Apply them with: python manage.py migrate")

    def _print_urls(self, bound: socket.socket) -> None:
        place = listening.address_of(bound)
        for name, url in PAGES:
            with suppress(NoReverseMatch):
                self.stdout.write(f"  {name:<10} http://{place}{reverse(url)}")
        self.stdout.write(f"  {'WebSocket':<10} ws://{place}/ws")
        self.stdout.flush()


def _or_refuse(listen: Callable[[], Bound]) -> Bound:
    """Return what *listen* returns. Raises: CommandError, which says why nothing can be listened on."""
    try:
        return listen()
    except listening.CannotListen as error:
        raise CommandError(str(error)) from error


def _config(workers: int) -> Config:
    # Login off means that the peer's address decides, so no header may replace it.
    proxies = list(conf.value("TRUSTED_PROXIES")) if conf.value("AUTH_ENABLED") else []
    return Config(
        _application(),
        workers=workers,
        loop="uvloop",
        http="realtime.handshakes:HttpProtocol",
        ws="realtime.websocket:WebSocketProtocol",
        ws_max_size=conf.value("WEBSOCKET_MAX_FRAME"),
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_per_message_deflate=conf.value("WEBSOCKET_COMPRESSION"),
        lifespan="on",
        log_config=None,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        server_header=False,
        timeout_graceful_shutdown=conf.value("GRACEFUL_TIMEOUT"),
    )


def _application() -> str:
    """Return where uvicorn finds the project's ASGI application. Raises: CommandError."""
    module, dot, name = (getattr(settings, "ASGI_APPLICATION", None) or "").rpartition(".")
    if not dot:
        raise CommandError(
            'ASGI_APPLICATION is not set; write ASGI_APPLICATION = "mysite.asgi.application" or the like.'
        )
    return f"{module}:{name}"


def _serve(config: Config, bound: socket.socket) -> None:
    with bound:
        if config.workers > 1:
            with _metrics_directory():
                Workers(config, sockets=[bound]).run()
            return
        server = Server(config)
        signal.signal(signal.SIGTERM, _leave)
        try:
            server.run(sockets=[bound])
        except KeyboardInterrupt:
            return
        if not server.started:
            raise CommandError("The server did not start; its log says why.")


@contextmanager
def _metrics_directory() -> Iterator[None]:
    """Give the workers a directory for their numbers, unless the settings name one."""
    if conf.value("METRICS_DIRECTORY"):
        yield
        return
    with TemporaryDirectory(prefix="aether-metrics-") as directory:
        _override("METRICS_DIRECTORY", directory)
        yield


def _leave(*_: Any) -> NoReturn:
    """End with 0: uvicorn raises the signal once more after it has ended cleanly, which would look like a kill."""
    raise SystemExit(0)


def _override(name: str, value: str | bool | int | list[str]) -> None:
    """Set a setting here and in the environment, which the workers inherit."""
    setattr(settings, name, value)
    if isinstance(value, bool | int):
        value = str(value).lower()
    os.environ[name] = value if isinstance(value, str) else ",".join(value)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: it must be a number from 0 to 65535")
    return int(text)
