"""The only writer of the inventory. Every function opens its own transaction, or joins the caller's."""

from aether.inventory.actions.hearing import lose_silent
from aether.inventory.actions.syncing import MANY, Report, Synced, sync
from aether.inventory.actions.writing import InUse, Outcome, delete, patch, put

__all__ = ["MANY", "InUse", "Outcome", "Report", "Synced", "delete", "lose_silent", "patch", "put", "sync"]
