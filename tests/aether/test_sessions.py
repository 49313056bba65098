"""A session's cookie may hold anything."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from aether.sessions import SessionStore

KEYS = ['"\\000\\000\\000\\000\\000\\000\\000\\000"', '"abcdefg\\000"', "é" * 8, "' OR 1=1 --", "x" * 5_000, ""]


@pytest.mark.django_db
@pytest.mark.parametrize("key", KEYS)
def test_a_cookie_that_is_no_key_is_nobodys(client: Client, key: str) -> None:
    """A cookie that can be no session's key is asked to log in, by PostgreSQL's server too."""
    assert client.get("/api/v1/notifications", headers={"Cookie": f"sessionid={key}"}).status_code == 401


@pytest.mark.django_db
def test_a_session_is_found_by_its_key(client: Client) -> None:
    """A key that Django makes is one."""
    client.force_login(User.objects.create_user("ann"))
    assert SessionStore(client.cookies["sessionid"].value).exists(client.cookies["sessionid"].value)
    assert client.get("/api/v1/notifications").status_code == 200
