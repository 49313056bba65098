"""Tests of single sign-on against a real provider: who gets in, and what must not count."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest

from tests.aether.login.conftest import Visitor
from tests.support.openid import CALLBACK, OpenIdProvider

DISCOVERY = "/.well-known/openid-configuration"
TOKEN = "/oauth2/token"


def query(url: str) -> dict[str, str]:
    """Return the parameters of *url*."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def with_query(url: str, **changes: str) -> str:
    """Return *url* with other parameters."""
    merged = "&".join(f"{name}={value}" for name, value in (query(url) | changes).items())
    return urlunsplit(urlsplit(url)._replace(query=merged))


def reworded(**claims: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a change that puts *claims* into the ID token, under the signature that it had."""

    def change(answer: dict[str, Any]) -> dict[str, Any]:
        head, body, signature = answer["id_token"].split(".")
        said = json.loads(base64.urlsafe_b64decode(body + "==")) | claims
        body = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
        return answer | {"id_token": f"{head}.{body}.{signature}"}

    return change


def unsigned(answer: dict[str, Any]) -> dict[str, Any]:
    """Return *answer* with an ID token of the algorithm `none`."""
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return answer | {"id_token": f"{head}.{answer['id_token'].split('.')[1]}."}


def test_request_carries_state_nonce_and_pkce(visitor: Visitor) -> None:
    """The way to the provider carries a state, a nonce and a challenge, new each time, and what this client is."""
    first, other = query(visitor.begin()), query(visitor.begin())
    assert first["response_type"] == "code"
    assert first["code_challenge_method"] == "S256"
    assert first["redirect_uri"] == f"{visitor.server.url}{CALLBACK}"
    assert set(first["scope"].split("+")) | set(first["scope"].split()) >= {"openid"}
    for name, least in (("state", 16), ("nonce", 32), ("code_challenge", 43)):
        assert len(first[name]) >= least
        assert first[name] != other[name]


def test_query_changes_nothing_about_the_request(visitor: Visitor) -> None:
    """A link cannot ask for more scopes, other parameters, or another process than a login."""
    found = query(visitor.begin(scope="admin", auth_params="prompt=none", process="connect"))
    assert set(found["scope"].split()) == {"openid", "profile", "email"}
    assert "prompt" not in found


def test_person_is_logged_in(visitor: Visitor, provider: OpenIdProvider) -> None:
    """The provider's person gets an account, and is led to where they wanted to go; PKCE's verifier proves it is us."""
    provider.person("p-1", preferred_username="ann", email="ann@example.org", given_name="Ann", groups=["desk"])
    answer = visitor.log_in("p-1", next="/admin/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert visitor.username() == "ann"
    (form,) = [form for path, form in provider.asked if path == TOKEN]
    assert len(form["code_verifier"]) >= 43


def test_session_is_a_new_one(visitor: Visitor, provider: OpenIdProvider) -> None:
    """The session of before the login is not the session of after it (session fixation)."""
    provider.person("p-2", groups=["staff"])
    location = visitor.begin()
    before = visitor.client.cookies["sessionid"]
    visitor.client.get(provider.agree(location, "p-2"))
    assert visitor.client.cookies["sessionid"] != before
    visitor.client.cookies.set("sessionid", before)
    assert visitor.username() is None


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", r"\\evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_leads_nowhere_else(visitor: Visitor, provider: OpenIdProvider, target: str) -> None:
    """A link to the login cannot send people to another site afterwards."""
    provider.person("p-3", groups=["staff"])
    assert visitor.log_in("p-3", next=target).headers["Location"] == "/"


def test_other_sites_cannot_begin_a_login(visitor: Visitor) -> None:
    """From another site's page the way leads to the login page, where the person decides."""
    answer = visitor.client.get("/accounts/oidc/", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.headers["Location"] == "/accounts/login/?next=%2F"


def test_forged_state_is_refused(visitor: Visitor, provider: OpenIdProvider) -> None:
    """An answer with a state that this browser's session does not know logs nobody in, and costs no request."""
    provider.person("p-4", groups=["staff"])
    answer = provider.agree(visitor.begin(), "p-4")
    provider.asked.clear()
    for forged in (with_query(answer, state="0123456789abcdef"), f"{visitor.server.url}{CALLBACK}?code=x"):
        page = visitor.client.get(forged)
        assert (page.status_code, "This sign-in has expired" in page.text) == (400, True)
    assert provider.asked == []
    assert visitor.username() is None


def test_answer_works_in_its_own_browser_only(visitor: Visitor, second: Visitor, provider: OpenIdProvider) -> None:
    """Another person's browser cannot be made to use somebody's answer (login CSRF)."""
    provider.person("p-5", groups=["staff"])
    answer = provider.agree(visitor.begin(), "p-5")
    second.begin()
    assert second.client.get(answer).status_code == 400
    assert second.username() is None


def test_answer_works_once(visitor: Visitor, second: Visitor, provider: OpenIdProvider) -> None:
    """An answer that was used is refused, also with a state that is still good: its code is spent."""
    provider.person("p-6", groups=["staff"])
    answer = provider.agree(visitor.begin(), "p-6")
    assert visitor.client.get(answer).status_code == 302
    assert visitor.client.get(answer).status_code == 400
    replayed = with_query(answer, state=query(second.begin())["state"])
    assert second.client.get(replayed).status_code == 502
    assert second.username() is None
    assert "invalid_grant" in second.server.log


def test_code_of_another_login_is_refused(visitor: Visitor, second: Visitor, provider: OpenIdProvider) -> None:
    """A stolen code that was not used yet is worth nothing in another session."""
    provider.person("p-7", groups=["staff"])
    stolen = query(provider.agree(visitor.begin(), "p-7"))["code"]
    own = query(second.begin())["state"]
    assert second.client.get(CALLBACK, params={"code": stolen, "state": own}).status_code == 502
    assert second.username() is None


def test_wrong_nonce_is_refused(visitor: Visitor, provider: OpenIdProvider) -> None:
    """An ID token that is good, but answers another request, logs nobody in."""
    provider.person("p-8", groups=["staff"])
    answer = provider.agree(with_query(visitor.begin(), nonce="another"), "p-8")
    assert visitor.client.get(answer).status_code == 502
    assert visitor.username() is None
    assert "answers another login (nonce)" in visitor.server.log
    assert "sign-on: unusable answer" in visitor.server.log


@pytest.mark.parametrize(
    ("path", "change", "logged"),
    [
        (DISCOVERY, lambda found: found | {"issuer": "https://evil.example"}, "another issuer than OIDC_ISSUER"),
        (DISCOVERY, lambda found: found | {"jwks_uri": None}, "publishes no jwks_uri"),
        (TOKEN, reworded(sub="p-root"), "does not count (InvalidSignatureError)"),
        (TOKEN, reworded(iss="https://evil.example"), "does not count (InvalidSignatureError)"),
        (TOKEN, unsigned, "does not count (InvalidAlgorithmError)"),
        (TOKEN, lambda found: found | {"id_token": None}, "sent no ID token"),
        (TOKEN, lambda found: found | {"id_token": "x.y.z"}, "does not count (DecodeError)"),
        ("/jwks", lambda found: {"keys": []}, "does not count (PyJWKSetError)"),
        ("/jwks", lambda found: {"keys": found["keys"] * 2}, "does not list the key"),
        ("/userinfo", lambda found: found | {"sub": "p-root"}, "another subject"),
    ],
)
def test_answer_that_does_not_hold_is_refused(
    visitor: Visitor, provider: OpenIdProvider, path: str, change: Callable[..., Any], logged: str
) -> None:
    """Another issuer, another signature, another subject: a page says that it did not work, and the log says why."""
    provider.person("p-9", groups=["staff"])
    location = visitor.begin()
    provider.change[path] = change
    page = visitor.client.get(provider.agree(location, "p-9"))
    assert (page.status_code, "Signing in did not work" in page.text) == (502, True)
    assert logged in visitor.server.log
    assert visitor.username() is None


@pytest.mark.parametrize("path", [DISCOVERY, "/jwks", "/userinfo"])
def test_provider_that_is_out_of_order_is_named(visitor: Visitor, provider: OpenIdProvider, path: str) -> None:
    """A provider that answers with an error gets a page that says so, and one line in the log."""
    provider.person("p-10", groups=["staff"])
    location = visitor.begin()
    provider.status[path] = 500
    page = visitor.client.get(provider.agree(location, "p-10"))
    assert (page.status_code, "Example ID does not answer" in page.text) == (503, True)
    assert f"{provider.url}{path} answered 500" in visitor.server.log


def test_declining_is_no_error_of_the_server(visitor: Visitor) -> None:
    """Whoever declines at the provider reads that they are not signed in; an unknown error is not repeated."""
    state = query(visitor.begin())["state"]
    page = visitor.client.get(CALLBACK, params={"error": "access_denied", "state": state})
    assert (page.status_code, "You are not signed in" in page.text) == (403, True)
    state = query(visitor.begin())["state"]
    page = visitor.client.get(CALLBACK, params={"error": "<b>injected line", "state": state})
    assert page.status_code == 502
    assert "injected line" not in page.text + visitor.server.log


def test_no_secret_is_logged(visitor: Visitor, provider: OpenIdProvider) -> None:
    """Neither the client's secret nor a code, a state, a verifier or a token is in the log, not even of failures."""
    provider.person("p-11", groups=["staff"])
    answer = provider.agree(visitor.begin(), "p-11")
    visitor.client.get(answer)
    visitor.client.get(answer)
    provider.change[TOKEN] = lambda found: {"id_token": found["id_token"], "note": "no access token"}
    visitor.log_in("p-11")
    (form, *_) = [form for path, form in provider.asked if path == TOKEN]
    log = visitor.server.log
    secrets = [form["client_secret"], form["code_verifier"], *query(answer).values(), "eyJ"]
    assert [secret for secret in secrets if secret in log] == []
    assert '"GET /accounts/oidc/callback/ HTTP/1.1"' in log


def test_nothing_else_of_allauth_is_served(visitor: Visitor) -> None:
    """There is no page to sign up, to manage e-mail addresses, to connect accounts or to set up providers."""
    for path in ("signup/", "email/", "password/reset/", "password/change/", "social/connections/",
                 "social/signup/", "3rdparty/", "confirm-email/", "reauthenticate/", "inactive/"):  # fmt: skip
        assert visitor.client.get(f"/accounts/{path}").status_code in {302, 404}, path
        answer = visitor.client.get(f"/accounts/{path}", follow_redirects=True)
        assert answer.status_code == 404 or "/accounts/login/" in str(answer.url)
