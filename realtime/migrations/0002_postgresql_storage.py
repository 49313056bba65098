"""Storage parameters for PostgreSQL: the stream's row and the pending publications are updated all the time.

Room in each page lets an update stay there (HOT), and vacuuming early keeps the scan of what is pending short while an
old snapshot is open. https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-STORAGE-PARAMETERS
"""

from typing import Any

from django.db import migrations

FORWARD = (
    "ALTER TABLE realtime_stream SET (fillfactor = 10, autovacuum_vacuum_threshold = 50, "
    "autovacuum_vacuum_scale_factor = 0)",
    "ALTER TABLE realtime_publication SET (fillfactor = 80, autovacuum_vacuum_threshold = 1000, "
    "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05)",
)
BACKWARD = (
    "ALTER TABLE realtime_stream RESET (fillfactor, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor)",
    "ALTER TABLE realtime_publication RESET (fillfactor, autovacuum_vacuum_threshold, "
    "autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor)",
)


def _on_postgresql(statements: tuple[str, ...]) -> Any:
    def run(_apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "postgresql":
            for statement in statements:
                editor.execute(statement)

    return run


class Migration(migrations.Migration):
    """Set them on PostgreSQL; do nothing elsewhere."""

    dependencies = [("realtime", "0001_initial")]
    operations = [migrations.RunPython(_on_postgresql(FORWARD), _on_postgresql(BACKWARD))]
