"""Models of these tests alone: sites, the machines on them, and what the machines run. They belong to no app."""

import uuid

from django.db import models
from rest_framework import serializers
from rest_framework.permissions import BasePermission, IsAuthenticated

from realtime import audience
from realtime.live_models import LiveModel
from realtime.live_topics import LiveTopic, Part

LABEL = "realtime"  # An installed app, else Django finds no relations backwards.


class Site(LiveModel):
    """A place; how many machines are up there is made of other rows."""

    name = models.CharField(max_length=50)

    class Meta:
        app_label = LABEL


class Machine(LiveModel):
    """What stands on a site."""

    name = models.CharField(primary_key=True, max_length=50)
    site = models.ForeignKey(Site, models.CASCADE, null=True, related_name="machines")
    up = models.BooleanField(default=True)
    note = models.CharField(max_length=50, blank=True)

    class Meta:
        app_label = LABEL


class Secret(LiveModel):
    """What one user alone sees; those that are put aside are not shown."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.IntegerField()
    text = models.CharField(max_length=50)
    aside = models.BooleanField(default=False)

    class Meta:
        app_label = LABEL


MODELS = (Site, Machine, Secret)


class SiteSerializer(serializers.ModelSerializer):
    up = serializers.IntegerField(read_only=True)

    class Meta:
        model = Site
        fields = ("id", "name", "up")


class MachineSerializer(serializers.ModelSerializer):
    class Meta:
        model = Machine
        fields = ("name", "site", "up")


class SecretSerializer(serializers.ModelSerializer):
    class Meta:
        model = Secret
        fields = ("text",)


class Named(BasePermission):
    """Lets in who has a certain name."""

    def has_permission(self, request, view):
        return request.user.get_username() == "anna"


class FleetTopic(LiveTopic):
    """Sites and machines."""

    name = "fleet"
    parts = (
        Part(
            Site.objects.annotate(up=models.Count("machines", filter=models.Q(machines__up=True))).order_by("pk"),
            SiteSerializer,
            kind="site",
            depends_on={Machine: "site"},
        ),
        Part(Machine.objects.order_by("pk"), MachineSerializer, kind="machine", permissions=[IsAuthenticated]),
    )


class SecretTopic(LiveTopic):
    """What users keep to themselves."""

    name = "secrets"
    parts = (
        Part(
            Secret.objects.filter(aside=False),
            SecretSerializer,
            permissions=[IsAuthenticated & ~Named],
            audience=lambda row: audience.for_user(row.owner),
        ),
    )
