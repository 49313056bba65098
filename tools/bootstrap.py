"""Make .venv, install what the project needs into it, and write the first .env.

Needs nothing but Python itself, and runs on versions that the project does not, to be able to say so.
Running it again does only what is missing: what is installed is known by a hash of the requirements.

    python3 tools/bootstrap.py [--dev] [--env]
"""

import base64
import hashlib
import os
import secrets
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
FIRST_ENV = """\
# Written by the first `make run`, for this machine only. docs/settings.md describes every setting.
SECRET_KEY={key}
ENCRYPTION_KEYS={encryption}
DEBUG=true
AUTH_ENABLED=false
DUMMY_DATA=true
"""


def main() -> None:
    """Do what the arguments ask for."""
    if sys.version_info < OLDEST:
        have = "{}.{}".format(*sys.version_info)
        fail(
            "Aether needs Python 3.11 or later, and this is {}. Name another one: make run PYTHON=python3.11".format(
                have
            )
        )
    make_venv()
    install("requirements.txt")
    if "--dev" in sys.argv:
        install("requirements-dev.txt")
    if "--env" in sys.argv:
        write_env()


def make_venv() -> None:
    """Make .venv where there is none that works."""
    if works(PYTHON, "-m", "pip", "--version"):
        return
    if not works(sys.executable, "-c", "import venv, ensurepip"):
        install_venv_module()
    print("Making .venv …", flush=True)
    run(sys.executable, "-m", "venv", "--clear", str(VENV))


def install_venv_module() -> None:
    """Install Debian's package of the venv module, or name the command that does."""
    package = "python{}.{}-venv".format(*sys.version_info)
    if os.geteuid() != 0:
        fail("Python's venv module is missing. Install it with: sudo apt-get install -y {}".format(package))
    print("Installing {} …".format(package), flush=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    try:
        subprocess.run(["apt-get", "update", "-q"], check=False, env=environment)
        done = subprocess.run(["apt-get", "install", "-y", "-q", package], check=False, env=environment).returncode == 0
    except FileNotFoundError:
        done = False
    if not done:
        fail("Python's venv module is missing, and apt could not install {}. Install it and try again.".format(package))


def install(name: str) -> None:
    """Install the requirements of the file *name*, unless they are."""
    requirements = ROOT / name
    stamp = VENV / (".installed-" + requirements.stem)
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print("Installing {} …".format(name), flush=True)
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(requirements))
    stamp.write_text(wanted)


def write_env() -> None:
    """Write .env with keys of its own, unless there is one."""
    try:
        descriptor = os.open(str(ROOT / ".env"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        encryption = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        file.write(FIRST_ENV.format(key=secrets.token_urlsafe(48), encryption=encryption))
    print("Wrote .env.", flush=True)


def works(*command: str) -> bool:
    """Return whether *command* can be run and succeeds."""
    try:
        return (
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
        )
    except OSError:
        return False


def run(*command: str) -> None:
    """Run *command*, and end with its exit code where it fails."""
    code = subprocess.run(command, check=False).returncode
    if code:
        raise SystemExit(code)


def fail(message: str) -> None:
    """End with *message*."""
    raise SystemExit(message)


if __name__ == "__main__":
    main()
