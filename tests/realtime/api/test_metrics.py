"""Tests of /metrics: who may read it, and what it says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.checks import run_checks
from django.db import connection
from django.test import Client, override_settings
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from realtime import outbox, tokens
from realtime.api.metrics import OUTBOX
from realtime.metrics import METRICS
from realtime.models import Publication
from tests.notifications.conftest import make_roles
from tests.support.servers import ROOT, Server

TOKEN = "a-scraper's-own-token-0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
NAMES = {metric.name for metric in (*METRICS, *OUTBOX)}
ON = override_settings(METRICS_TOKEN=TOKEN)


@pytest.fixture(scope="module")
def scraped(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server in production's ways: login on, https, its own name alone, and a token for scrapers."""
    server = Server(
        tmp_path_factory.mktemp("scraped"), migrated_database, METRICS_TOKEN=TOKEN, HTTPS="true",
        ALLOWED_HOSTS="aether.example.org",
    )  # fmt: skip
    yield server.start()
    server.stop()


def user_with(*permissions: str) -> User:
    """Return a user with a role and further permissions."""
    make_roles()
    user = User.objects.create_user("ada")
    user.groups.add(Group.objects.get(name="Reader"))
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    return user


def test_scraper_needs_no_session_no_name_and_no_https(scraped: Server) -> None:
    """With the token a scraper gets the metrics at the machine's address, by http, and Prometheus can read them."""
    with scraped.client(headers=BEARER) as client:
        answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "no-store" in answer.headers["Cache-Control"]
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert {name.removesuffix("_total") for name in NAMES} == set(families)
    assert families["aether_workers"].samples[0].value == 1


def test_openmetrics_for_who_asks_for_it(scraped: Server) -> None:
    """Prometheus' newer format is there as well."""
    wanted = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    with scraped.client(headers=BEARER | {"Accept": wanted}) as client:
        answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_token_reads_and_nothing_else(scraped: Server) -> None:
    """The token opens no other route, and no other method of this one."""
    with scraped.client(headers=BEARER) as client:
        assert client.post("/metrics").status_code == 405
        assert client.get("/api/v1/notifications", headers={"Host": "aether.example.org"}).status_code == 301


@ON
@pytest.mark.parametrize(
    "header", ["", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer", "Bearer é", f"Token {TOKEN[:-1]}"]
)
def test_strangers_are_refused(db: None, client: Client, header: str) -> None:
    """Without the right token, and without an account, there is a 401 that says what is missing."""
    answer = client.get("/metrics", headers={"Authorization": header})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')
    assert b"aether_" not in answer.content


def test_empty_token_opens_nothing(db: None, client: Client) -> None:
    """Where no token is set, an empty one is no way in."""
    for header in ("Bearer ", "Token", "Bearer  "):
        assert client.get("/metrics", headers={"Authorization": header}).status_code == 401


def test_people_need_the_permission(db: None, client: Client) -> None:
    """A person who is logged in reads the metrics with the permission, and gets a 403 that names it without."""
    user = user_with()
    client.force_login(user)
    refused = client.get("/metrics")
    assert (refused.status_code, b"realtime.view_metrics" in refused.content) == (403, True)
    user.user_permissions.add(Permission.objects.get(codename="view_metrics"))
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize(("permissions", "status"), [([], 403), (["view_metrics"], 200)])
def test_api_tokens_have_their_users_permissions(db: None, client: Client, permissions: list[str], status: int) -> None:
    """A scraper may also come with the API token of a user who has the permission."""
    _, secret = tokens.create(user_with(*permissions), "prometheus")
    assert client.get("/metrics", headers={"Authorization": f"Bearer {secret}"}).status_code == status


def test_labels_name_nobody(scraped: Server) -> None:
    """Labels have values out of few: no user, no address, no client, no object."""
    with scraped.client(headers=BEARER) as client:
        text = client.get("/metrics").text
    labels = set(re.findall(r'(\w+)="', text))
    assert labels == {"transport", "dialect", "topic", "outcome", "reason", "source", "code", "limit", "le"} & labels
    assert TOKEN not in text


def test_outbox_is_counted_by_its_index(db: None) -> None:
    """Depth and age come from the index of what is pending, however long the history is."""
    Publication.objects.bulk_create([Publication(stream="jobs", audience="everyone", body="{}") for _ in range(3)])
    depth, age = outbox.backlog()
    assert depth == 3
    assert 0 <= age < 10
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Publication.objects.filter(offset__isnull=True).explain()
    assert "realtime_pending" in plan


@pytest.mark.parametrize(("token", "errors"), [("", 0), ("short", 1), (TOKEN, 0)])
def test_token_that_can_be_guessed_is_refused(settings: Settings, token: str, errors: int) -> None:
    """The server does not start with a short token, and does without any."""
    settings.METRICS_TOKEN = token
    assert len([found for found in run_checks(tags=["settings"]) if found.id == "realtime.E002"]) == errors


def test_every_metric_is_documented() -> None:
    """The table of docs/operations.md has each metric, and none that does not exist."""
    rows = re.findall(
        r"^\| `(aether_\w+)[^`]*` \| (?:counter|gauge|histogram) \|",
        (ROOT / "docs" / "operations.md").read_text(),
        re.M,
    )
    assert sorted(rows) == sorted(NAMES)


def test_dashboard_asks_for_what_exists() -> None:
    """Grafana's dashboard asks for existing metrics and labels alone, and shows each metric somewhere."""
    dashboard = json.loads((ROOT / "docs" / "grafana.json").read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    asked = {name for query in queries for name in re.findall(r"\baether_\w+", query)}
    parts = {f"{metric.name}_{part}" for metric in METRICS if metric.bounds for part in ("bucket", "sum", "count")}
    assert asked <= NAMES | parts
    assert {re.sub(r"_(bucket|sum|count)$", "", name) if name in parts else name for name in asked} == NAMES
    known = {label for metric in METRICS for label in metric.labels} | {"le", "instance", "job"}
    assert {
        label for query in queries for found in re.findall(r"by \(([^)]*)\)", query) for label in found.split(", ")
    } <= known
