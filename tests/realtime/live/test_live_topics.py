"""Tests of topics made of models: who may follow them, what their snapshot holds, and that it fits what follows."""

import json
import random
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from realtime import bulk, history, snapshots, topics
from realtime.live_topics import LiveTopic, Part
from tests.realtime.conftest import Connect, flat, in_thread
from tests.realtime.live.conftest import Said, relay
from tests.realtime.live.fleet import FleetTopic, Machine, MachineSerializer, Named, Secret, Site

pytestmark = pytest.mark.django_db(transaction=True)


def state(user, stream="fleet", key=""):
    """Return the snapshot of *user* as it goes out."""
    (taken,) = snapshots.take([(topics.registered()[stream], key)], user)
    return taken.data["objects"]


def test_the_snapshot_holds_every_row_as_it_is_published(fleet: FleetTopic, user: User) -> None:
    """Each with kind, id and version, part by part; of one object it holds that one alone."""
    site = Site.objects.create(name="north")
    machine = Machine.objects.create(name="m1", site=site)
    version = Site.objects.get().version
    shown = [
        {"kind": "site", "id": site.pk, "name": "north", "up": 1, "version": version},
        {"kind": "machine", "id": "m1", "name": "m1", "site": site.pk, "up": True, "version": machine.version},
    ]
    assert state(user) == shown
    assert state(user, key="machine:m1") == shown[1:]


def test_a_snapshot_is_serialized_once_while_nothing_changes(fleet: FleetTopic, user: User, other: User) -> None:
    """For everyone together, until something is published; many rows need no more queries than one."""
    bulk.create(Machine(name=f"m{number}") for number in range(50))
    with CaptureQueriesContext(connection) as first:
        assert len(state(user)) == 50
    with CaptureQueriesContext(connection) as again:
        assert len(state(other)) == 50
    of_rows = [one for one in first if "realtime_machine" in one["sql"]]
    assert len(of_rows) == 2  # The machines, and the sites that count them.
    assert not [one for one in again if "realtime_machine" in one["sql"]]
    Machine.objects.get(pk="m7").delete()
    assert len(state(user)) == 49
    relay()
    assert len(state(user)) == 49


def test_a_snapshots_text_is_made_once(fleet: FleetTopic, user: User, other: User) -> None:
    """For everyone who gets the same; and it says what the data says, beside each one's own position."""
    bulk.create(Machine(name=f"m{number}\u2028") for number in range(3))
    one, two = [snapshots.take([(fleet, "")], person)[0] for person in (user, other)]
    assert one.data is two.data
    message = json.loads(one.message(fleet.audiences(user)))
    assert message["data"] == {"objects": state(user)} == {"objects": one.data["objects"]}
    assert (message["type"], message["topic"]) == ("snapshot", "fleet")
    assert message["positions"] != json.loads(two.message(fleet.audiences(other)))["positions"]


def test_rows_go_to_their_audience(fleet: FleetTopic, user: User, other: User) -> None:
    """Each sees their own, and what the queryset leaves out nobody sees."""
    Secret.objects.create(owner=other.pk, text="b")
    Secret.objects.create(owner=other.pk, text="c", aside=True)
    hidden = Secret.objects.create(owner=user.pk, text="a")
    assert [one["text"] for one in state(other, "secrets")] == ["b"]
    topic = topics.registered()["secrets"]
    assert not topic.authorize(other, str(hidden.pk))


def test_a_uuid_is_a_key_in_one_way_of_writing(fleet: FleetTopic, other: User) -> None:
    """As publications have it: who followed another would hear nothing."""
    secret = Secret.objects.create(owner=other.pk, text="b")
    topic = topics.registered()["secrets"]
    assert [topic.authorize(other, key) for key in (str(secret.pk), str(secret.pk).upper(), secret.pk.hex)] == [
        True, False, False,
    ]  # fmt: skip
    (item,) = relay("secrets")
    assert item.key == str(secret.pk)
    assert state(other, "secrets", item.key) == state(other, "secrets") == [json.loads(item.body)["data"]]
    assert '"id":"' in snapshots.take([(topic, "")], other)[0].message([])


def test_permissions_let_in(fleet: FleetTopic, user: User, other: User) -> None:
    """Those of every part for the whole topic; whoever is not active is let in by none."""
    assert [fleet.authorize(person, "") for person in (user, AnonymousUser())] == [True, False]
    secrets = topics.registered()["secrets"]
    assert [secrets.authorize(person, "") for person in (user, other)] == [False, True]
    user.is_active = False
    assert not fleet.authorize(user, "")


class Split(LiveTopic):
    """A topic with a part that not everyone may see."""

    name = "split"
    parts = (
        Part(Site.objects.all(), MachineSerializer, kind="site", permissions=[Named]),
        Part(Machine.objects.all(), MachineSerializer, kind="machine"),
    )


def test_one_part_may_be_followed_object_by_object(fleet: FleetTopic, other: User) -> None:
    """Who may not see all parts has no topic, but the objects of the parts that they may see."""
    site = Site.objects.create(name="north")
    Machine.objects.create(name="m1", site=site)
    topic = Split()
    keys = ["", f"site:{site.pk}", "machine:m1"]
    assert [topic.authorize(other, key) for key in keys] == [False, False, True]


