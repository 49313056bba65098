"""Tests of the export: the user's own view, as a file that a spreadsheet cannot be attacked with."""

import csv
import io
import json

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient, override_settings

from notifications import actions
from realtime import keys
from tests.notifications.api.conftest import URL

pytestmark = pytest.mark.django_db(transaction=True)


async def export(user: User, path: str) -> str:
    """Return the whole file that *user* gets."""
    client = AsyncClient()
    await sync_to_async(client.force_login)(user)
    answer = await client.get(f"{URL}/export.{path}", headers={"Accept": "text/csv"})
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    return b"".join([part async for part in answer.streaming_content]).decode()  # type: ignore[attr-defined]


async def test_all_pages(ann: User, bob: User) -> None:
    """Everything that the user sees is in it once, newest first, however many pages that is; others' is not."""
    await actions.acreate("bob's", user=bob)
    await actions.acreate_many({"title": f"n{number}"} for number in range(450))
    lines = (await export(ann, "ndjson")).splitlines()
    assert [json.loads(line)["title"] for line in lines] == [f"n{number}" for number in reversed(range(450))]
    rows = list(csv.DictReader(io.StringIO(await export(ann, "csv"))))
    assert [row["title"] for row in rows] == [f"n{number}" for number in reversed(range(450))]
    assert rows[0]["read"] == "false"


async def test_filters(ann: User) -> None:
    """The filters of the list say what is in it; without anything the head is there."""
    await actions.acreate("one", level="error")
    await actions.acreate("two")
    assert len((await export(ann, "ndjson?level=error")).splitlines()) == 1
    assert (await export(ann, "csv?q=nothing")).startswith("id,title,message,level")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1", '="a",b'])
async def test_formulas(ann: User, text: str) -> None:
    """What a spreadsheet would take for a formula is text there, also after blanks and with quotes."""
    await actions.acreate(text, text, related_entity=text)
    [row] = csv.DictReader(io.StringIO(await export(ann, "csv"), newline=""))
    assert {row["title"], row["message"], row["related_entity"]} == {f"'{text}"}


async def test_sensitive(ann: User) -> None:
    """Sensitive ones are there in their neutral form."""
    with override_settings(ENCRYPTION_KEYS=[keys.generate()]):
        await actions.acreate("hunter2", "hunter2", sensitive=True, metadata={"a": "hunter2"})
        for kind in ("csv", "ndjson"):
            text = await export(ann, kind)
            assert "Sensitive notification" in text
            assert "hunter2" not in text


async def test_bad_queries_and_nobody(ann: User) -> None:
    """A wrong filter is a problem in JSON, and nobody gets nothing."""
    client = AsyncClient()
    assert (await client.get(f"{URL}/export.csv")).status_code == 401
    await sync_to_async(client.force_login)(ann)
    answer = await client.get(f"{URL}/export.csv?level=x", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
