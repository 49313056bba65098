"""The deployment's settings with the harness's app and its unreliable channel layer."""

from aether.settings import *  # noqa: F403
from aether.settings import CHANNEL_LAYERS, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos"]
CHANNEL_LAYERS["default"]["BACKEND"] = "tests.chaos.lossy.LossyLayer"
WEBSOCKET_SEND_BUFFER = 96 * 1024  # Small, so that slow clients get their 4100 within seconds.
