"""What one write does to rows of live models: looked at before it, published after it, in its transaction."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet

from realtime import outbox
from realtime.audience import EVERYONE
from realtime.live_topics import Action, LiveTopic, Part, Shown, dependents_of, parts_of
from realtime.live_watching import Watching
from realtime.outbox import Draft

CHUNK: Final = 500
"""Rows that one statement names: databases take so many parameters and no more."""


class Held(NamedTuple):
    """What a locked row says of its own publications."""

    version: int
    digest: str


class Change:
    """A write to rows of *model*: those of *pks* are there already, and locked.

    Make it before the write and call `publish` after it, all inside one transaction.
    """

    def __init__(self, model: Any, pks: Collection[Any]) -> None:
        self._model = model
        self._pks = pks
        self._before = [(topic, part, _members(part, pks)) for topic, part in parts_of(model)]
        self._touched = {part: self._dependents(part, pks) for _, part in dependents_of(model)}
        self._watching = Watching(model, pks)

    def publish(self, created: Collection[Any] = (), deleted: Mapping[Any, int] | None = None) -> None:
        """Publish what became of the rows, of those *created*, and of those *deleted*, given with their last version.

        Raises: ValidationError, where a row's audience changed.
        """
        self._watching.tell(deleted or {})  # First, so that what it writes to the rows is published too.
        left = [pk for pk in self._pks if pk not in (deleted or {})] + list(created)
        drafts: list[Draft] = []
        for topic, part, before in self._before:
            present = list(_present(topic, part, before, left))
            drafts += [*present, *_gone(topic, part, before, {draft.key for draft in present}, deleted or {})]
        outbox.publish_many(drafts)
        for topic, part in dependents_of(self._model):
            refresh(topic, part, self._touched[part] | self._dependents(part, left))

    def _dependents(self, part: Part, pks: Iterable[Any]) -> set[Any]:
        """Return the rows of *part* that are made of the rows *pks* too."""
        path = part.depends_on[self._model]
        found: set[Any] = set()
        for chunk in chunks(pks):
            found.update(plain(self._model).filter(pk__in=chunk).values_list(path, flat=True))
        return found - {None}


def refresh(topic: LiveTopic, part: Part, pks: Iterable[Any]) -> None:
    """Publish those rows *pks* of *part* that look different from what was last published of them."""
    held = lock(part.model, pks)
    drafts: list[Draft] = []
    for chunk in chunks(held):
        rows = list(part.rows(chunk))
        for row, shown in zip(rows, part.represent(rows), strict=True):
            was, digest = held.pop(row.pk), digest_of(shown)
            if digest != was.digest:
                shown["version"] = _succeed(part.model, row.pk, was, digest)
                action: Action = "created" if part.selective and not was.digest else "updated"
                drafts.append(_draft(topic, part, action, shown, (row.pk, part.audience_of(row))))
    for pk, was in held.items():
        if was.digest:  # It does not belong to the topic any more.
            audience = part.audience_of(plain(part.model).get(pk=pk))
            shown = part.tombstone(pk, _succeed(part.model, pk, was, ""))
            drafts.append(_draft(topic, part, "deleted", shown, (pk, audience)))
    outbox.publish_many(drafts)


def lock(model: Any, pks: Iterable[Any]) -> dict[Any, Held]:
    """Lock rows, in the order of their keys, so that two writers do not wait for each other."""
    found: dict[Any, Held] = {}
    for chunk in chunks(sorted(pks)):
        # Not against new rows that refer to them, as a host's VMs do.
        rows = plain(model).select_for_update(no_key=True).filter(pk__in=chunk).order_by("pk")
        found |= {pk: Held(version, digest) for pk, version, digest in rows.values_list("pk", "version", "digest")}
    return found


def write(model: Any, rows: Iterable[Any], names: Iterable[str]) -> None:
    """Write fields of *rows*, each by its key: what `bulk_update` does, without its long expressions.

    Ten thousand rows take less than a second so, and with `bulk_update` several. Values alone, no expressions.
    """
    fields, key, quoted = [model._meta.get_field(name) for name in names], model._meta.pk, connection.ops.quote_name
    columns = ", ".join(f"{quoted(field.column)} = %s" for field in fields)
    sql = f"UPDATE {quoted(model._meta.db_table)} SET {columns} WHERE {quoted(key.column)} = %s"  # noqa: S608  # nosec B608
    values = [
        [field.get_db_prep_save(field.pre_save(row, add=False), connection) for field in fields]
        + [key.get_db_prep_save(row.pk, connection)]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)


def plain(model: Any) -> "QuerySet[Any]":
    """Return all rows of *model*, those included that its manager leaves out, with a queryset's own methods."""
    return QuerySet(model)


def chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    """Return *items* in portions that one statement can name."""
    rest = iter(items) if not isinstance(items, Mapping) else iter(list(items))
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def digest_of(shown: Shown) -> str:
    """Return what tells one form of an object from another, its version apart."""
    text = outbox.encode({name: value for name, value in shown.items() if name != "version"})
    return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _members(part: Part, pks: Collection[Any]) -> dict[Any, str]:
    """Return the audiences of those rows *pks* that belong to the topic."""
    if not part.selective and part.audience is None:
        return dict.fromkeys(pks, EVERYONE)
    return {row.pk: part.audience_of(row) for chunk in chunks(pks) for row in part.rows(chunk)}


def _present(topic: LiveTopic, part: Part, before: Mapping[Any, str], pks: Iterable[Any]) -> Iterator[Draft]:
    """Return the publications of the rows that belong to the topic now, in the order of *pks*."""
    for chunk in chunks(pks):
        found = {row.pk: row for row in part.rows(chunk)}
        rows = [found[pk] for pk in chunk if pk in found]
        for row, shown in zip(rows, part.represent(rows), strict=True):
            audience = part.audience_of(row)
            if before.get(row.pk, audience) != audience:
                raise ValidationError("The audience of a live object cannot be changed.", code="immutable")
            row.digest = digest_of(shown) if part.depends_on else ""
            yield _draft(topic, part, "updated" if row.pk in before else "created", shown, (row.pk, audience))
        if part.depends_on:
            write(part.model, rows, ["digest"])


def _gone(
    topic: LiveTopic, part: Part, before: Mapping[Any, str], left: Collection[str], deleted: Mapping[Any, int]
) -> Iterator[Draft]:
    """Return the publications of the rows that belonged to the topic and do no longer; *left* are the others' keys."""
    for chunk in chunks(pk for pk in before if part.key(pk) not in left):
        versions = {pk: deleted[pk] for pk in chunk if pk in deleted}
        if len(versions) < len(chunk):
            rows = plain(part.model).filter(pk__in=[pk for pk in chunk if pk not in versions])
            versions |= dict(rows.values_list("pk", "version"))
            rows.update(digest="")
        for pk in chunk:
            if pk in versions:
                yield _draft(topic, part, "deleted", part.tombstone(pk, versions[pk]), (pk, before[pk]))


def _draft(topic: LiveTopic, part: Part, action: Action, shown: Shown, about: tuple[Any, str]) -> Draft:
    pk, audience = about
    return Draft(
        topic.name,
        topic.message(part, action, shown),
        audience=audience,
        key=part.key(pk),
        version=shown["version"],
        mergeable=action == "updated",
    )


def _succeed(model: Any, pk: Any, was: Held, digest: str) -> int:
    plain(model).filter(pk=pk).update(version=was.version + 1, digest=digest)
    return was.version + 1
