"""API tokens: made, found, and revoked. A token is shown once, when it is made; what is kept is its digest."""

import contextlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.db import OperationalError
from django.db.models import Q, QuerySet
from django.utils import timezone
from knox.crypto import hash_token

from realtime import conf
from realtime.models import ApiToken

MOST: Final = 100
"""Tokens that one user may have at a time."""
NOTED: Final = timedelta(minutes=1)
"""How exactly the last use is kept: a write for each request would cost more than the request."""
DAY: Final = 86_400


class Refusal(Exception):
    """Why a token is not made, in words for the person who asked."""


def create(user: Any, name: str, *, days: float | None = None) -> tuple[ApiToken, str]:
    """Make a token of *user* that lasts *days*, by default as the settings say; return it and its secret text.

    Raises: Refusal, for a lifetime that is too long, or one token too many.
    """
    settings = conf.load()
    days = settings.token_lifetime / DAY if days is None else days
    if not 0 < days * DAY <= settings.token_max_lifetime:
        raise Refusal(f"A token lasts more than 0 and at most {settings.token_max_lifetime / DAY:g} days.")
    if of(user).count() >= MOST:
        raise Refusal(f"A user has at most {MOST} tokens; revoke one that is not needed any more.")
    made: tuple[ApiToken, str] = ApiToken.objects.create(user, timedelta(days=days), name=name)  # type: ignore[no-untyped-call]
    return made


def of(user: Any) -> QuerySet[ApiToken]:
    """Return the tokens of *user* that have not ended."""
    return _live().filter(user=user)


def live(ids: Iterable[str]) -> QuerySet[ApiToken]:
    """Return those of the tokens with these ids that count, each with its user."""
    return _live().filter(uuid__in=ids, user__is_active=True)


def find(secret: str) -> ApiToken | None:
    """Return the token that *secret* is, with its user, and note its use; None where it does not count.

    Found by its digest: a secret of 256 bits cannot be guessed piece by piece from how long that takes.
    """
    if not secret.isascii() or len(secret) > 200:
        return None
    token = _live().filter(digest=hash_token(secret), user__is_active=True).first()
    if token is not None:
        _note_use(token)
    return token


def prune() -> int:
    """Delete the tokens that ended a month ago or more; until then they are listed as ended. Return how many."""
    return ApiToken.objects.filter(expiry__lt=timezone.now() - timedelta(days=30)).delete()[0]


def _live() -> QuerySet[ApiToken]:
    return ApiToken.objects.select_related("user").filter(Q(expiry=None) | Q(expiry__gt=timezone.now()))


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > NOTED:
        with contextlib.suppress(OperationalError):  # Nobody is refused because this cannot be written.
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
