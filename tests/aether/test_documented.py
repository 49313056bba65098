"""Tests that the docs know every setting and every direct dependency."""

import json
import re
from pathlib import Path

import pytest

from tests.support.servers import ROOT

SOURCES = [ROOT / "aether" / "settings.py"]
FALLBACKS = [path for room in ("realtime", "notifications") for path in (ROOT / room).rglob("*.py")]


def names(pattern: str, paths: list[Path]) -> set[str]:
    """Return what *pattern* finds in the files."""
    return {name for path in paths for name in re.findall(pattern, path.read_text())}


SETTINGS = names(r'ENVIRONMENT\.\w+\(\s*"([A-Z_]+)"', SOURCES) | {"HOST", "PORT", "AETHER_ENV_FILE"}


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_setting_is_documented(name: str) -> None:
    """Each variable that the settings read has a row with an example."""
    rows = [line for line in (ROOT / "docs" / "settings.md").read_text().splitlines() if line.startswith("|")]
    assert any(f"`{name}`" in row.split("|")[1] and "=" in row.split("|")[4] for row in rows)


def test_setting_can_be_set_from_the_environment() -> None:
    """Each setting that an app looks up with a default of its own can be set from the environment."""
    known = names(r"^([A-Z_]+) =", [ROOT / "aether" / "settings.py"]) | SETTINGS
    known |= set(re.findall(r"^([A-Z_]+)(?::| =)", (ROOT / "aether" / "settings.py").read_text(), re.M))
    assert names(r'getattr\(settings, "([A-Z_]+)"', FALLBACKS) - known == set()


@pytest.mark.parametrize(
    "file",
    ["requirements.in", "requirements-dev.in", "requirements-bench.in", "package.json", "bench/peers/package.json"],
)
def test_dependency_is_explained(file: str) -> None:
    """Each direct dependency is exactly pinned, and the docs say what it is for."""
    explained = (ROOT / "docs" / "design" / "dependencies.md").read_text()
    text = (ROOT / file).read_text()
    if file.endswith(".json"):
        pins = re.findall(r'^    "(@?[\w/.-]+)": "(\d[\w.]*)"', text, re.M)
    else:
        lines = [line for line in text.splitlines() if line and not line.startswith(("#", "-"))]
        pins = [re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", line).groups() for line in lines]
    assert pins
    assert [name for name, _ in pins if f"`{name}`" not in explained] == []


def test_scripts_import_only_what_is_named() -> None:
    """A package that a script of Node imports is a direct dependency, not one that another happens to bring along."""
    scripts = [*(ROOT / "tools").glob("*.mjs"), *(ROOT / "tests" / "js").glob("*js"), *(ROOT / "static").rglob("*.js")]
    imported = names(r'(?:from|import) "([^"./][^"]*)"', scripts)
    package = json.loads((ROOT / "package.json").read_text())
    assert {name for name in imported if not name.startswith("node:")} - set(package["devDependencies"]) == set()
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert lock[""]["devDependencies"] == package["devDependencies"]
    for name, version in package["devDependencies"].items():
        assert lock[f"node_modules/{name}"]["version"] == version
