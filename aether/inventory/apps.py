"""Django's registration of the inventory app."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """Register the `inventory` topic; realtime discovers it in topics.py."""

    name = "aether.inventory"
    label = "inventory"
