"""Which query makes a request slow, and how the database answers it: EXPLAIN of each request's longest one."""

import json
import subprocess
import sys
from dataclasses import dataclass

from bench.ten_thousand.place import NAME, Place, say
from tests.support.servers import ROOT

CODE = f"""
import json, sys, time
import django; django.setup()
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

client = Client(SERVER_NAME="localhost")
user = get_user_model().objects.get(username={NAME!r})
client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
how = "EXPLAIN QUERY PLAN"
if connection.vendor == "postgresql":
    how = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)"
found = []
for path in json.load(sys.stdin):
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        status = client.get(path).status_code
    assert status == 200, (path, status)
    reads = [query for query in queries if query["sql"].startswith(("SELECT", "WITH"))]
    slowest = max(reads, key=lambda query: float(query["time"]))
    with connection.cursor() as cursor:
        cursor.execute(how + " " + slowest["sql"].replace("%", "%%"), [])
        plan = [str(row[-1]) for row in cursor.fetchall()]
    total = sum(float(query["time"]) for query in queries)
    found.append([path, len(queries), 1000 * total, 1000 * float(slowest["time"]), slowest["sql"], plan])
json.dump(found, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Explained:
    """A request: its queries, the longest of them, and the database's plan for that. Times are in milliseconds."""

    path: str
    queries: int
    total: float
    longest: float
    sql: str
    plan: list[str]


def explain(place: Place, paths: list[str]) -> list[Explained]:
    """Ask for *paths* once more in a process of its own, and return what the database had to do, the longest first."""
    say("Explaining …")
    env = place.server.env | {"DJANGO_SETTINGS_MODULE": "aether.settings", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], input=json.dumps(paths), env=env, cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"Nothing could be explained:\n{done.stderr[-2000:]}")
    return sorted((Explained(*row) for row in json.loads(done.stdout)), key=lambda found: -found.longest)