@pytest.mark.parametrize(
    "key",
    [
        "machine:m2",
        "machine:",
        "machine",
        "m1",
        "site:x",
        "site:01",
        "site:1 ",
        "vm:m1",
        "machine:m1\0",
        "site:" + 30 * "9",
    ],
)
def test_what_does_not_exist_is_forbidden(fleet: FleetTopic, user: User, key: str) -> None:
    """And so is every other way to write a key."""
    Site.objects.create(pk=1, name="north")
    Machine.objects.create(name="m1")
    assert fleet.authorize(user, "site:1")
    assert fleet.authorize(user, "machine:m1")
    assert not fleet.authorize(user, key)


@pytest.mark.parametrize("edge", [None])
async def test_changes_reach_who_follows(fleet: FleetTopic, connect: Connect) -> None:
    """The topic, and one object of it; another object's changes reach only who follows all."""
    await in_thread(lambda: bulk.create(Machine(name=name) for name in ("m1", "m2")))
    everything, one = await connect(), await connect()
    await everything.send({"type": "subscribe", "topics": ["fleet"], "snapshot": True})
    await one.send({"type": "subscribe", "topics": ["fleet:machine:m1", "fleet:machine:m3"]})
    got = await everything.until(lambda message: message["type"] == "subscription")
    assert [row["id"] for row in got[0]["data"]["objects"]] == ["m1", "m2"]
    answer = (await one.until(lambda message: message["type"] == "subscription"))[-1]
    assert answer["topics"] == ["fleet:machine:m1"]
    assert answer["denied"] == [{"topic": "fleet:machine:m3", "code": "forbidden"}]
    for name in ("m2", "m1"):
        await in_thread(bulk.delete, Machine.objects.filter(name=name))
    came = flat(await everything.until(lambda message: "m1" in str(message)))
    assert [(message["action"], message["data"]["id"]) for message in came] == [("deleted", "m2"), ("deleted", "m1")]
    (only,) = await one.until(lambda message: message["type"] == "fleet")
    assert (only["action"], only["data"]["id"], only["topic"]) == ("deleted", "m1", "fleet")


def write_at_random(chance: random.Random) -> None:
    """Change something, in one of the ways there are."""
    names = [f"m{chance.randrange(8)}" for _ in range(3)]
    some, sites = Machine.objects.filter(name__in=names), [None, *Site.objects.all()]
    chance.choice([
        lambda: Machine.objects.update_or_create(name=names[0], defaults={"site": chance.choice(sites)}),
        lambda: bulk.update(some, up=chance.random() < 0.5),
        lambda: bulk.delete(some),
        some.delete,
        lambda: Site.objects.update_or_create(pk=chance.choice([1, 2]), defaults={"name": names[0]}),
        lambda: Site.objects.filter(pk=chance.choice([1, 1, 1, 2])).delete() if chance.random() < 0.3 else None,
    ])()  # fmt: skip


def test_an_old_state_and_what_followed_make_the_new_state(fleet: FleetTopic, user: User) -> None:
    """Whatever happens, for a client that applies only what is newer: pending, numbered, and merged or not."""
    chance = random.Random(7)
    for _ in range(30):
        for _ in range(4):
            write_at_random(chance)
        (start,) = snapshots.take([(fleet, "")], user)
        held = {(one["kind"], one["id"]): one for one in start.data["objects"]}
        gone: dict[tuple[str, object], int] = {}
        for _ in range(10):
            write_at_random(chance)
            if chance.random() < 0.3:
                relay()
        while relay():
            pass
        for item in history.since("fleet", start.start.head.offset):
            if item.id not in start.start.pending:
                apply(item, held, gone)
        assert held == {(one["kind"], one["id"]): one for one in state(user)}


def apply(item, held, gone):
    """Do with a publication what a client does."""
    body = json.loads(item.body)
    data = body["data"]
    name = data["kind"], data["id"]
    assert item.version == data["version"]
    if data["version"] <= max(held.get(name, {}).get("version", 0), gone.get(name, 0)):
        return
    if body["action"] == "deleted":
        held.pop(name, None)
        gone[name] = data["version"]
    else:
        held[name] = data


class JobLike(LiveTopic):
    """A topic with another shape of its own, as existing clients may know one."""

    name = "joblike"
    parts = (Part(Machine.objects.all(), MachineSerializer),)

    def message(self, part, action, data):
        """Say what happened in words of its own."""
        return {
            "type": "job",
            "action": "gone" if action == "deleted" else "status",
            "job_id": data["id"],
            "data": data,
        }

    def state(self, objects):
        """Name what there is."""
        return {"jobs": objects, "total": len(objects)}


@pytest.fixture
def joblike(fleet: FleetTopic) -> Iterator[JobLike]:
    """Such a topic, beside another that shows the same rows."""
    topics.register(JobLike())
    history.ensure(["joblike"])
    yield topics.registered()["joblike"]
    topics.unregister("joblike")


def test_a_topic_shapes_its_messages_and_its_snapshot(joblike: JobLike, said: Said, user: User) -> None:
    """And a row that two topics show is published on both, with the same version."""
    machine = Machine.objects.create(name="m1")
    (taken,) = snapshots.take([(joblike, "")], user)
    assert (taken.data["total"], [one["id"] for one in taken.data["jobs"]]) == (1, ["m1"])
    machine.delete()
    bodies = [json.loads(item.body) for item in relay("joblike")]
    assert [(body["type"], body["action"], body["job_id"]) for body in bodies] == [
        ("job", "status", "m1"),
        ("job", "gone", "m1"),
    ]
    assert [body["data"]["version"] for body in bodies] == [data["version"] for _, _, data in said()]
