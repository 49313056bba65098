"""Unpack programs of Debian's packages below var/, without root and without installing them.

python tools/debian.py nginx libnginx-mod-nchan     prints the directory that now has usr/sbin/nginx
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "var" / "debian"


class Unavailable(Exception):
    """A package could not be had here; the text says why."""


def unpack(*packages: str) -> Path:
    """Return the directory with the contents of *packages*, fetched at first.

    The libraries that they need are the machine's own. Raises: Unavailable.
    """
    target = HOME / "_".join(packages)
    if (target / ".complete").is_file():
        return target
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise Unavailable("This is no Debian: apt-get or dpkg is missing.")
    shutil.rmtree(target, ignore_errors=True)
    downloads = target / "downloads"
    downloads.mkdir(parents=True)
    _download(packages, downloads)
    for archive in sorted(downloads.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(archive), str(target)], check=True)
    shutil.rmtree(downloads)
    (target / ".complete").touch()
    return target


def _download(packages: tuple[str, ...], into: Path) -> None:
    """Download with the machine's package lists, or with lists of our own, which need no root."""
    if _apt(["download", *packages], into).returncode == 0:
        return
    lists, cache = HOME / "lists", HOME / "cache"
    for directory in (lists / "partial", cache / "archives" / "partial"):
        directory.mkdir(parents=True, exist_ok=True)
    own = ["-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}"]
    updated = _apt([*own, "update", "-q"], into)
    done = _apt([*own, "download", *packages], into)
    if done.returncode:
        why = (done.stderr or updated.stderr).strip().splitlines()
        raise Unavailable(f"apt-get could not download {', '.join(packages)}: {why[-1] if why else done.returncode}")


def _apt(arguments: list[str], directory: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["apt-get", *arguments], cwd=directory, check=False, capture_output=True, text=True)


def main() -> None:
    """Unpack what the arguments name."""
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    try:
        print(unpack(*sys.argv[1:]))
    except Unavailable as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
