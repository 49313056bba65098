"""Tests of what a user can ask of their list, and that what is sensitive is not found by what it says."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from notifications import actions
from notifications.filters import Filter
from notifications.inbox import Inbox
from realtime import keys
from tests.notifications.conftest import relay

pytestmark = pytest.mark.django_db


def titles(user: User, wanted: Filter) -> list[str]:
    """Return the titles of what *wanted* finds, newest first."""
    return [item["title"] for item in Inbox(user).page(200, wanted=wanted).items]


def test_levels_and_categories(ann: User) -> None:
    """A filter may name several levels and categories; one of each has to fit."""
    for level, category in (("info", "job"), ("error", "job"), ("error", "vm"), ("warning", "host")):
        actions.create(f"{level} {category}", level=level, category=category)
    assert titles(ann, Filter(levels=["error", "warning"])) == ["warning host", "error vm", "error job"]
    assert titles(ann, Filter(levels=["error"], categories=["job", "host"])) == ["error job"]
    counts = Inbox(ann).counts(Filter(categories=["job"]))
    assert counts == {("info", "job"): 1, ("error", "job"): 1}


def test_times(ann: User) -> None:
    """A span of time begins with its first moment and ends before its last."""
    noon = timezone.now()
    for hours in range(3):
        actions.create(str(hours), created_at=noon + timedelta(hours=hours))
    assert titles(ann, Filter(since=noon, until=noon + timedelta(hours=2))) == ["1", "0"]


def test_read(ann: User, bob: User) -> None:
    """What is read and what is not are each one's own, and make up the whole."""
    rows = [actions.create(str(number)) for number in range(3)]
    relay()
    actions.mark_read(ann, rows[1].pk)
    assert titles(ann, Filter(read=True)) == ["1"]
    assert titles(ann, Filter(read=False)) == ["2", "0"]
    assert titles(bob, Filter(read=True)) == []


def test_words(ann: User) -> None:
    """Each word has to be somewhere, whatever its letters' case; signs that SQL knows stand for themselves."""
    actions.create("Disk full", "on the big one", related_entity="db-1")
    actions.create("100 % done", "job_1")
    assert titles(ann, Filter(words=["DISK", "db-1"])) == ["Disk full"]
    assert titles(ann, Filter(words=["disk", "done"])) == []
    assert titles(ann, Filter(words=["%"])) == ["100 % done"]
    assert titles(ann, Filter(words=["b_1"])) == ["100 % done"]


def test_others_are_not_found(ann: User, bob: User, operators: Group) -> None:
    """No filter reaches beyond the audiences of its user, and what was dismissed stays away."""
    actions.create("x bob", user=bob)
    actions.create("x group", group=operators)
    gone = actions.create("x gone")
    actions.create("x ann", user=ann)
    actions.dismiss(ann, gone.pk)
    assert titles(ann, Filter(words=["x"])) == ["x ann"]
    assert len(Inbox(ann).ids(Filter(words=["x"]))) == 1
    assert sum(Inbox(ann).counts(Filter(words=["x"])).values()) == 1


def test_secret_text_is_not_found(ann: User) -> None:
    """What a sensitive notification says, and what it is about, finds nothing; its neutral title does."""
    with override_settings(ENCRYPTION_KEYS=[keys.generate()]):
        actions.create("Root password", "hunter2", related_entity="vault", dedup_key="k", sensitive=True)
    for word in ("password", "hunter2", "vault", "k"):
        assert titles(ann, Filter(words=[word])) == []
    assert titles(ann, Filter(entities=["vault"])) == []
    assert titles(ann, Filter(words=["sensitive"])) == ["Sensitive notification"]


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("wanted", [Filter(), Filter(read=False), Filter(words=["n"])])
def test_pages_both_ways(ann: User, operators: Group, limit: int, wanted: Filter) -> None:
    """Going back from the last page gives each once more, in the same order; the ends say that they are ends."""
    ann.groups.add(operators)
    moment = timezone.now()
    for number in range(7):
        owner = {"group": operators} if number % 2 else {}
        actions.create(f"n{number}", created_at=moment - timedelta(seconds=number // 2), **owner)  # type: ignore[arg-type]
    inbox, forth = Inbox(ann), []
    page = inbox.page(limit, wanted=wanted)
    assert page.previous is None
    forth = [item["title"] for item in page.items]
    while page.next:
        page = inbox.page(limit, cursor=page.next, wanted=wanted)
        forth += [item["title"] for item in page.items]
    back = [item["title"] for item in page.items]
    while page.previous:
        page = inbox.page(limit, cursor=page.previous, wanted=wanted)
        back = [item["title"] for item in page.items] + back
    assert back == forth
    assert len(forth) == 7


def test_a_filter_costs_no_more_queries(ann: User) -> None:
    """A page of many is read with as many queries as a page of one."""
    actions.create_many({"title": f"n{number}"} for number in range(50))
    relay()
    inbox = Inbox(ann)
    with CaptureQueriesContext(
        connection,
    ) as one:
        inbox.page(1, wanted=Filter(words=["n"], read=True))
    with CaptureQueriesContext(connection) as many:
        Inbox(ann).page(200, wanted=Filter(words=["n"], read=True))
    assert len(many) <= len(one) + 2
