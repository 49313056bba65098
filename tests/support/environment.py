"""The environment of the tests, set before Django reads it; pytest loads this plugin first of all.

No developer's .env takes part, and each run has a directory and database files of its own, so that runs do not meet.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

SECRET_KEY = "for-tests-only-" + "0123456789abcdef" * 3

if "AETHER_TEST_DIR" not in os.environ:  # Workers of xdist inherit the directory of the process that started them.
    os.environ["AETHER_TEST_DIR"] = tempfile.mkdtemp(prefix="aether-tests-")
    atexit.register(shutil.rmtree, os.environ["AETHER_TEST_DIR"], ignore_errors=True)

DIRECTORY = Path(os.environ["AETHER_TEST_DIR"])
DEFAULTS = {
    "AETHER_ENV_FILE": "",
    "SECRET_KEY": SECRET_KEY,
    "DEBUG": "true",
    "AUTH_ENABLED": "true",
    "DATABASE_URL": os.environ.get("AETHER_TEST_DATABASE_URL") or f"sqlite:///{DIRECTORY / 'tests.sqlite3'}",
    "LOG_LEVEL": "DEBUG",
    "NOTIFICATION_STORM_COUNT": "0",  # What tests of other things create many of is told of once.
    "CONFIGURATION_NOTICE": "false",  # What tests of other things count would have one more.
}
# Where bytecode is not kept, each of hundreds of processes would compile the whole project again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
for _name in ("REDIS_URL", "HOST", "PORT", "WORKERS", "DUMMY_DATA", "ALLOWED_HOSTS", "HTTPS"):
    os.environ.pop(_name, None)
os.environ.update(DEFAULTS)
os.environ.setdefault("XDG_RUNTIME_DIR", str(DIRECTORY))  # Where PostgreSQL's package looks when it is imported.
