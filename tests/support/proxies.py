"""Real proxies in front of a server, each configured by the example that the docs have of it."""

import fcntl
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import trustme

from tests.support.ports import free_port
from tests.support.servers import ROOT
from tests.support.waiting import wait_for

sys.path.insert(0, str(ROOT / "tools"))
from debian import unpack

EXAMPLES = ROOT / "docs" / "proxies"
NAME = "aether.example.org"
MAIN = """
daemon off;
{user}
pid {directory}/nginx.pid;
worker_processes 1;
events {{}}
http {{
    access_log {directory}/access.log;
    {temporary}
    include {directory}/aether.conf;
}}
"""
KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Proxy:
    """nginx or Caddy on ports of its own, with a certificate that `authority` signed; it stops with its block."""

    def __init__(self, name: str, directory: Path, upstream: int, changes: Mapping[str, str] | None = None) -> None:
        """Take the example *name*, with *changes* to its text beside the paths and the ports."""
        self.http, self.https = free_port(), free_port()
        self.directory = directory
        self.certificate = directory / "fullchain.pem"
        self._authority = trustme.CA()
        self._changes = {"127.0.0.1:8000": f"127.0.0.1:{upstream}", **(changes or {})}
        self._start: Callable[[], list[str]] = {"nginx": self._nginx, "caddy": self._caddy}[name]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Proxy":
        self.directory.mkdir(parents=True, exist_ok=True)
        issued = self._authority.issue_cert(NAME)
        self.certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        (self.directory / "privkey.pem").write_bytes(issued.private_key_pem.bytes())
        own = {"XDG_DATA_HOME": str(self.directory), "XDG_CONFIG_HOME": str(self.directory)}
        with (self.directory / "proxy.log").open("wb") as log:
            self._process = subprocess.Popen(
                self._start(), env={**os.environ, **own}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for(self._listens, what="the proxy")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def url(self) -> str:
        """Where it is reached; TLS and Host want `NAME` all the same."""
        return f"https://127.0.0.1:{self.https}"

    @property
    def log(self) -> str:
        """What the proxy has printed so far."""
        return (self.directory / "proxy.log").read_text(errors="replace")

    def ask(self, request: bytes, *, source: str = "127.0.0.1", tls: bool = True) -> bytes:
        """Send the bytes of *request* from the address *source*, and return all that comes until the proxy closes."""
        place = ("127.0.0.1", self.https if tls else self.http)
        with socket.create_connection(place, timeout=10, source_address=(source, 0)) as plain:
            if not tls:
                return _exchange(plain, request)
            with self.trust().wrap_socket(plain, server_hostname=NAME) as encrypted:
                return _exchange(encrypted, request)

    def trust(self) -> ssl.SSLContext:
        """Return what a client needs to believe the certificate."""
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return context

    def _listens(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"The proxy ended with {self._process.returncode}:\n{self.log}")
        try:
            socket.create_connection(("127.0.0.1", self.https), timeout=5).close()
        except ConnectionRefusedError:
            return False
        return True

    def _example(self, file: str, changes: Mapping[str, str]) -> str:
        """Return the example's text with *changes*, each of which must find what it changes."""
        text = (EXAMPLES / file).read_text()
        for old, new in {**self._changes, **changes}.items():
            assert old in text, f"{file} has no {old!r}"
            text = text.replace(old, new)
        return text

    def _nginx(self) -> list[str]:
        changes = {
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "listen 80;": f"listen 127.0.0.1:{self.http};",
            "listen 443 ssl": f"listen 127.0.0.1:{self.https} ssl",
            "/etc/ssl/aether": str(self.directory),
        }
        (self.directory / "aether.conf").write_text(self._example("nginx.conf", changes))
        temporary = " ".join(f"{kind}_temp_path {self.directory}/{kind};" for kind in KINDS)
        # Started by root, its workers would be nobody, who may not enter the tests' directory.
        user = "user root;" if os.geteuid() == 0 else ""
        main = self.directory / "nginx.conf"
        main.write_text(MAIN.format(directory=self.directory, temporary=temporary, user=user))
        program = _package("nginx") / "usr" / "sbin" / "nginx"
        return [str(program), "-p", str(self.directory), "-e", "stderr", "-c", str(main)]

    def _caddy(self) -> list[str]:
        ports = f"admin off\n\thttp_port {self.http}\n\thttps_port {self.https}\n\tdefault_bind 127.0.0.1\n"
        site = f"{NAME} {{\n"
        files = f"{self.directory}/fullchain.pem {self.directory}/privkey.pem"
        changes = {"\tservers {\n": f"\t{ports}\tservers {{\n", site: f"{site}\ttls {files}\n"}
        config = self.directory / "Caddyfile"
        config.write_text(self._example("Caddyfile", changes))
        program = _package("caddy") / "usr" / "bin" / "caddy"
        return [str(program), "run", "--config", str(config), "--adapter", "caddyfile"]


def _package(name: str) -> Path:
    """Return where the package is unpacked; of several test processes one fetches it, and the others wait."""
    lock = ROOT / "var" / "debian.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        return unpack(name)


def _exchange(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    answer = b""
    while True:
        try:
            piece = connection.recv(65_536)
        except (TimeoutError, ConnectionError, ssl.SSLError):
            return answer
        if not piece:
            return answer
        answer += piece
