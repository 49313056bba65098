"""The part of a notification that can be sensitive: what it says is then stored encrypted, and nowhere else.

The ordinary columns of a sensitive row say the same for all of them. So whatever reads a row, represents it, searches
it or logs it has nothing to give away; the text has to be asked for with `text()` or `reveal()`.
"""

from copy import copy
from typing import Any, Final

from django.db import models

from notifications import secrecy

NEUTRAL: Final[dict[str, Any]] = {
    "title": "Sensitive notification",
    "message": "",
    "related_entity": None,
    "metadata": {},
    "group_key": None,
    "link": None,
    "actions": [],
}
"""What the columns of a sensitive notification hold, and what everything but its text's reader is shown."""
SECRET: Final = (*NEUTRAL, "dedup_key")
"""The fields that are encrypted. `dedup_key` keeps a blind form in its column, by which it is found again."""


class SealedQuerySet(models.QuerySet[Any]):
    """A query whose bulk inserts encrypt what is sensitive."""

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        """Insert *objs*, those that are sensitive encrypted. Raises: NoKey."""
        rows = list(objs)
        for row in rows:
            row.conceal()
        return super().bulk_create(rows, *args, **kwargs)


class Sealable(models.Model):
    """A row whose text is encrypted where `sensitive` is true, which is chosen at creation."""

    sensitive = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Encrypt what it says, and show it only to those who ask for it. Cannot be changed later.",
    )
    sealed = models.TextField(default="", db_default="", editable=False)

    dedup_key: Any
    _revealed = False

    class Meta:
        abstract = True

    @property
    def revealed(self) -> bool:
        """Whether a sensitive one has what it says in its fields."""
        return self._revealed

    def text(self) -> dict[str, Any]:
        """Return what a sensitive notification says, by field. Raises: Unreadable."""
        said = secrecy.unseal(self.pk, self.sealed)
        return said if self.dedup_key else {**said, "dedup_key": None}

    def reveal(self) -> None:
        """Put what it says into its fields, in memory alone, until it is saved. Raises: Unreadable."""
        if not self.sensitive or not self.sealed or self._revealed:
            return
        for name, value in self.text().items():
            setattr(self, name, value)
        self._revealed = True

    def refresh_from_db(self, using: str | None = None, fields: Any = None, from_queryset: Any = None) -> None:
        """Load the row again. Where that brings neutral words back, they are not taken for a text."""
        super().refresh_from_db(using, fields, from_queryset)
        if fields is None or not set(SECRET).isdisjoint(fields):
            self._revealed = False

    def conceal(self, stored: "Sealable | None" = None) -> None:
        """Move what a sensitive notification says into `sealed`, and leave the neutral words in its fields.

        *stored* is the row as the database has it: its ciphertext stays where nothing was said anew, so that a row
        that was read before a rotation of the keys brings no old key back. What is not sensitive stays as it is.

        Raises: NoKey; Unreadable, where something was said anew that had to be merged with what cannot be read.
        """
        if not self.sensitive:
            return
        if stored is not None:
            self._catch_up(stored)
        before = self.sealed
        said = {name: getattr(self, name) for name in SECRET}
        if before and not self._revealed:
            said = {name: value for name, value in said.items() if not _is_neutral(name, value)}
        if said:
            text = said if self._revealed or not before else {**self.text(), **said}
            self.sealed = secrecy.seal(self.pk, text)
        if said.get("dedup_key"):
            self.dedup_key = secrecy.blind(said["dedup_key"], self.own_audience)  # type: ignore[attr-defined]
        for name, value in NEUTRAL.items():
            setattr(self, name, copy(value))
        self._revealed = False

    def _catch_up(self, stored: Any) -> None:
        self.sealed = stored.sealed
        if (self.dedup_key or "").startswith(secrecy.BLIND):
            self.dedup_key = stored.dedup_key


def _is_neutral(name: str, value: Any) -> bool:
    if name == "dedup_key":
        return value is None or value.startswith(secrecy.BLIND)
    return bool(value == NEUTRAL[name])
