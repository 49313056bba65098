"""Tests of tools/bootstrap.py, the first half of `make run`, in a project of its own without dependencies."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the script and without dependencies."""
    shutil.copytree(ROOT / "tools", tmp_path / "project" / "tools")
    (tmp_path / "project" / "requirements.txt").write_text("")
    return tmp_path / "project"


def bootstrap(project: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    command = [sys.executable, str(project / "tools" / "bootstrap.py"), *arguments]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=100)


def test_first_run_makes_everything_and_the_second_nothing(project: Path) -> None:
    """The first run makes the environment and a private .env; the second finds both and says nothing."""
    first = bootstrap(project, "--env")
    assert first.returncode == 0, first.stderr
    written = (project / ".env").read_text()
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600
    assert {"DEBUG=true", "AUTH_ENABLED=false", "DUMMY_DATA=true"} < set(written.splitlines())
    second = bootstrap(project, "--env")
    assert (second.returncode, second.stdout) == (0, "")
    assert (project / ".env").read_text() == written
    (project / "requirements.txt").write_text("# changed\n")
    assert bootstrap(project).stdout == "Installing requirements.txt …\n"


def pretending(project: Path, what: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the script in a Python in which *what* has been changed first."""
    tools = project / "tools"
    code = f"import os, runpy, sys; sys.path.insert(0, '{tools}'); {what}; "
    code += f"runpy.run_path('{tools}/bootstrap.py', run_name='__main__')"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=100)


def test_old_python_is_named(project: Path) -> None:
    """A Python that is too old is told which one is needed, and how to name it."""
    done = pretending(project, "sys.version_info = (3, 9, 2, 'final', 0)")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "Aether needs Python 3.11 or later, and this is 3.9. Name another one: make run PYTHON=python3.11"
    )


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder on whose account the venv module does not work, as on a Debian without its package."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "ensurepip.py").write_text("raise ImportError('as on a Debian without python3-venv')\n")
    return tmp_path / "broken"


def test_missing_venv_module_is_installed_by_root(project: Path, broken: Path, tmp_path: Path) -> None:
    """As root, a missing venv module is installed with apt; a stand-in for apt repairs what the test broke."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nrm -f {broken}/ensurepip.py\n')
    (tools / "apt-get").chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}"
    done = pretending(project, "os.geteuid = lambda: 0", PYTHONPATH=str(broken), PATH=path)
    assert done.returncode == 0, done.stderr
    assert f"python3.{sys.version_info.minor}-venv" in (tmp_path / "asked").read_text()


def test_missing_venv_module_is_named_to_others(project: Path, broken: Path) -> None:
    """Who is not root reads the command that installs it."""
    done = pretending(project, "os.geteuid = lambda: 1000", PYTHONPATH=str(broken))
    assert done.returncode == 1
    assert done.stderr.strip().endswith(f"sudo apt-get install -y python3.{sys.version_info.minor}-venv")
