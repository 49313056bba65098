"""Tests of the pages that people see: their addresses, who may open them, and what the navigation says."""

import json
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db

PAGES = {
    "/": ("dashboard", "page"),
    "/notifications": ("inbox", "page"),
    "/inventory": ("inventory", "page"),
    "/inventory/hosts/db-01.example.org": ("inventory", "true"),
    "/inventory/vms/3f1c": ("inventory", "true"),
    "/jobs": ("jobs", "page"),
    "/jobs/7": ("jobs", "true"),
}
"""Each with the section that the navigation marks, and how."""


@pytest.fixture
def ada(client: Client) -> Client:
    """The browser of somebody who may do nothing but look."""
    client.force_login(User.objects.create_user("ada"))
    return client


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_people_who_are_signed_in(client: Client, path: str) -> None:
    """A stranger is sent to the login page, and back to the very page afterwards."""
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/accounts/login/?next={path}")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_write_and_is_never_kept(ada: Client, path: str) -> None:
    """It comes with the CSRF cookie that its requests need, and no cache keeps it; nothing is posted to it."""
    answer = ada.get(path)
    assert "csrftoken" in answer.cookies
    assert "no-store" in answer.headers["Cache-Control"]
    assert ada.post(path).status_code == 405


@pytest.mark.parametrize(("path", "marked"), PAGES.items())
def test_the_navigation_says_where_one_is(ada: Client, path: str, marked: tuple[str, str]) -> None:
    """The page itself is marked as such; on the page of one object, its section is."""
    text = ada.get(path).content.decode()
    links = re.findall(r'<a href="([^"]+)"( aria-current="(\w+)")? data-testid="nav-(\w+)">', text)
    assert [(href, name) for href, _, _, name in links] == [
        ("/", "dashboard"),
        ("/notifications", "inbox"),
        ("/inventory", "inventory"),
        ("/jobs", "jobs"),
    ]
    assert [(name, how) for _, _, how, name in links if how] == [marked]


@pytest.mark.parametrize("name", ["host-page", "vm-page", "job-page"])
def test_ids_are_text_wherever_they_stand(ada: Client, name: str) -> None:
    """What an address calls an object is shown as it is written, and found by the scripts, whatever is in it."""
    object_id = "<script><b>&\"' é ☃"
    text = ada.get(reverse(name, args=[object_id])).content.decode()
    assert "<b>" not in text
    config = re.search(r'<script id="config-data" type="application/json">(.*?)</script>', text)
    assert config
    assert json.loads(config[1])["object_id"] == object_id
