"""Tests of the audit: what it tells, that rows are bounded and stay as they are, and that no secret gets in."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from realtime import audit, tokens, upkeep
from realtime.audit import Event
from realtime.ledger import Ledger, write
from realtime.models import ApiToken, AuditEvent
from tests.support.servers import ROOT

PASSWORD = "correct-horse-battery-1"


@pytest.fixture
def rows(transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the audit write rows, which end with the test; what another test used up of its budgets is forgotten."""
    settings.AUDIT_RETENTION = 3600
    monkeypatch.setattr(audit, "ledger", Ledger(write))
    yield
    audit.flush()


def told() -> list[tuple[str, str, dict[str, Any]]]:
    """Return what the rows say, oldest first: event, user, details."""
    audit.flush()
    return [(row.event, row.username, row.details) for row in AuditEvent.objects.order_by("id")]


@pytest.fixture
def site(rows: None) -> Client:
    """A superuser in the admin; what the audit said of that is forgotten."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root", password=PASSWORD))
    audit.flush()
    AuditEvent.objects.prune(datetime.now(UTC) + timedelta(days=1))
    return client


def test_every_event_is_documented() -> None:
    """docs/operations.md has a row with each event and its sentence."""
    text = (ROOT / "docs" / "operations.md").read_text()
    assert [event for event in Event if f"| `{event}` | {event.sentence}" not in text] == []


def test_logins_are_told(rows: None, client: Client) -> None:
    """Login, logout and a failed login leave rows with the user and the address."""
    get_user_model().objects.create_user("anna", password=PASSWORD)
    client.post("/accounts/login/", {"username": "anna", "password": "wrong"})
    client.post("/accounts/login/", {"username": "anna", "password": PASSWORD})
    client.post("/accounts/logout/")
    assert told()[1:] == [
        ("login_failed", "", {"account": "anna"}),
        ("login", "anna", {}),
        ("logout", "anna", {}),
    ]
    assert {row.address for row in AuditEvent.objects.exclude(event="user_created")} == {"127.0.0.1"}


def test_a_password_typed_as_a_name_is_not_told(rows: None, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Of a name that does not exist only that is told: it may be a password in the wrong field."""
    client.post("/accounts/login/", {"username": PASSWORD, "password": "anna"})
    client.post("/accounts/login/", {"username": "a\x00b", "password": "anna"})
    assert all(details == {"account_exists": False} for _, _, details in told())
    assert PASSWORD not in caplog.text + str(told())


def test_accounts_and_roles_are_told(rows: None) -> None:
    """Whoever is made, gets a password or rights, is deactivated or deleted, is told with what changed."""
    anna = get_user_model().objects.create_user("anna", password=PASSWORD)
    account_id = str(anna.pk)
    anna.set_password("another-1")
    anna.is_staff = True
    anna.save()
    operators = Group.objects.create(name="operators")
    anna.groups.add(operators)
    operators.user_set.remove(anna)
    anna.is_active = False
    anna.save(update_fields=["is_active"])
    anna.delete()
    about = {"account": "anna", "account_id": account_id}
    assert told() == [
        ("user_created", "", {**about, "gained": []}),
        ("password_changed", "", about),
        ("role_changed", "", {**about, "gained": ["is_staff"]}),
        ("role_changed", "", {**about, "gained": ["group operators"]}),
        ("role_changed", "", {"group": "operators", "lost": ["user anna"]}),
        ("user_deactivated", "", about),
        ("user_deleted", "", about),
    ]


def test_what_is_rolled_back_is_not_told(rows: None) -> None:
    """A change that does not commit leaves nothing."""
    with transaction.atomic():
        get_user_model().objects.create_user("anna")
        transaction.set_rollback(True)
    assert told() == []


