"""The deployment's settings with the benchmark's app; everything else is as it ships."""

from aether.settings import *  # noqa: F403
from aether.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench.product"]
