"""Tests of sensitive notifications over REST: written like any other, shown one at a time, to their audience alone."""

import json
import logging
from typing import Any

import pytest
from django.contrib.auth.models import User

from notifications import actions
from notifications.sealing import NEUTRAL
from realtime import keys
from tests.notifications.api.conftest import URL, Api, fields

pytestmark = pytest.mark.django_db

MARKER = "xyzzy-plugh"
BODY: dict[str, Any] = {
    "title": f"Title {MARKER}",
    "message": f"Message {MARKER}",
    "related_entity": f"host-{MARKER}",
    "metadata": {"password": MARKER},
    "group_key": f"group-{MARKER}",
    "link": f"/{MARKER}",
    "actions": [{"label": MARKER, "url": f"/{MARKER}"}],
    "sensitive": True,
}
SAID = {name: BODY[name] for name in NEUTRAL}


@pytest.fixture(autouse=True)
def key(settings: Any) -> str:
    """The only key."""
    settings.ENCRYPTION_KEYS = [keys.generate()]
    return str(settings.ENCRYPTION_KEYS[0])


def shown(item: dict[str, Any]) -> dict[str, Any]:
    """Return of *item* what may be sensitive."""
    return {name: item[name] for name in NEUTRAL}


def test_only_its_own_page_says_what_it_says(writer: Api, reader: Api) -> None:
    """Creating and listing answer with the neutral form; asked for alone, its audience gets all of it."""
    status, created = writer("post", body=BODY)
    assert (status, shown(created), created["sensitive"]) == (201, NEUTRAL, True)
    _, page = reader("get")
    assert MARKER not in json.dumps(page)
    assert page["notifications"][0]["sensitive"] is True
    status, item = reader("get", f"/{created['id']}")
    assert (status, shown(item), item["sensitive"], item["readable"]) == (200, SAID, True, True)


def test_no_cache_stores_the_text(reader: Api) -> None:
    """The answer is for this moment only, sensitive or not."""
    for sensitive in (True, False):
        row = actions.create("t", sensitive=sensitive)
        assert reader.client.get(f"{URL}/{row.pk}").headers["Cache-Control"] == "no-store"


def test_nobody_else_sees_it(writer: Api, reader: Api, bob: User) -> None:
    """Who is not in the audience gets the same 404 as for one that does not exist, its writer included."""
    _, created = writer("post", body={**BODY, "user": "ann"})
    assert reader("get", f"/{created['id']}")[0] == 200
    status, problem = writer("get", f"/{created['id']}")
    assert (status, problem["detail"]) == (404, f"Notification {created['id']} not found")


def test_a_stranger_to_the_audience_is_shown_nothing(writer: Api, reader: Api) -> None:
    """Who changes one by its key without being in its audience gets neither what was there nor an echo."""
    whole = {**BODY, "user": "ann", "dedup_key": MARKER}
    for status in (201, 200):
        answer = writer("post", body=whole)
        assert answer[0] == status
        assert MARKER not in json.dumps(answer[1])


def test_changing(writer: Api, reader: Api) -> None:
    """A change stays sensitive, and is answered with the neutral form."""
    pk = writer("post", body=BODY)[1]["id"]
    status, changed = writer("patch", f"/{pk}", {"message": f"New {MARKER}", "level": "error"})
    assert (status, shown(changed), changed["level"]) == (200, NEUTRAL, "error")
    assert reader("get", f"/{pk}")[1]["message"] == f"New {MARKER}"
    for method, path in (
        ("put", f"/{pk}/read"),
        ("delete", f"/{pk}/read"),
        ("delete", f"/{pk}"),
        ("post", f"/{pk}/restore"),
    ):
        assert MARKER not in json.dumps(reader(method, path)[1])


def test_it_cannot_be_made_sensitive_later(writer: Api) -> None:
    """Nor the other way round: PATCH says so, and so does POST for a key that is there."""
    pk = writer("post", body={"title": "t", "dedup_key": "k"})[1]["id"]
    assert fields(writer("patch", f"/{pk}", {"sensitive": True})) == {"sensitive": "immutable"}
    assert fields(writer("post", body={"title": "t", "dedup_key": "k", "sensitive": True})) == {
        "sensitive": "immutable"
    }


def test_without_a_key(writer: Api, settings: Any) -> None:
    """Creating one says which setting is missing, and stores nothing."""
    settings.ENCRYPTION_KEYS = []
    answer = writer("post", body=BODY)
    assert fields(answer) == {"sensitive": "no_key"}
    assert "ENCRYPTION_KEYS" in answer[1]["detail"]
    assert writer("get")[1]["total_count"] == 0


def test_an_unreadable_one_says_what_to_do(reader: Api, writer: Api, settings: Any, key: str) -> None:
    """With its key missing it is shown as unreadable, with the remedy; with the key back it is there again."""
    pk = writer("post", body=BODY)[1]["id"]
    settings.ENCRYPTION_KEYS = [keys.generate()]
    status, item = reader("get", f"/{pk}")
    assert (status, item["readable"], item["title"]) == (200, False, NEUTRAL["title"])
    assert keys.name_of(key) in item["message"]
    assert "ENCRYPTION_KEYS" in item["message"]
    assert fields(writer("patch", f"/{pk}", {"message": "x"})) == {"sensitive": "unreadable"}
    settings.ENCRYPTION_KEYS = [key]
    assert shown(reader("get", f"/{pk}")[1]) == SAID


def test_the_log_names_who_read_it_and_not_what(reader: Api, writer: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Writing and reading leave no word of it in the log, at its most talkative."""
    caplog.set_level(logging.DEBUG)
    pk = writer("post", body=BODY)[1]["id"]
    reader("get", f"/{pk}")
    assert MARKER not in caplog.text
    [read] = [record for record in caplog.records if record.message == "sensitive_read"]
    assert vars(read).items() >= {"notification": str(pk), "transport": "rest"}.items()
