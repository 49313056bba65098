"""Django's settings for it; the environment names the layer and Valkey's port."""

import os

SECRET_KEY = "stock-" + "0123456789abcdef" * 3
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["channels"]
DATABASES: dict[str, object] = {}
USE_TZ = True
# A hundred clients that join at once need more connections than the 100 of redis-py's pool.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": os.environ["STOCK_LAYER"],
        "CONFIG": {"hosts": [{"address": os.environ["STOCK_REDIS"], "max_connections": 2_000}]},
    }
}
