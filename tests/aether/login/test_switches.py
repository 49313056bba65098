"""Tests of the login's switches: off, on, the only way, half configured, and misconfigured."""

from pathlib import Path

import pytest
from django.test import Client, override_settings

from aether.checks import check_settings
from tests.conftest import StartServer
from tests.support.openid import CALLBACK, openid_provider
from tests.support.ports import free_port
from tests.support.servers import Server, environment, manage

ON = {"OIDC_ISSUER": "https://id.example.org", "OIDC_CLIENT_ID": "aether", "OIDC_CLIENT_SECRET": "s3cret"}


def test_off_by_default(client: Client) -> None:
    """Without the settings the login page is the one with a password, and the routes are not there."""
    page = client.get("/accounts/login/", HTTP_HOST="localhost")
    assert 'name="password"' in page.text
    assert "accounts/oidc" not in page.text
    for path in ("/accounts/oidc/", CALLBACK):
        assert client.get(path, HTTP_HOST="localhost").status_code == 404


@override_settings(OIDC_ENABLED=True, OIDC_NAME="Example <ID>")
def test_login_page_offers_it(client: Client) -> None:
    """The page has the provider's name, and leads back to where the person wanted to go."""
    page = client.get("/accounts/login/?next=/admin/%3Fa%3D1%26b", HTTP_HOST="localhost").text
    assert "Sign in with Example &lt;ID&gt;" in page
    assert 'href="/accounts/oidc/?next=%2Fadmin%2F%3Fa%3D1%26b"' in page
    assert 'name="password"' in page
    assert 'href="/accounts/oidc/"' in client.get("/accounts/login/?next=//evil.example", HTTP_HOST="localhost").text


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/login/"])
@override_settings(OIDC_ENABLED=True, OIDC_ONLY=True)
def test_passwords_can_be_turned_off(client: Client, django_user_model, path: str) -> None:
    """With OIDC_ONLY neither login page has a form for a password, nor takes one, and no code can check one."""
    django_user_model.objects.create_superuser("root", password="right")
    page = client.get(path, HTTP_HOST="localhost").text
    assert "password" not in page
    assert "accounts/oidc/" in page
    form = {"username": "root", "password": "right"}
    assert client.post(path, form, HTTP_HOST="localhost").status_code == 405
    assert not client.login(**form)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"OIDC_ISSUER": "https://id.example.org"}, "aether.E020"),
        ({"OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "y"}, "aether.E020"),
        ({"OIDC_ONLY": True}, "aether.E021"),
        (ON | {"OIDC_ISSUER": "id.example.org"}, "aether.E022"),
        (ON | {"OIDC_ISSUER": "https://[x"}, "aether.E022"),
        (ON | {"OIDC_ISSUER": "https://id.example.org/.well-known/openid-configuration"}, "aether.E022"),
        (ON | {"OIDC_ISSUER": "https://id.example.org/?a"}, "aether.E022"),
        (ON | {"OIDC_ISSUER": "http://id.example.org", "DEBUG": False}, "aether.E023"),
        ({"LOGIN_ATTEMPTS": 10, "LOGIN_ATTEMPTS_PER_ADDRESS": 5}, "aether.E024"),
        (ON | {"OIDC_DEFAULT_ROLE": "Root"}, "aether.E025"),
        (ON | {"OIDC_DEFAULT_ROLE": "Admin"}, "aether.W020"),
    ],
)
def test_finding_has_a_remedy(settings: dict, expected: str) -> None:
    """What is half configured or unsafe is found, with a remedy, and no secret in the sentence."""
    with override_settings(**settings):
        found = {message.id: message for message in check_settings(None)}
    assert list(found) == [expected]
    assert found[expected].hint
    assert "s3cret" not in found[expected].msg + found[expected].hint


def test_whole_configuration_has_no_findings() -> None:
    """Issuer, id and secret are enough."""
    with override_settings(**ON):
        assert check_settings(None) == []


@pytest.mark.parametrize("debug", ["true", "false"])
def test_check_names_the_remedy(debug: str) -> None:
    """`check` and `check --deploy` name the variable that is missing, in development and in production."""
    env = environment(DEBUG=debug, OIDC_ISSUER="https://id.example.org", OIDC_ROLES="staff=Boss")
    printed = manage("check", *(["--deploy"] if debug == "false" else []), env=env, check=False)
    assert "OIDC_ISSUER without OIDC_CLIENT_ID and OIDC_CLIENT_SECRET" in printed
    assert "HINT: Set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET" in printed
    assert "OIDC_ROLES: 'staff=Boss' maps no name to a role" in printed


def test_wrong_client_secret_is_named_in_the_log(migrated_database: Path, tmp_path: Path) -> None:
    """A secret that the provider does not know ends the login with a page; the log names the settings to look at."""
    server = Server(tmp_path / "server", migrated_database)
    with openid_provider() as provider:
        ids = provider.register(f"{server.url}{CALLBACK}")
        server.env |= ids | {"OIDC_CLIENT_SECRET": "not-the-secret"}
        try:
            with server.start().client() as client:
                answer = provider.agree(client.get("/accounts/oidc/").headers["Location"], "somebody")
                page = client.get(answer)
        finally:
            server.stop()
    assert page.status_code == 502
    assert "invalid_client. Compare OIDC_CLIENT_ID and OIDC_CLIENT_SECRET with the provider's." in server.log
    assert "not-the-secret" not in server.log


def test_provider_that_is_down_is_named(start_server: StartServer) -> None:
    """Where nobody answers at the issuer's address, the page says so at once, and the log has no traceback."""
    server = start_server(**ON | {"OIDC_ISSUER": f"http://127.0.0.1:{free_port()}", "OIDC_NAME": "Example ID"})
    with server.client() as client:
        page = client.get("/accounts/oidc/")
    assert (page.status_code, "Example ID does not answer" in page.text) == (503, True)
    assert "could not be asked (ConnectionError)" in server.log
    assert "Traceback" not in server.log
    assert "s3cret" not in server.log
