"""Models that a `LiveTopic` can show: each row carries its version, and each write publishes itself."""

import time
import warnings
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.signals import class_prepared, post_delete, pre_delete

from realtime.live_changes import Change, lock, plain
from realtime.live_topics import dependents_of, parts_of


class UnpublishedWrite(UserWarning):
    """A write went past what publishes: nobody is told of it, and open pages go on showing what was."""


def first_version() -> int:
    """Return the version of a new row: the microseconds since 1970.

    From there it counts, one a write. So a row that is deleted and made again under the same key is newer than its
    deletion, without a trace that would have to stay.
    """
    return time.time_ns() // 1_000


class LiveQuerySet(models.QuerySet[Any]):
    """A queryset that complains, with DEBUG, of what it cannot publish; `realtime.bulk` does the same and can."""

    def update(self, **changes: Any) -> int:
        """Change rows without telling anybody."""
        _complain(self.model, "QuerySet.update()", "bulk.update(queryset, **changes)")
        return super().update(**changes)

    def bulk_create(self, *args: Any, **options: Any) -> list[Any]:
        """Create rows without telling anybody."""
        _complain(self.model, "bulk_create()", "bulk.create(objects)")
        return super().bulk_create(*args, **options)

    def bulk_update(self, *args: Any, **options: Any) -> int:
        """Change rows without telling anybody."""
        _complain(self.model, "bulk_update()", "bulk.save(objects, fields)")
        return plain(self.model).bulk_update(*args, **options)

    def _raw_delete(self, using: str | None) -> int:
        _complain(self.model, "_raw_delete()", "bulk.delete(queryset)")
        return super()._raw_delete(using)

    update.alters_data = True  # type: ignore[attr-defined]
    bulk_create.alters_data = True  # type: ignore[attr-defined]
    bulk_update.alters_data = True  # type: ignore[attr-defined]


class LiveModel(models.Model):
    """A model whose `save()` and `delete()` are published by the topics that show it.

    Each write is one transaction with its publication, or joins the caller's. What is published is the row as it is
    read back under its lock, so that partial saves cannot leave clients apart. Rows deleted through a queryset or a
    cascade are published one by one; `realtime.bulk` has the rest.
    """

    version = models.PositiveBigIntegerField(default=first_version, editable=False)
    digest = models.CharField(
        max_length=32, default="", blank=True, editable=False, help_text="What it looked like when last published."
    )

    objects = LiveQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it as a new version and publish the row as it then is; with `update_fields` only those are written."""
        if kwargs.get("update_fields") is not None and not kwargs["update_fields"]:
            return  # As Django: there is nothing to write.
        with transaction.atomic():
            known = [] if self.pk is None else [self._meta.pk.to_python(self.pk)]
            held = lock(type(self), known)
            change = Change(type(self), list(held))
            for was in held.values():
                self.version, self.digest = was.version + 1, was.digest
                if kwargs.get("update_fields") is not None:
                    kwargs["update_fields"] = {*kwargs["update_fields"], "version"}
            super().save(*args, **kwargs)
            change.publish(created=[] if held else [self._meta.pk.to_python(self.pk)])


def _prepared(sender: Any, **_: Any) -> None:
    """Have the deletions of each live model's rows published; with these, Django sends signals in a cascade too."""
    if issubclass(sender, LiveModel) and not sender._meta.abstract:
        pre_delete.connect(_deleting, sender, dispatch_uid=f"live.deleting.{sender._meta.label}")
        post_delete.connect(_deleted, sender, dispatch_uid=f"live.deleted.{sender._meta.label}")


def _deleting(instance: Any, **_: Any) -> None:
    if "_change" not in instance.__dict__:  # Else whoever deletes many has looked at all of them, and publishes.
        held = lock(type(instance), [instance.pk])
        instance._change = Change(type(instance), list(held)), held


def _deleted(instance: Any, **_: Any) -> None:
    if (looked := instance.__dict__.pop("_change", None)) is not None:
        change, held = looked
        change.publish(deleted={pk: was.version + 1 for pk, was in held.items()})


def _complain(model: Any, what: str, instead: str) -> None:
    if settings.DEBUG and (parts_of(model) or dependents_of(model)):
        text = f"{model.__name__}: {what} publishes nothing, and open pages go on showing what was."
        warnings.warn(f"{text} Use realtime.{instead}.", UnpublishedWrite, stacklevel=3)


class_prepared.connect(_prepared, dispatch_uid="live.prepared")
