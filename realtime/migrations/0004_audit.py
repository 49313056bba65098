"""The audit's rows, which the database itself lets nobody change.

Deleting is left to the program, which prunes by age: the tests, `manage.py flush` and a person with the database's own
password delete anyway. On SQLite Django alters a table by making a new one, without its trigger: a later migration that
alters this one runs `guard` again.
"""

from typing import Any

from django.db import migrations, models

SQLITE = (
    "CREATE TRIGGER realtime_audit_guard BEFORE UPDATE ON realtime_auditevent "
    "BEGIN SELECT RAISE(ABORT, 'The audit is not changed.'); END",
)
POSTGRESQL = (
    "CREATE FUNCTION realtime_audit_guard() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'The audit is not changed.'; END $$",
    "CREATE TRIGGER realtime_audit_guard BEFORE UPDATE ON realtime_auditevent "
    "FOR EACH ROW EXECUTE FUNCTION realtime_audit_guard()",
)


def guard(_apps: Any, editor: Any) -> None:
    """Refuse every UPDATE."""
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}.get(editor.connection.vendor, ()):
        editor.execute(statement)


def unguard(_apps: Any, editor: Any) -> None:
    """Take the guard away again."""
    on = " ON realtime_auditevent" if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP TRIGGER realtime_audit_guard{on}")
    if on:
        editor.execute("DROP FUNCTION realtime_audit_guard()")


class Migration(migrations.Migration):
    """Make the table, and guard it."""

    dependencies = [
        ('realtime', '0003_tokens'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(help_text='When it happened; of several that were alike, the first.', verbose_name='when')),
                ('event', models.CharField(max_length=32)),
                ('count', models.PositiveIntegerField(default=1, help_text='How often it happened alike, within a short time.')),
                ('user_id', models.CharField(blank=True, max_length=64, verbose_name="user's id")),
                ('username', models.CharField(blank=True, help_text="The user's name at that time.", max_length=254, verbose_name='user')),
                ('address', models.CharField(blank=True, help_text='Where the client was.', max_length=64)),
                ('client_id', models.CharField(blank=True, max_length=64, verbose_name="connection's id")),
                ('request_id', models.CharField(blank=True, max_length=64, verbose_name="request's id")),
                ('details', models.JSONField(default=dict)),
            ],
            options={
                'ordering': ('-at', '-id'),
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['at'], name='realtime_audit_at'), models.Index(fields=['event', 'at'], name='realtime_audit_event'), models.Index(fields=['username', 'at'], name='realtime_audit_user'), models.Index(fields=['address', 'at'], name='realtime_audit_address')],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
