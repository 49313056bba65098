"""Tests of `Idempotency-Key`: what is asked twice is done once."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.http import HttpResponse
from django.test import override_settings
from django.utils import timezone

from notifications import actions, idempotency
from notifications.idempotency import Answer, Claim, Reused, UnderWay
from notifications.models import Notification
from realtime import keys
from tests.notifications.api.conftest import URL, Api
from tests.notifications.conftest import make_roles

pytestmark = pytest.mark.django_db

BODY = {"title": "Hi", "message": "there"}


def post(api: Api, key: str | None, body: Any = BODY, path: str = "") -> HttpResponse:
    """Return the whole answer to a POST with *key*."""
    headers = {} if key is None else {"Idempotency-Key": key}
    answer: Any = api.client.post(URL + path, json.dumps(body), content_type="application/json", headers=headers)
    return answer  # type: ignore[no-any-return]


def test_the_same_again(writer: Api) -> None:
    """The same request gets the same answer, says so, and creates nothing; the order of the fields does not count."""
    first = post(writer, "a")
    again = post(writer, '"a"', dict(reversed(BODY.items())))
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotency-Replay" not in first.headers
    assert again.headers["Idempotency-Replay"] == "true"
    assert again.json() == first.json()  # type: ignore[attr-defined]
    assert Notification.objects.count() == 1


def test_another_body_is_refused(writer: Api) -> None:
    """The key with another body is a 422, and creates nothing."""
    post(writer, "a")
    answer = post(writer, "a", {"title": "Other"})
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert Notification.objects.count() == 1


def test_under_way(writer: Api, bob: User) -> None:
    """While the first is under way, the answer is 409 and when to ask again; one that died is taken over."""

    def during() -> Answer:
        answer = post(writer, "a")
        assert (answer.status_code, answer["Retry-After"]) == (409, "1")
        return Answer(201, "{}")

    asked = json.dumps(["POST", URL, BODY], sort_keys=True)
    idempotency.once(bob.pk, "a", asked, during)
    Claim.objects.update(status=None, created_at=timezone.now() - idempotency.STALE)
    assert post(writer, "a").status_code == 201
    assert Notification.objects.count() == 1


def test_what_was_taken_over_is_rolled_back(bob: User) -> None:
    """An attempt that was taken for dead and lives does nothing."""

    def slow() -> Answer:
        actions.create("slow")
        Claim.objects.update(created_at=timezone.now() - idempotency.STALE)
        idempotency.once(bob.pk, "a", "x", lambda: Answer(201, "quick"))
        return Answer(201, "slow")

    with pytest.raises(UnderWay):
        idempotency.once(bob.pk, "a", "x", slow)
    assert Notification.objects.count() == 0


def test_errors_are_not_kept(writer: Api) -> None:
    """After an error the key may be used again, also with another body."""
    assert post(writer, "a", {"title": ""}).status_code == 400
    assert post(writer, "a").status_code == 201


def test_keys_are_each_users_own(writer: Api, admin: Api) -> None:
    """Two users with the same key do not meet."""
    assert post(writer, "a").status_code == 201
    answer = post(admin, "a", {"title": "Other"})
    assert (answer.status_code, "Idempotency-Replay" in answer.headers) == (201, False)


def test_permissions_come_first(writer: Api, bob: User) -> None:
    """Who may no longer write is not given the answer again."""
    post(writer, "a")
    bob.groups.clear()
    assert post(writer, "a").status_code == 403


def test_a_day(writer: Api) -> None:
    """After 24 hours the key is new; upkeep deletes it."""
    post(writer, "a")
    Claim.objects.update(created_at=timezone.now() - idempotency.KEPT - timedelta(seconds=1))
    assert "Idempotency-Replay" not in post(writer, "a", {"title": "Other"}).headers
    assert idempotency.prune() == 0
    Claim.objects.update(created_at=timezone.now() - idempotency.KEPT - timedelta(seconds=1))
    assert (idempotency.prune(), Claim.objects.count()) == (1, 0)


@pytest.mark.parametrize("key", ["", " ", '""', "é", "a b", "x" * 256, '"a'])
def test_bad_keys(writer: Api, key: str) -> None:
    """What is no key is a 400 that names the header."""
    answer = post(writer, key)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"  # type: ignore[attr-defined]


def test_nothing_secret_is_kept(writer: Api) -> None:
    """Neither the answer that is kept nor the fingerprint says what a sensitive notification does."""
    with override_settings(ENCRYPTION_KEYS=[keys.generate()]):
        assert (
            post(writer, "a", {"title": "hunter2", "sensitive": True, "metadata": {"x": "hunter2"}}).status_code == 201
        )
    claim = Claim.objects.get()
    assert "hunter2" not in claim.body + claim.fingerprint


@pytest.mark.django_db(transaction=True)
def test_many_at_once(bob: User) -> None:
    """Of eight threads with one key one creates; the others get its answer, or are told to wait."""
    make_roles()
    bob.groups.add(Group.objects.get(name="Writer"))
    found: list[int] = []

    def send() -> None:
        try:
            found.append(post(Api(bob), "a").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert set(found) <= {201, 409}
    assert Notification.objects.count() == 1


def test_reused_key_is_told_apart(bob: User) -> None:
    """Another request with the key is refused also while the first is under way."""

    def during() -> Answer:
        with pytest.raises(Reused):
            idempotency.once(bob.pk, "a", "y", lambda: Answer(200, ""))
        return Answer(201, "")

    assert idempotency.once(bob.pk, "a", "x", during) == Answer(201, "")
