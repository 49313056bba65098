"""Tests of the system checks of live topics: what cannot be shared, or would go stale, is refused with a way out."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.test.utils import isolate_apps
from rest_framework import serializers
from rest_framework.permissions import BasePermission, DjangoModelPermissions, DjangoObjectPermissions, IsAuthenticated

from realtime import topics
from realtime.live_checks import check_live_topics
from realtime.live_models import LiveModel
from realtime.live_topics import LiveTopic, Part
from realtime.models import Lease
from tests.realtime.live.fleet import (
    FleetTopic,
    Machine,
    MachineSerializer,
    Named,
    SecretTopic,
    Site,
    SiteSerializer,
)  # fmt: skip

Check = Callable[..., list[str]]
MACHINES = Machine.objects.all()


@pytest.fixture
def check() -> Iterator[Check]:
    """Register topics and return the ids of what the check says of them."""
    names: list[str] = []

    def check(*registered: LiveTopic) -> list[str]:
        for topic in registered:
            topics.register(topic)
            names.append(topic.name)
        found = check_live_topics(None)
        assert all(one.hint for one in found)
        return [one.id for one in found]

    yield check
    for name in names:
        topics.unregister(name)


def topic_of(*given: Part, **attributes: Any) -> LiveTopic:
    """Return a topic of *given*."""
    return type("Made", (LiveTopic,), {"name": "made", "parts": given, **attributes})()


def fields(**declared: Any) -> type[serializers.Serializer]:
    """Return a serializer with these attributes."""
    return type("Made", (serializers.Serializer,), declared)


class OnlyOwn(BasePermission):
    """Decides object by object."""

    def has_object_permission(self, request, view, obj):
        return False


class AtHome(BasePermission):
    """Decides by where somebody is."""

    def has_permission(self, request, view):
        return request.META["REMOTE_ADDR"] == "127.0.0.1"


class Asking(serializers.ModelSerializer):
    """Shows each user something else."""

    mine = serializers.SerializerMethodField()

    def get_mine(self, machine):
        return self.context["request"].user.username == machine.name

    class Meta:
        model = Machine
        fields = ("name", "mine")


class AskingWithin(serializers.Serializer):
    machines = Asking(many=True)


class SiteName(serializers.Serializer):
    name = serializers.SerializerMethodField()

    def get_name(self, machine):
        return machine.site.name


class AroundRepresentation(serializers.Serializer):
    def to_representation(self, site):
        return {"names": [machine.name for machine in site.machines.all()]}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Part(Lease.objects.all(), MachineSerializer), ["realtime.E012"]),
        (Part(Machine.objects, MachineSerializer), ["realtime.E012"]),
        (Part(MACHINES[:5], MachineSerializer), ["realtime.E013"]),
        (Part(MACHINES.union(MACHINES), MachineSerializer), ["realtime.E013"]),
        (Part(MACHINES.values("name"), MachineSerializer), ["realtime.E013"]),
        (Part(MACHINES, MachineSerializer, kind="k" * 150), ["realtime.E013"]),
        (Part(MACHINES, MachineSerializer, permissions=[OnlyOwn]), ["realtime.E014"]),
        (Part(MACHINES, MachineSerializer, permissions=[IsAuthenticated | (Named & ~OnlyOwn)]), ["realtime.E014"]),
        (Part(MACHINES, MachineSerializer, permissions=[DjangoObjectPermissions]), ["realtime.E014"]),
        (Part(MACHINES, MachineSerializer, permissions=[AtHome]), ["realtime.E014"]),
        (Part(MACHINES, MachineSerializer, permissions=[DjangoModelPermissions]), []),
        (Part(MACHINES, Asking), ["realtime.E015"]),
        (Part(Site.objects.all(), AskingWithin, depends_on={Machine: "site"}), ["realtime.E015"]),
        (Part(MACHINES, fields(url=serializers.HyperlinkedIdentityField(view_name="x"))), ["realtime.E015"]),
        (Part(MACHINES, MachineSerializer, depends_on={Site: "name"}), ["realtime.E017"]),
        (Part(MACHINES, MachineSerializer, depends_on={Lease: "machine"}), ["realtime.E017"]),
        (Part(Site.objects.annotate(up=models.Count("machines")), SiteSerializer), ["realtime.E018"]),
        (Part(MACHINES.filter(site__name="north"), MachineSerializer), ["realtime.E018"]),
        (Part(Site.objects.annotate(up=models.Subquery(MACHINES.values("note")[:1])), SiteSerializer),
         ["realtime.E018"]),
        (Part(Site.objects.filter(pk__in=MACHINES.values("site")), fields()), ["realtime.E018"]),
        (Part(MACHINES, fields(at=serializers.CharField(source="site.name"))), ["realtime.E018"]),
        (Part(MACHINES, fields(site=SiteSerializer())), ["realtime.E018"]),
        (Part(MACHINES, fields(site=serializers.StringRelatedField())), ["realtime.E018"]),
        (Part(MACHINES, SiteName), ["realtime.E018"]),
        (Part(MACHINES, SiteName, reads=[Site]), []),
        (Part(Site.objects.all(), AroundRepresentation), ["realtime.E018"]),
        (Part(Site.objects.all(), AroundRepresentation, depends_on={Machine: "site"}), []),
    ],
)  # fmt: skip
def test_a_part(check: Check, part: Part, expected: list[str]) -> None:
    """Each is refused for the one thing that is wrong with it, or not at all."""
    assert check(topic_of(part)) == expected


@isolate_apps("realtime")
@pytest.mark.parametrize("name", ["owner", "friends"])
def test_what_changes_without_a_save_is_not_shown(check: Check, name: str) -> None:
    """A reference that is cleared by itself, and a many-to-many."""

    class Tagged(LiveModel):
        owner = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
        friends = models.ManyToManyField(User, related_name="+")

        class Meta:
            app_label = "realtime"

    shown = serializers.PrimaryKeyRelatedField(many=name == "friends", read_only=True)
    assert check(topic_of(Part(Tagged.objects.all(), fields(**{name: shown}), reads=[User]))) == ["realtime.E016"]


@pytest.mark.parametrize("kinds", [("a", "a"), ("", "b"), ("a:b",)])
def test_parts_must_be_told_apart(check: Check, kinds: tuple[str, ...]) -> None:
    """By kinds, which the keys start with."""
    assert check(topic_of(*(Part(MACHINES, MachineSerializer, kind=kind) for kind in kinds))) == ["realtime.E010"]


@pytest.mark.parametrize("name", ["snapshot", "snapshots_at", "get_queryset"])
def test_no_snapshot_is_anyones_own(check: Check, name: str) -> None:
    """What each user sees is the audience's to say, by which publications go too."""
    own = {name: lambda self, *_: {}}
    assert check(topic_of(Part(MACHINES, MachineSerializer), **own)) == ["realtime.E011"]


def test_one_form_is_compared(check: Check) -> None:
    """A model that is made of others is shown once."""
    part = Part(Site.objects.all(), AroundRepresentation, kind="a", depends_on={Machine: "site"})
    assert set(check(topic_of(part, Part(Site.objects.all(), fields(), kind="b")))) == {"realtime.E017"}


def test_sound_topics_pass(check: Check) -> None:
    """Those of these tests, and those of the project."""
    assert check(FleetTopic(), SecretTopic()) == []
