"""The collected static files, which a server without DEBUG serves."""

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

MANIFEST = "staticfiles.json"


def refresh() -> bool:
    """Collect the static files where a source is newer than the last time; return whether that was so.

    Only into a storage that says `collected_by_serve`: whatever else is in the directory is deleted.
    """
    if not getattr(staticfiles_storage, "collected_by_serve", False) or not _is_stale():
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    return True


def _is_stale() -> bool:
    manifest = Path(settings.STATIC_ROOT) / MANIFEST
    if not manifest.is_file():
        return True
    collected = manifest.stat().st_mtime
    sources = (Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([]))
    return any(source.stat().st_mtime > collected for source in sources)
