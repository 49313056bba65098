"""Where collected static files are kept, and under which names."""

from typing import Final

from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT: Final = (
    r"""(?m)(?P<matched>^(?P<statement>import\s*(?=["'])|(?:import|export)\b[\w\s{},*$]*\bfrom\s*)"""
    r"""["'](?P<url>\.{1,2}/[^"']+)["'])"""
)
"""A static import or re-export at the start of a line: one in a comment's example is none."""


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # It has no types.
    """Hash and compress static files, and rewrite the static imports between JavaScript modules too.

    Without the rewriting a module would be loaded twice, under its hashed and its plain name, with two states. Modules
    must not import each other in a circle, since each one's name depends on what it imports. Django's own rewriting
    also reads comments, and refuses a module whose comment shows how to import it.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("*.js", ((IMPORT, '%(statement)s"%(url)s"'),)),
    )
    collected_by_serve = True  # STATIC_ROOT holds nothing else.
    # A pass settles one level of imports.
    max_post_process_passes = 30
