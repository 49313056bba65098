"""Requests that are carried out once, however often they are sent (draft-ietf-httpapi-idempotency-key-header-07).

A request first claims its key in a transaction of its own, so that the same request on any node sees that it is under
way. What it does and its answer are then committed together: there is no moment at which one of them is lost. A claim
whose process died is taken over after a while; should that process live after all, its work is rolled back.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

KEPT: Final = timedelta(hours=24)
"""How long an answer is given again."""
STALE: Final = timedelta(seconds=60)
"""After which a request that is under way is taken for dead."""
BATCH: Final = 500
LENGTH: Final = 255


class Reused(Exception):
    """The key came with another request before."""


class UnderWay(Exception):
    """The request with this key is being carried out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered with; `replayed` says that it was carried out before."""

    status: int
    body: str
    replayed: bool = False


class Claim(models.Model):
    """One user's request with a key; `status` and `body` are its answer, null while it is under way."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=LENGTH)
    fingerprint = models.CharField(max_length=64)
    holder = models.UUIDField(default=uuid.uuid4, help_text="Which attempt carries it out.")
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="claim_once"),)
        indexes = (models.Index(fields=("created_at",), name="claim_age"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.key}"


def fingerprint(request: str) -> str:
    """Return what stands for the text of a request: equal for equal ones, and no help to guess what it says."""
    return salted_hmac("notifications.idempotency", request, algorithm="sha256").hexdigest()


def once(user_id: int, key: str, request: str, work: Callable[[], Answer]) -> Answer:
    """Return what *work* returns, or returned within the last 24 hours for the same user, key and request.

    Where *work* raises, nothing is kept, and the request may be sent again.

    Raises: Reused, UnderWay; what *work* raises.
    """
    mark = fingerprint(request)
    claim, answer = _claim(user_id, key, mark)
    if answer is not None:
        return answer
    try:
        with transaction.atomic():
            answer = work()
            _keep(claim, answer)
    except BaseException:
        claim.delete()
        raise
    return answer


def prune() -> int:
    """Delete up to 500 claims that are too old to matter; return how many. Call it until it returns 0."""
    old = Claim.objects.filter(created_at__lt=timezone.now() - KEPT).order_by("created_at")
    pks = list(old.values_list("pk", flat=True)[:BATCH])
    return Claim.objects.filter(pk__in=pks).delete()[0] if pks else 0


def _keep(claim: Any, answer: Answer) -> None:
    """Store *answer*. Raises: UnderWay, where another attempt took over, so that what this one did is rolled back."""
    if not claim.update(status=answer.status, body=answer.body):
        raise UnderWay


def _claim(user_id: int, key: str, mark: str) -> tuple[Any, Answer | None]:
    """Return the query of the claim that is now held, and the answer where there is one already."""
    now, holder = timezone.now(), uuid.uuid4()
    held = Claim.objects.filter(user_id=user_id, key=key, holder=holder, status=None)
    with suppress(IntegrityError), transaction.atomic():
        Claim.objects.create(user_id=user_id, key=key, fingerprint=mark, holder=holder, created_at=now)
        return held, None
    found = Claim.objects.filter(user_id=user_id, key=key).first()
    if found is None:  # It failed, or was pruned, between the two statements.
        raise UnderWay
    expired = found.created_at <= now - (KEPT if found.status else STALE)
    if not expired and found.fingerprint != mark:
        raise Reused
    if not expired and found.status:
        return held, Answer(found.status, found.body, replayed=True)
    same = Claim.objects.filter(pk=found.pk, holder=found.holder, status=found.status)
    fresh = {"fingerprint": mark, "holder": holder, "status": None, "body": "", "created_at": now}
    if not expired or not same.update(**fresh):
        raise UnderWay
    return held, None