def test_writes_in_the_admin_are_told_without_their_text(site: Client) -> None:
    """An object's kind, its id and the names of the changed fields are told; neither its name nor a value."""
    form = {"username": "ben-marker", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert site.post("/admin/auth/user/add/", form).status_code == 302
    ben = get_user_model().objects.get(username="ben-marker")
    for name in ("one", "two"):
        site.post("/admin/auth/group/add/", {"name": f"marker {name}"})
    groups = [
        str(pk) for pk in Group.objects.filter(name__startswith="marker").order_by("pk").values_list("pk", flat=True)
    ]
    chosen = {"action": "delete_selected", "_selected_action": groups, "post": "yes"}
    assert site.post("/admin/auth/group/", chosen).status_code == 302
    fields = site.get(f"/admin/auth/user/{ben.pk}/change/").context["adminform"].form.initial
    joined = {
        "date_joined_0": f"{fields['date_joined']:%Y-%m-%d}",
        "date_joined_1": f"{fields['date_joined']:%H:%M:%S}",
    }
    form = {"username": "ben-marker", "first_name": "marker", "is_active": "on", **joined}
    assert site.post(f"/admin/auth/user/{ben.pk}/change/", form).status_code == 302
    writes = [(who, details) for event, who, details in told() if event == "admin_write"]
    assert {who for who, _ in writes} == {"root"}
    assert [(details["action"], details["kind"], details["object_id"]) for _, details in writes] == [
        ("added", "auth.user", str(ben.pk)),
        *(("added", "auth.group", pk) for pk in groups),
        *(("deleted", "auth.group", pk) for pk in groups),
        ("changed", "auth.user", str(ben.pk)),
    ]
    assert "First name" in writes[-1][1]["fields"]
    assert "marker" not in str(writes)


def test_a_refused_write_is_told(rows: None) -> None:
    """A user without the right who writes over REST leaves a row that says which call it was."""
    client = Client()
    client.force_login(get_user_model().objects.create_user("anna"))
    assert client.post("/api/v1/notifications", {"title": "marker"}, "application/json").status_code == 403
    assert told()[-1] == (
        "denied", "anna", {"transport": "rest", "method": "POST", "path": "/api/v1/notifications"}
    )  # fmt: skip


def test_a_flood_is_counted(rows: None) -> None:
    """A thousand refusals that are alike are two rows, and ten thousand different ones stay within their budget."""
    for _ in range(1_000):
        audit.record(Event.REFUSED, address="192.0.2.1", reason="Origin is another site.")
    audit.flush()
    assert list(AuditEvent.objects.order_by("id").values_list("count", flat=True)) == [1, 999]
    for number in range(10_000):
        audit.record(Event.REFUSED, address=f"198.51.100.{number}", reason="Origin is another site.")
    audit.record(Event.PASSWORD_CHANGED, account="anna")
    audit.flush()
    assert AuditEvent.objects.count() < 600
    assert AuditEvent.objects.get(event="refused", details={"collapsed": True}).count > 9_000
    assert AuditEvent.objects.filter(event="password_changed").exists()


def test_a_database_that_is_away_costs_the_row_alone(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """Where rows cannot be written, whoever recorded never hears of it, and the log has the event."""
    settings.AUDIT_RETENTION = 3600
    with caplog.at_level(logging.INFO):
        audit.record(Event.LOGOUT, address="192.0.2.1")
        audit.flush()  # This test may not use the database.
    assert [record.message for record in caplog.records if record.name == "realtime.audit"] == ["logout"]


def test_rows_cannot_be_changed(rows: None) -> None:
    """Neither the program nor the database changes a row, and only its age deletes one."""
    audit.record(Event.LOGIN)
    audit.flush()
    row = AuditEvent.objects.get()
    row.username = "somebody else"
    everything = AuditEvent.objects.all()
    attempts = (row.save, row.delete, everything.delete, lambda: everything.update(count=2))
    for attempt in (*attempts, lambda: everything.bulk_update([row], ["username"])):
        with pytest.raises(PermissionDenied):
            attempt()
    with pytest.raises(DatabaseError, match="audit is not changed"), transaction.atomic():
        super(type(everything), everything).update(username="somebody else")
    assert AuditEvent.objects.get().username == ""


def test_old_rows_are_pruned(rows: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows older than AUDIT_RETENTION go with `manage.py prune`, and with the servers' own; younger ones stay."""
    now = datetime.now(UTC)
    ages = [*range(1_500), 4_000, *(range(4_000, 5_100))]
    AuditEvent.objects.bulk_create(AuditEvent(at=now - timedelta(seconds=age), event="login") for age in ages)
    call_command("prune")
    assert "audit: 1101 deleted" in capsys.readouterr().out
    assert AuditEvent.objects.count() == 1_500
    assert upkeep.prune_audit() == 0


def test_admin_reads_and_searches(site: Client) -> None:
    """The admin filters by event, date, user and address, and offers neither to add nor to change nor to delete."""
    audit.record(Event.REFUSED, address="192.0.2.1", reason="Origin is another site.")
    audit.record(Event.DENIED, user=get_user_model().objects.get(), address="192.0.2.2", topics=["jobs"])
    audit.flush()
    url = "/admin/realtime/auditevent/"
    found = {
        query: [row.event for row in site.get(f"{url}?{query}").context["cl"].result_list]
        for query in ("event=refused", "q=192.0.2.2", "q=root", "q=jobs", "at__year=1999", "q=another")
    }
    assert list(found.values()) == [["refused"], ["denied"], ["denied"], ["denied"], [], ["refused"]]
    row = AuditEvent.objects.filter(event="denied").get()
    assert "192.0.2.2" in site.get(f"{url}{row.pk}/change/").text
    for path in (f"{url}add/", f"{url}{row.pk}/delete/"):
        assert site.post(path, {"post": "yes"}).status_code == 403
    assert site.post(f"{url}{row.pk}/change/", {"username": "x"}).status_code == 403
    site.post(url, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert AuditEvent.objects.count() == 2


def test_details_stay_short_and_json(rows: None) -> None:
    """What a stranger could make long is cut, and names that log lines have already are no trouble."""
    audit.record(Event.LIMIT, name="x" * 10_000, topics=[str(number) for number in range(100)], level=3)
    [(_, _, details)] = told()
    assert len(json.dumps(details)) < 500
    assert details["level"] == 3


def test_too_many_requests_are_told(rows: None, client: Client, settings: Settings) -> None:
    """A user whose quota is used up leaves a row with the role that has it."""
    settings.THROTTLES = {**settings.THROTTLES, "Reader": 1}
    client.force_login(get_user_model().objects.create_user("anna"))
    assert [client.get("/api/v1/tokens").status_code for _ in range(2)] == [200, 429]
    assert told()[-1] == ("limit", "anna", {"limit": "REST", "transport": "rest", "role": "Reader"})


def test_tokens_and_tickets_are_told(rows: None, client: Client) -> None:
    """Making, using and revoking a token, and making a ticket, leave rows with the token's id and without a secret."""
    anna = get_user_model().objects.create_user("anna")
    token, secret = tokens.create(anna, "nightly backup")
    token_id, ended = str(token.uuid), tokens.create(anna, "old")[0]
    header = {"Authorization": f"Token {secret}"}
    ticket = client.post("/api/v1/ws/ticket", headers=header).json()["ticket"]
    client.get("/api/v1/tokens", headers={"Authorization": "Token aether_guessed"})
    client.delete(f"/api/v1/tokens/{token_id}", headers=header)
    ApiToken.objects.filter(pk=ended.pk).update(expiry=datetime.now(UTC) - timedelta(days=40))
    tokens.prune()
    by_token = {"transport": "rest", "token": token_id}
    about = {"token": token_id, "name": "nightly backup", "account": "anna"}
    assert token.expiry is not None
    found = [row for row in told() if row[2].get("name") != "old"]
    assert found[1:] == [
        ("token_made", "", {**about, "expires_at": token.expiry.isoformat()}),
        ("token_used", "anna", by_token),
        ("ticket_made", "anna", {**by_token, "credential": "token"}),
        ("unauthorized", "", {"transport": "rest", "reason": "The token is not valid, or has ended."}),
        ("token_revoked", "anna", about),
        ("token_used", "anna", by_token),
    ]
    assert not {secret, ticket, "aether_guessed"} & set(json.dumps(found).split('"'))
    assert "token_revoked" not in {event for event, _, details in told() if details.get("name") == "old"}
