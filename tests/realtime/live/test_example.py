"""Test of the docs' example of a live model, as it is written there."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import isolate_apps

from realtime import history, topics
from tests.realtime.conftest import Connect, in_thread
from tests.support.servers import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def example(transactional_db: None) -> Iterator[dict[str, Any]]:
    """The names that the example defines, once its code has run and its tables exist."""
    text = (ROOT / "docs" / "python.md").read_text().partition("## A live model\n")[2]
    code = re.search(r"```python\n(.*?)```", text, re.S)[1]
    assert len([line for line in code.splitlines() if line and not line.startswith(("from", "import"))]) <= 12
    names: dict[str, Any] = {"__name__": "realtime.example"}
    with isolate_apps("realtime"):
        exec(compile(code, "docs/python.md", "exec"), names)
    with connection.schema_editor() as editor:
        editor.create_model(names["Server"])
    history.ensure(["servers"])
    yield names
    topics.unregister("servers")
    with connection.schema_editor() as editor:
        editor.delete_model(names["Server"])


@pytest.mark.parametrize("edge", [None])
async def test_the_example_does_what_the_docs_say(example: dict[str, Any], connect: Connect) -> None:
    """A row reaches who follows the topic, or it alone, as it comes, changes and goes."""
    everything, one = await connect(), await connect()
    await everything.subscribe("servers")
    row = await in_thread(lambda: example["Server"].objects.create(name="web-1"))
    came = await everything.receive()
    assert came == {
        "type": "servers", "action": "created", "topic": "servers", "offset": 1,
        "data": {"id": row.pk, "name": "web-1", "running": False, "version": row.version},
    }  # fmt: skip
    await one.subscribe(f"servers:{row.pk}")
    row.running = True
    await in_thread(row.save)
    for client in (everything, one):
        changed = await client.receive()
        assert (changed["action"], changed["data"]["running"]) == ("updated", True)
    pk = row.pk
    await in_thread(row.delete)
    for client in (everything, one):
        gone = await client.receive()
        assert (gone["action"], gone["data"]) == ("deleted", {"id": pk, "version": row.version + 1})
