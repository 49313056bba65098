"""Tests of when a server looks for garbage, each in a process of its own: the collector is the whole process'."""

import subprocess
import sys

from tests.support.ports import free_port
from tests.support.servers import ROOT, environment

SETTLED = """
import gc, weakref
from realtime import garbage

class Node: ...

def cycle():
    node = Node()
    node.self = node
    return weakref.ref(node)

garbage.settle()
garbage.settle()
made = cycle()
kept = [[] for _ in range(garbage.YOUNG + 1)]
print(gc.get_freeze_count() > 1_000, made() is None)
"""
SERVED = """
import asyncio, gc, sys
import django
django.setup()
from realtime.server import Config, Server

async def app(scope, receive, send): ...

async def main():
    server = Server(Config(app, port=int(sys.argv[1]), lifespan="off", log_level="error"))
    before = gc.get_freeze_count()
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(before, gc.get_freeze_count() > 1_000)
    server.should_exit = True
    await serving

asyncio.run(main())
"""


def _run(script: str, *arguments: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    env = {**environment(), "DJANGO_SETTINGS_MODULE": "aether.settings"}
    done = subprocess.run(command, env=env, cwd=ROOT, timeout=60, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def test_what_is_loaded_is_left_alone_and_later_garbage_is_not() -> None:
    """What is there is frozen; a cycle that is made afterwards is found once enough was made after it."""
    assert _run(SETTLED) == "True True"


def test_a_server_settles_once_it_has_started() -> None:
    """Whoever serves with uvicorn's class of ours has the application frozen when it takes its first request."""
    assert _run(SERVED, str(free_port())) == "0 True"
