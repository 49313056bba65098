"""Inventory of this deployment."""
