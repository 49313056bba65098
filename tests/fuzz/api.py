"""Schemathesis over the OpenAPI document, in the name of a real user: no 5xx, and no status that is not documented."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.fuzz.target import ServerFailed, Target

COMMAND: Final = Path(sys.executable).with_name("schemathesis")
ROOT: Final = Path(__file__).resolve().parents[2]
LIMIT: Final = 1_800.0
"""Seconds that it may take."""
CHECKS: Final = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
ENDLESS: Final = "/api/v1/stream"
"""A response without an end, which Schemathesis would wait for; `tests.fuzz.handshakes` asks for it instead."""


def run(target: Target, *, examples: int, seed: int, phases: str = "examples,coverage,fuzzing,stateful") -> str:
    """Return what Schemathesis printed. Raises: ServerFailed, with that, where it found something."""
    with target.server.client(cookies={"sessionid": target.sessions["ann"]}) as browser:
        browser.get("/").raise_for_status()
        token = browser.cookies["csrftoken"]
    cookies = f"sessionid={target.sessions['ann']}; csrftoken={token}"
    headers = {"Cookie": cookies, "X-CSRFToken": token, "Referer": f"{target.server.url}/"}
    command = [
        str(COMMAND), "run", f"{target.server.url}/api/schema?format=json", "--no-color", "--checks", CHECKS,
        *(part for name, value in headers.items() for part in ("--header", f"{name}: {value}")),
        "--max-examples", str(examples), "--seed", str(seed), "--exclude-path", ENDLESS, "--continue-on-failure",
        "--generation-database", "none", "--request-timeout", "60", "--phases", phases,
        "--output-sanitize", "false",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=target.server.directory, timeout=LIMIT, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    target.check_log()
    if done.returncode:
        raise ServerFailed(f"Schemathesis found something:\n{done.stdout[-12_000:]}")
    return done.stdout
