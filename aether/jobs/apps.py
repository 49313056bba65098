"""Django's registration of the jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Register the `jobs` topic; realtime discovers it in topics.py."""

    name = "aether.jobs"
    label = "jobs"
