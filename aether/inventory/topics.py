"""The topic that inventory changes travel on."""

from realtime.topics import Topic, register


class InventoryTopic(Topic):
    """Clusters, hosts and VMs."""

    name = "inventory"
    keyed = True


register(InventoryTopic())
