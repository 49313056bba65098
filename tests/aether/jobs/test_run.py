"""Tests of `manage.py job run`: real commands, beside a real server that a WebSocket client follows them on."""

import asyncio
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aether.jobs.management.commands.job import called
from aether.jobs.runner import Pipe
from tests.aether.jobs.test_topics import lines_of
from tests.realtime.clients import Client, over_socket
from tests.realtime.conftest import flat
from tests.support.servers import ROOT, Server, environment, manage
from tests.support.waiting import wait_for, wait_until

URL = "/api/v1/jobs"


@contextmanager
def started(server: Server, *command: str, **options: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command as a job beside *server*; it ends with the block."""
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "job", "run", *arguments, "--", *command],
        env=server.env | {"LOG_LEVEL": "ERROR"}, cwd=ROOT, text=True, errors="replace", stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ran(server: Server, *command: str, **options: str) -> tuple[int, str, str]:
    """Run a command to its end; return the exit code, and what was printed."""
    with started(server, *command, **options) as process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


def newest(server: Server) -> dict[str, Any]:
    """Return the newest job, with its output."""
    with server.client() as client:
        [job, *_] = client.get(URL).json()
        return client.get(f"{URL}/{job['job_id']}").json()


def has_output(server: Server, *lines: str) -> Any:
    """Return the newest job once it has printed *lines*."""
    with server.client() as client:
        found = client.get(URL).json()
    job = newest(server) if found else None
    return job if job and job["output"][: len(lines)] == list(lines) else None


def is_alive(pid: int) -> bool:
    """Say whether there is such a process, and it is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def followers(server: Server, *names: str) -> list[Client]:
    """Return a v1 and a legacy client that are subscribed to *names*."""
    headers = [("host", f"127.0.0.1:{server.port}"), ("origin", server.url)]
    clients = [await over_socket(server.port, v1=v1, headers=headers) for v1 in (True, False)]
    for client in clients:
        await client.greeting()
        await client.subscribe(*names)
    return clients


async def until_ended(client: Client) -> list[dict[str, Any]]:
    """Return what comes up to the end of a job."""
    got: list[dict[str, Any]] = []
    while not any((one.get("data") or {}).get("status") in ("completed", "failed", "cancelled") for one in got):
        got += flat([await client.receive()])
    return got


async def test_lines_are_seen_while_the_command_runs(server: Server, tmp_path: Path) -> None:
    """Each line comes as it is printed, before the command goes on, and once, to clients of either kind."""
    script = f"for i in 1 2 3; do echo line $i; while [ ! -e {tmp_path}/$i ]; do sleep 0.05; done; done"
    clients = await followers(server, "all", "jobs")
    with started(server, "sh", "-c", script, name="Counting") as process:
        await wait_until(lambda: asyncio.to_thread(has_output, server, "line 1"), 60, "the first line")
        first = await clients[0].receive()
        assert (first["data"]["name"], first["data"]["status"]) == ("Counting", "running")
        job = first["job_id"]
        got: list[list[dict[str, Any]]] = [[], []]
        # The one names the job beside what it follows already, with the lines so far; the other gets them as it is.
        await clients[0].send({"type": "subscribe", "topics": [f"jobs:{job}"], "snapshot": True})
        for number in (1, 2, 3):
            for client, messages in zip(clients, got, strict=True):
                while not seen(messages, f"line {number}"):
                    messages.extend(flat([await client.receive()]))
            assert process.poll() is None
            (tmp_path / str(number)).touch()
        for client, messages in zip(clients, got, strict=True):
            messages.extend(await until_ended(client))
        out, _ = await asyncio.to_thread(process.communicate, timeout=30)
    assert (process.returncode, out) == (0, "line 1\nline 2\nline 3\n")
    for messages in got:
        assert all_lines(messages) == [(n, f"line {n}") for n in (1, 2, 3)]
    for client in clients:
        await client.wire.close()


def seen(messages: list[dict[str, Any]], line: str) -> bool:
    """Say whether *line* has come, in a snapshot or by itself."""
    return any(text == line for _, text in all_lines(messages))


def all_lines(messages: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """Return the lines of the last snapshot of a job, and those that came after it, each with its number."""
    found: list[tuple[int, str]] = []
    for message in messages:
        if message["type"] == "snapshot" and message["topic"].startswith("jobs:"):
            found = [(message["data"]["first_line"] + at, line) for at, line in enumerate(message["data"]["lines"])]
        else:
            found += lines_of([message])
    return found


@pytest.mark.parametrize(
    ("command", "code", "status", "error"),
    [
        (["true"], 0, "completed", None),
        (["sh", "-c", "exit 3"], 3, "failed", "Ended with exit code 3."),
        (["sh", "-c", "kill -9 $$"], 137, "failed", "Killed by SIGKILL."),
        (["no-such-command"], 127, "failed", "no-such-command: No such file or directory"),
        (["/"], 126, "failed", "/: Permission denied"),
    ],
    ids=["true", "exit 3", "killed", "not found", "not executable"],
)
def test_exit_codes(module_server: Server, command: list[str], code: int, status: str, error: str | None) -> None:
    """The runner ends with the command's code, and the job says the same."""
    assert ran(module_server, *command)[0] == code
    job = newest(module_server)
    assert (job["status"], job["error"], job["exit_code"]) == (status, error, code)


def test_both_pipes_and_the_terminal(module_server: Server) -> None:
    """Output and errors are shown where they belong, and stored in their order, errors with their mark."""
    script = "echo one; sleep 0.3; echo two >&2; sleep 0.3; printf 'three\\n\\nfour'; exit 0"
    code, out, err = ran(module_server, "sh", "-c", script)
    assert (code, out, err) == (0, "one\nthree\n\nfour", "two\n")
    assert newest(module_server)["output"] == ["one", "STDERR: two", "three", "", "four"]


def test_odd_bytes(module_server: Server) -> None:
    """What is no UTF-8 is replaced, carriage returns and colours stay, and a very long line is cut."""
    script = r"printf 'a\000b\377\r\n\033[31mred\n10 %%\r20 %%\n'; head -c 40000 /dev/zero | tr '\0' x"
    assert ran(module_server, "sh", "-c", script)[0] == 0
    *few, a, b, c = newest(module_server)["output"]
    assert few == ["a\u2400b\ufffd", "\x1b[31mred", "10 %\r20 %"]
    assert [len(part) for part in (a, b, c)] == [16_384, 16_384, 7_232]


def test_a_question_is_seen(module_server: Server, tmp_path: Path) -> None:
    """The begin of a line is shown a moment later though its end has not come."""
    script = f"printf 'Password: '; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; echo thanks"
    with started(module_server, "sh", "-c", script) as process:
        wait_for(lambda: has_output(module_server, "Password: "), 30, "the question")
        (tmp_path / "go").touch()
        process.communicate(timeout=30)
    assert newest(module_server)["output"] == ["Password: ", "thanks"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_whole_group(module_server: Server, number: signal.Signals) -> None:
    """The command and its children are asked to end, what they say then is kept, and the job is cancelled."""
    script = "trap 'echo bye; exit 0' TERM; sleep 300 & echo $!; wait"
    with started(module_server, "sh", "-c", script) as process:
        child = int(process.stdout.readline())
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == 128 + number
    job = newest(module_server)
    assert (job["status"], job["error"]) == ("cancelled", f"Ended by {number.name}.")
    assert job["output"][-1] == "bye"
    wait_for(lambda: not is_alive(child), what="the end of the child")


def test_what_does_not_end_is_killed(module_server: Server) -> None:
    """After the grace period the group is killed, also what ignores the signal."""
    script = "trap '' TERM; (trap '' TERM; echo $$; sleep 300) & wait; sleep 300"
    with started(module_server, "sh", "-c", script, grace="0.5") as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert newest(module_server)["status"] == "cancelled"


def test_cancelled_over_rest(module_server: Server) -> None:
    """Who cancels the job in the API ends the command, and what it says while it ends is kept."""
    script = "trap 'echo bye; exit 0' TERM; echo hello; while true; do sleep 0.05; done"
    with started(module_server, "sh", "-c", script) as process, module_server.client() as client:
        job = wait_for(lambda: has_output(module_server, "hello"), 30, "the first line")
        assert client.post(f"{URL}/{job['job_id']}/cancel", json={}).status_code == 200
        process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    job = newest(module_server)
    assert (job["status"], job["output"][0], job["output"][-1]) == ("cancelled", "hello", "bye")


def test_a_killed_runner(start_server: Any) -> None:
    """A job whose runner was killed fails once it has not been heard of for a while."""
    server = start_server(AUTH_ENABLED="false", JOB_HEARTBEAT_TIMEOUT="15")
    with started(server, "sh", "-c", "echo $$; exec sleep 300") as process:
        child = int(process.stdout.readline())
        wait_for(lambda: has_output(server, str(child)), 30, "the first line")
        process.kill()
        process.wait()
        os.killpg(child, signal.SIGKILL)
    wait_for(lambda: newest(server)["status"] == "failed", 60, "the end of the job")
    assert "not been heard of for 15 seconds" in newest(server)["error"]


def test_options(module_server: Server) -> None:
    """Name, type and host are what was said; --json prints the job, and everything else goes to stderr."""
    options = {"name": "Nightly", "type": "backup", "target-host": "db-1"}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    done = subprocess.run(
        [sys.executable, "manage.py", "job", "run", *arguments, "--json", "--", "echo", "--version", "-v"],
        env=module_server.env | {"LOG_LEVEL": "ERROR"}, cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    job = json.loads(done.stdout)
    assert (job["name"], job["job_type"], job["target_host"], job["status"]) == (
        "Nightly",
        "backup",
        "db-1",
        "completed",
    )
    assert done.stderr == "--version -v\n"


def test_a_job_inside_of_a_job(module_server: Server) -> None:
    """What a command runs as a job is the child of its own job."""
    inner = [sys.executable, str(ROOT / "manage.py"), "job", "run", "--name", "inner", "--", "true"]
    assert ran(module_server, *inner, name="outer")[0] == 0
    with module_server.client() as client:
        found = {job["name"]: job for job in client.get(URL, params={"limit": 2}).json()}
    assert found["inner"]["parent"] == found["outer"]["job_id"]
    assert found["outer"]["child_jobs"] == [found["inner"]["job_id"]]


def test_many_lines_arrive_in_order(module_server: Server) -> None:
    """20,000 lines, printed as fast as the command can, are all there."""
    assert ran(module_server, "seq", "20000")[0] == 0
    job, lines = newest(module_server), []
    with module_server.client() as client:
        while len(lines) < 20_000:
            query = {"from": len(lines) + 1, "limit": 10_000}
            lines += client.get(f"{URL}/{job['job_id']}/output", params=query).json()["lines"]
    assert lines == [str(number) for number in range(1, 20_001)]


def test_nothing_to_run(module_server: Server) -> None:
    """Without a command, with a parent that is not there, or with the database away, it says so and runs none."""
    assert "Name a command" in module_server.manage("job", "run", check=False)
    nobodys = "00000000-0000-4000-8000-000000000000"
    assert "There is no job" in module_server.manage("job", "run", "--parent", nobodys, "--", "echo", "x", check=False)
    env = environment(DATABASE_URL="postgresql://a:b@127.0.0.1:1/none", DATABASE_TIMEOUT="1")
    printed = manage("job", "run", "--", "echo", "ran anyway", env=env, check=False)
    assert "ran anyway" not in printed.splitlines()


def test_the_end_of_a_line_that_was_shown_before_is_no_blank_line() -> None:
    """A line whose begin was shown while its end had not come stays one line; blank lines behind it are kept."""
    lines: list[str] = []
    pipe = Pipe(io.BytesIO(), "", lines.append)
    pipe.feed(b"Password: ", 0.0)
    pipe.flush(1.0, after=0.5)
    pipe.feed(b"\r\n\nWait", 2.0)
    pipe.flush(3.0, after=0.5)
    pipe.feed(b"ing\n\n", 4.0)
    assert lines == ["Password: ", "", "Wait", "ing", ""]


def test_a_character_without_its_end() -> None:
    """What came of a character that the command did not print to its end is shown as a replacement."""
    lines: list[str] = []
    pipe = Pipe(io.BytesIO(), "", lines.append)
    pipe.feed("20 €".encode()[:-1], 0.0)
    pipe.end(1.0)
    assert lines == ["20 \ufffd"]


def test_a_child_that_prints_on_and_on(module_server: Server) -> None:
    """The job ends soon after its command, though what that has left in the background never falls silent."""
    script = "while sleep 0.1; do echo still here; done & echo $!"
    with started(module_server, "sh", "-c", script) as process:
        child = int(process.stdout.readline())
        try:
            assert process.wait(60) == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
    job = newest(module_server)
    assert (job["status"], job["output"][:2]) == ("completed", [str(child), "still here"])


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("rsync -a /srv backup:/srv", "rsync -a /srv backup:/srv"),
        ("sh -c 'one\n  two'", "sh -c 'one two'"),
        (f"cat {'/srv/file ' * 20}", "cat /srv/file /srv/file /srv/file /srv/file /srv/file /srv/file /srv/file…"),
        (f"/opt/{'x' * 200} -a", f"/opt/{'x' * 74}…"),
        (f"sh -c '{'x' * 200}'", f"sh -c '{'x' * 72}…"),
    ],
)
def test_a_job_is_called_by_the_begin_of_its_command(line: str, name: str) -> None:
    """A long command line would fill the titles of notifications: words that are whole, 80 characters at most."""
    assert called(line) == name
    assert len(name) <= 80
