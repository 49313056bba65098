"""Tests of the collected static files: they are made anew where a source changed, and only then."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import get_finder
from pytest_django.fixtures import Settings

from realtime import collected

STORAGES = {"staticfiles": {"BACKEND": "aether.storage.ModuleStaticFilesStorage"}}


@pytest.fixture
def source(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A static file of a project that has only this one."""
    path = tmp_path / "static" / "app.js"
    path.parent.mkdir()
    path.write_text("export const answer = 42;\n")
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [path.parent], tmp_path / "collected"
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {**settings.STORAGES, **STORAGES}
    get_finder.cache_clear()
    yield path
    get_finder.cache_clear()


def collected_names(settings: Settings) -> list[str]:
    """Return the names of what is collected, without the compressed copies."""
    return sorted(path.name for path in settings.STATIC_ROOT.iterdir() if path.suffix == ".js")


def test_first_time_collects_and_the_second_does_not(source: Path, settings: Settings) -> None:
    """Without collected files they are made, hashed; where nothing changed, nothing is done."""
    assert collected.refresh() is True
    assert len(collected_names(settings)) == 2  # As it is, and under its hash.
    assert collected.refresh() is False


def test_changed_source_is_collected_again(source: Path, settings: Settings) -> None:
    """A source that is newer than the last time is collected again, and what it was before is gone."""
    collected.refresh()
    before = collected_names(settings)
    source.write_text("export const answer = 43;\n")
    os.utime(source, (time.time() + 10, time.time() + 10))
    assert collected.refresh() is True
    assert len(collected_names(settings)) == 2
    assert collected_names(settings) != before


def test_interrupted_run_is_made_good(source: Path, settings: Settings) -> None:
    """What has no manifest, as after an interrupted run, is collected again."""
    collected.refresh()
    (settings.STATIC_ROOT / collected.MANIFEST).unlink()
    assert collected.refresh() is True
