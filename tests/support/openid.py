"""A real OpenID provider on a port of its own, whose answers a test can change or withhold."""

import json
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
import werkzeug.serving
from werkzeug.wrappers import Request, Response

with warnings.catch_warnings(record=True):  # It is built of parts that warn of each other.
    from oidc_provider_mock import app

Change = Callable[[dict[str, Any]], dict[str, Any]]
CALLBACK = "/accounts/oidc/callback/"


class QuietHandler(werkzeug.serving.WSGIRequestHandler):
    """No line on stderr for each request."""

    def log(self, *_: Any) -> None:
        """Print nothing."""


@dataclass
class OpenIdProvider:
    """The provider. `change` maps a path to a function over its JSON answer; `status` one to an error instead of it."""

    url: str = ""
    change: dict[str, Change] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._app = app(require_client_registration=True)
        self._one = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """Answer a request; a WSGI application."""
        with self._one, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # The tests make errors of them, and these are the provider's own.
            return list(self._answer(environ, start))

    def _answer(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        request = Request(environ)
        environ["wsgi.input"] = BytesIO(request.get_data())
        self.asked.append((request.path, request.form.to_dict() if request.path.endswith("/token") else {}))
        if status := self.status.get(request.path):
            return Response("out of order", status)(environ, start)
        if change := self.change.get(request.path):
            answer = Response.from_app(self._app, environ)
            answer.set_data(json.dumps(change(json.loads(answer.get_data()))))
            return answer(environ, start)
        return self._app(environ, start)

    def register(self, redirect_uri: str) -> dict[str, str]:
        """Register a client, and return the settings that make a server that client."""
        body = {"redirect_uris": [redirect_uri], "token_endpoint_auth_method": "client_secret_post"}
        client = httpx.post(f"{self.url}/oauth2/clients", json=body, trust_env=False).raise_for_status().json()
        ids = {"OIDC_CLIENT_ID": client["client_id"], "OIDC_CLIENT_SECRET": client["client_secret"]}
        return {"OIDC_ISSUER": self.url, "OIDC_NAME": "Example ID", **ids}

    def person(self, subject: str, **claims: Any) -> None:
        """Let the provider know *subject*, with these claims from now on."""
        httpx.put(f"{self.url}/users/{subject}", json=claims, trust_env=False).raise_for_status()

    def agree(self, location: str, subject: str) -> str:
        """Log *subject* in at the provider, on the page at *location*; return where it sends the browser."""
        answer = httpx.post(location, data={"sub": subject}, trust_env=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """Run a provider until the context ends."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # Plain http, which only a provider on loopback may speak.
    provider = OpenIdProvider()
    server = werkzeug.serving.make_server("127.0.0.1", 0, provider, threaded=True, request_handler=QuietHandler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
