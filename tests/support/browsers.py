"""A Chromium that Playwright can drive: one that is installed, or the one that npm brought."""

import json
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"
UNPACK = ROOT / "tools" / "unpack_chromium.mjs"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # As root, Chromium refuses to start with its sandbox.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch_options() -> dict[str, object]:
    """Return what `playwright.chromium.launch()` needs; unpacks npm's Chromium the first time."""
    installed = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if installed:
        return {"executable_path": installed, "args": list(FLAGS), "headless": True}
    unpacked = json.loads(subprocess.run(["node", UNPACK], check=True, capture_output=True, text=True).stdout)
    return {
        "executable_path": unpacked["executable"],
        "args": [*FLAGS, "--no-zygote"],
        "headless": True,
        "env": {**os.environ, **unpacked["env"]},
    }
