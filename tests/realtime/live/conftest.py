"""Fixtures of the live models: their tables, their topics, and what was published."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from realtime import history, outbox, topics
from realtime.models import Publication
from tests.realtime.live.fleet import MODELS, FleetTopic, SecretTopic

Said = Callable[..., list[Any]]


@pytest.fixture
def fleet(transactional_db: None) -> Iterator[FleetTopic]:
    """The topic `fleet`, and `secrets` beside it, with empty tables."""
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    own = [FleetTopic(), SecretTopic()]
    for topic in own:
        topics.register(topic)
    history.ensure(topic.name for topic in own)
    yield own[0]
    for topic in own:
        topics.unregister(topic.name)
    with connection.schema_editor() as editor:
        for model in reversed(MODELS):
            editor.delete_model(model)


@pytest.fixture
def said(fleet: FleetTopic) -> Said:
    """Return what was published on a topic since the last call, as (action, key, data), in order."""

    def said(stream: str = "fleet") -> list[Any]:
        rows = Publication.objects.filter(stream=stream).order_by("id")
        found = [(json.loads(row.body), row.key) for row in rows]
        rows.delete()
        return [(body["action"], key, body["data"]) for body, key in found]

    return said


def relay(stream: str = "fleet") -> list[Any]:
    """Number what is pending on *stream*."""
    return outbox.relay(stream)
