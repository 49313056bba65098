"""Tests of `make audit`, in a project of its own whose pip-audit and npm answer what a test lets them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import ROOT

NOT_FOUND = "Dependency not found on PyPI and could not be audited"
CLEAN = {"name": "django", "version": "5.2", "vulns": []}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the script alone."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    return tmp_path


def audit(project: Path, packages: list[dict[str, Any]], vulnerabilities: Any) -> subprocess.CompletedProcess[str]:
    """Run the script; pip-audit and npm answer with these."""
    tools = project / ".venv" / "bin"
    said = "echo 'No known vulnerabilities found' >&2"
    for name, first, answer in (("pip-audit", said, {"dependencies": packages}), ("npm", ":", vulnerabilities)):
        (tools / name).write_text(f"#!/bin/sh\n{first}\ncat <<'END'\n{json.dumps(answer)}\nEND\n")
        (tools / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    command = [sys.executable, str(project / "tools" / "audit.py")]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


def test_clean_audit_says_so(project: Path) -> None:
    """Where everything was audited and nothing found, one sentence says so."""
    done = audit(project, [CLEAN], {"vulnerabilities": {}})
    assert done.returncode == 0
    assert done.stdout.endswith("Everything was audited, and nothing is known to be vulnerable.\n")


def test_unaudited_packages_fail_with_their_reason_told_once(project: Path) -> None:
    """What could not be audited is a failure, under its reason, and nothing claims that all is well."""
    skipped = [{"name": name, "skip_reason": f"{NOT_FOUND}: {name} ({n}.0)"} for n, name in enumerate(("one", "two"))]
    done = audit(project, [CLEAN, *skipped], {"vulnerabilities": {}})
    assert done.returncode == 1
    assert f"requirements.txt: {NOT_FOUND}: one, two\n" in done.stdout
    assert "No known vulnerabilities" not in done.stdout + done.stderr


def test_vulnerable_packages_fail(project: Path) -> None:
    """A vulnerability of either world is named and ends with 1; so does a tool without an answer."""
    found = {**CLEAN, "vulns": [{"id": "CVE-2026-1"}]}
    done = audit(project, [found], {"vulnerabilities": {"left-pad": {"severity": "high"}}})
    assert done.returncode == 1
    assert "requirements.txt: django: CVE-2026-1\n" in done.stdout
    assert "package-lock.json: left-pad is high\n" in done.stdout
    assert "npm audit gave no answer: offline" in audit(project, [CLEAN], {"message": "offline"}).stdout
