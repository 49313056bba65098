"""Tests of `manage.py simulate`: beside a real server, as somebody runs it in a terminal."""

import signal
import subprocess
import sys

import httpx

from tests.conftest import StartServer
from tests.support.servers import ROOT, Server
from tests.support.waiting import wait_for


def get(server: Server, path: str) -> object:
    """Return what the API answers."""
    with server.client() as client:
        return client.get(f"/api/v1/{path}").raise_for_status().json()


def test_it_fills_moves_and_clears(server: Server) -> None:
    """A server shows the place and what happens in it; afterwards all of it can be taken away."""
    said = server.manage("simulate", "--vms", "120", "--rate", "60", "--seconds", "3")
    assert "120 VMs are there." in said
    found = get(server, "inventory")
    assert (found["total_vms"], found["total_hosts"]) == (120, 6)  # type: ignore[index]
    jobs = get(server, "jobs")
    assert jobs
    assert all(job["status"] in ("completed", "failed") for job in jobs)  # type: ignore[attr-defined]
    assert get(server, "notifications")["total_count"] > 0  # type: ignore[index]
    assert "gone" in server.manage("simulate", "--clear")
    assert get(server, "inventory")["total_hosts"] == 0  # type: ignore[index]
    assert (get(server, "jobs"), get(server, "notifications")["total_count"]) == ([], 0)  # type: ignore[index]


def test_ctrl_c_ends_it_cleanly(server: Server) -> None:
    """Its jobs end with it, whose exit code is 0."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "simulate", "--vms", "20", "--rate", "50"],
        env=server.env | {"LOG_LEVEL": "ERROR"}, cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        wait_for(lambda: any(job["status"] == "running" for job in get(server, "jobs")), 60, "a job that runs")  # type: ignore[attr-defined]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, said
    assert "Its jobs have ended" in said
    assert all(job["status"] in ("completed", "failed") for job in get(server, "jobs"))  # type: ignore[attr-defined]


def test_it_refuses_production(start_server: StartServer) -> None:
    """Where DEBUG is off it says how to do it all the same, and does nothing."""
    server = start_server(DEBUG="false", AUTH_ENABLED="true")
    said = server.manage("simulate", "--seconds", "1", check=False)
    assert "--yes" in said
    assert server.python("from aether.inventory.models import VM; print(VM.objects.count())").strip() == "0"
    assert httpx.get(f"{server.url}/readyz", trust_env=False).status_code == 200


def test_bad_arguments_are_refused(server: Server) -> None:
    """A size or a pace that makes no sense is refused, with what would."""
    for arguments in (("--vms", "0"), ("--vms", "1000000"), ("--rate", "0")):
        assert "It must be" in server.manage("simulate", *arguments, check=False)
