"""Tests of session login: without it, nothing but the health routes and the login page answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client, override_settings

from tests.support.servers import Server

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def guarded(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with login on, and one person who may log in."""
    server = Server(tmp_path_factory.mktemp("guarded"), migrated_database)
    create = "from django.contrib.auth.models import User; User.objects.create_superuser('ada', password="
    server.python(f"{create}{PASSWORD!r})")
    yield server.start()
    server.stop()


@pytest.mark.parametrize("path", ["/", "/admin/", "/api/docs"])
def test_pages_ask_for_a_login(guarded: Server, path: str) -> None:
    """A page sends a stranger to a login page, and back afterwards."""
    with guarded.client() as client:
        answer = client.get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"/login/?next={path}")


@pytest.mark.parametrize("path", ["/api/schema", "/api/v1/nothing", "/api/v1/notifications"])
def test_api_answers_401(guarded: Server, path: str) -> None:
    """The API tells a stranger 401 with a challenge, also where there is nothing."""
    with guarded.client() as client:
        answer = client.get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Session realm="api", Token realm="api"'
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "Authentication credentials were not provided."


def test_person_logs_in_and_out(guarded: Server) -> None:
    """With the password the API and the pages open; after the logout they are closed again."""
    with guarded.log_in("ada", PASSWORD) as client:
        assert client.get("/api/schema").status_code == 200
        assert client.get("/admin/").status_code == 200
        assert client.post("/accounts/logout/").status_code == 302
        assert client.get("/api/schema").status_code == 401


def test_wrong_password_is_refused(guarded: Server) -> None:
    """A wrong password opens nothing."""
    with pytest.raises(AssertionError, match="could not log in: 200"), guarded.log_in("ada", "wrong"):
        pass


def test_session_needs_the_csrf_token(guarded: Server) -> None:
    """A session alone does not write: a foreign page could use it, but does not know the token."""
    with guarded.log_in("ada", PASSWORD) as client:
        answer = client.post("/api/v1/nothing", json={}, headers={"X-CSRFToken": ""})
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("CSRF Failed")


def test_foreign_host_is_refused(guarded: Server) -> None:
    """A Host that is not ours is refused, also with login on."""
    with guarded.client() as client:
        assert client.get("/accounts/login/", headers={"Host": "evil.example"}).status_code == 400


def test_login_page_has_the_projects_name() -> None:
    """A person sees before the login already whose page it is."""
    with override_settings(APP_NAME="Operations"):
        page = Client().get("/accounts/login/", HTTP_HOST="localhost").text
    assert "<span>Operations</span>" in page
    assert "Aether" not in page
