"""Tests of the rules in the admin: every declared rule has its switch, which counts with the next write."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client

from aether.jobs import actions as jobs
from aether.rules.declared import RULES
from aether.rules.models import RuleSwitch
from tests.aether.rules.conftest import told

pytestmark = pytest.mark.django_db
URL = "/admin/rules/ruleswitch/"


def someone(role: str) -> Client:
    """Return the browser of a user of the admin with *role*."""
    import_module("aether.rules.migrations.0002_roles").make_roles(apps, None)
    user = User.objects.create_user(role.lower(), is_staff=True)
    user.groups.add(*Group.objects.filter(name=role))
    client = Client()
    client.force_login(user)
    return client


def fail_a_job() -> None:
    """Let a job fail."""
    jobs.fail(jobs.create("deploy", status="running").pk, "No.")


def test_rows_appear_by_themselves() -> None:
    """Each declared rule has a row, also where it was lost; a row whose rule is gone says so and can be deleted."""
    RuleSwitch.objects.all().delete()
    RuleSwitch.objects.create(name="of_yesterday")
    admin = someone("Admin")
    page = admin.get(URL).content.decode()
    assert all(rule.about.replace("'", "&#x27;") in page for rule in RULES)
    assert "of_yesterday (unknown: no rule of this name is declared)" in page
    assert admin.post(f"{URL}of_yesterday/delete/", {"post": "yes"}).status_code == 302
    assert admin.post(f"{URL}job_failed/delete/", {"post": "yes"}).status_code == 403
    assert admin.get(f"{URL}add/").status_code == 403
    assert set(RuleSwitch.objects.values_list("name", flat=True)) == {rule.name for rule in RULES}


def test_a_switch_counts_at_once() -> None:
    """Off, nothing is told; on again with another level, it is told with that; the row names who did it."""
    admin = someone("Admin")
    admin.get(URL)
    admin.post(URL, {"action": "switch_off", "_selected_action": ["job_failed"]})
    fail_a_job()
    assert told() == []
    assert admin.post(f"{URL}job_failed/change/", {"enabled": "on", "level": "warning", "grace": ""}).status_code == 302
    fail_a_job()
    assert told() == [("warning", "deploy failed")]
    row = RuleSwitch.objects.get(name="job_failed")
    assert (row.changed_by.username if row.changed_by else None) == "admin"


def test_a_grace_needs_an_end() -> None:
    """What happens at once cannot be waited for: the admin says so."""
    admin = someone("Admin")
    admin.get(URL)
    page = admin.post(f"{URL}vm_state/change/", {"enabled": "on", "level": "", "grace": "5"}).content.decode()
    assert "cannot resolve itself" in page
    assert admin.post(f"{URL}host_lost/change/", {"enabled": "on", "level": "", "grace": "5"}).status_code == 302
    assert RuleSwitch.objects.get(name="host_lost").grace == 5


def test_who_may_only_look() -> None:
    """A writer sees the rules and switches none."""
    someone("Admin").get(URL)
    writer = someone("Writer")
    assert writer.get(URL).status_code == 200
    writer.post(URL, {"action": "switch_off", "_selected_action": ["job_failed"]})
    assert writer.post(f"{URL}job_failed/change/", {"enabled": "", "level": "", "grace": ""}).status_code == 403
    assert RuleSwitch.objects.get(name="job_failed").enabled
