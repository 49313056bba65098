"""Where collected static files are kept, and under which names."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Hash and compress static files, and rewrite the imports between JavaScript modules too.

    Without the rewriting a module would be loaded twice, under its hashed and its plain name, with two states.
    """

    support_js_module_import_aggregation = True
