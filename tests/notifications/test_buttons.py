"""Tests of what links and buttons may be."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from notifications import actions, buttons
from notifications.models import Notification

CALL = {"label": "Restart", "method": "POST", "path": "/api/v1/jobs", "body": {"a": 1}}


@pytest.mark.parametrize(
    "link", ["/", "/jobs?a=1#b", "https://example.org", "http://[::1]:8000/x", "/%20", "/ü", "/.x?a=/../#.."]
)
def test_links_that_lead_somewhere(link: str) -> None:
    """Paths of this site, and http and https addresses."""
    buttons.link(link)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)", "JAVASCRIPT:x", "//host", "/\\host", "\\\\host", "/\t/host", "data:x", "jobs", "",
        "http:x", "https:/x", "https://", "https://a@b", "https://a:b@c", "https://b:x/", " /x", "/x y", "/\u202ex",
        "/'", '/"', "/<x>", "/" + "x" * 2_000, "mailto:a@b", "HTTP://x", "https://[::1",
        "/.//host", "/x/..//host", "/%2e//host", "/%2E./x", "/..",
    ],
)  # fmt: skip
def test_links_that_do_not(link: str) -> None:
    """No other scheme, no other host in disguise, and nothing that browsers read differently."""
    with pytest.raises(ValidationError):
        buttons.link(link)


@pytest.mark.parametrize(
    "path",
    [
        "/admin/", "/api", "/apix/", "//api/", "/api/../admin/", "/api/%2e%2e/admin/", "/api/.%2E/x", "/api/./x",
        "/api//x",        "/api/..%2fx", "/api/%5c..", "/api/x#y", "https://host/api/", "api/x", "/API/x", "/api/%0a",
    ],
)  # fmt: skip
def test_paths_that_leave_the_api(path: str) -> None:
    """However a browser or a proxy reads it, a request stays below /api/."""
    with pytest.raises(ValidationError):
        buttons.api_path(path)
    buttons.api_path("/api/v1/jobs?dry=%2e%2e")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"label": "x", "url": "javascript:x"}], {"0.url": "invalid_link"}),
        ([CALL, {"label": " ", "url": "/"}], {"1.label": "blank"}),
        ([{"label": "x" * 41, "url": "/"}], {"0.label": "max_length"}),
        ([{"label": "a\nb", "url": "/"}], {"0.label": "invalid_characters"}),
        ([{"label": "x"}], {"0.url": "required"}),
        ([{"url": "/"}], {"0.label": "required"}),
        ([{"label": 1, "url": None}], {"0.label": "not_text", "0.url": "not_text"}),
        ([CALL | {"url": "/"}], {"0.url": "unknown"}),
        ([{"label": "x", "url": "/", "body": {}}], {"0.body": "unknown"}),
        ([CALL | {"method": "GET"}], {"0.method": "invalid_choice"}),
        ([CALL | {"method": "post"}], {"0.method": "invalid_choice"}),
        ([CALL | {"path": "/admin/"}], {"0.path": "invalid_path"}),
        ([CALL | {"body": []}], {"0.body": "not_an_object"}),
        ([CALL | {"body": {"a": "x" * 4_096}}], {"0.body": "max_size"}),
        ([CALL] * 3, {"": "max_items"}),
        ({}, {"": "not_a_list"}),
        (["x"], {"0": "not_an_object"}),
    ],
)
def test_the_error_names_the_place(value: Any, expected: dict[str, str]) -> None:
    """Each fault is told where it is, with its rule."""
    assert {where: error.code for where, error in buttons.problems(value).items()} == expected


def test_what_is_fine() -> None:
    """A link and a request."""
    assert buttons.problems([CALL, {"label": "Docs", "url": "https://example.org"}]) == {}
    assert buttons.calls([CALL])
    assert not buttons.calls([{"label": "Docs", "url": "/"}])


@pytest.mark.django_db
def test_in_python() -> None:
    """The actions refuse them with the field's place, in bulk with the item's number; storms' keys are refused too."""
    with pytest.raises(ValidationError) as caught:
        actions.create("x", actions=[{"label": "x", "url": "//x"}])
    assert list(caught.value.message_dict) == ["actions.0.url"]
    with pytest.raises(ValidationError) as caught:
        actions.create_many([{"title": "x"}, {"title": "x", "actions": [CALL | {"path": "/"}]}])
    assert list(caught.value.message_dict) == ["1.actions.0.path"]
    for work in (actions.create, lambda title, **key: actions.create_many([{"title": title, **key}])):
        with pytest.raises(ValidationError, match="storms"):
            work("x", group_key="storm:x")
    assert Notification.objects.count() == 0
