"""Tickets: a credential for one connection, for those who can send neither a cookie nor a header with a handshake.

A ticket is good once and for half a minute, and stands for the credential that it was made with: it does not outlive
it, and neither does the connection that it opens. What is stored is its digest.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from realtime import credentials
from realtime.identity import Claim, Identity
from realtime.models import Ticket

LIFETIME: Final = timedelta(seconds=30)


def issue(claim: Claim) -> tuple[str, datetime]:
    """Make a ticket that stands for *claim*; return it and when it ends."""
    ticket = secrets.token_urlsafe(32)
    expires_at = timezone.now() + LIFETIME
    Ticket.objects.create(digest=_digest(ticket), kind=claim.kind, key=claim.key, expires_at=expires_at)
    return ticket, expires_at


def use(ticket: str) -> Identity | None:
    """Return whom *ticket* stands for, and take it; None where it was used before, has ended, or never was.

    Of two who come with it at once, on whatever nodes, one gets it: the database deletes a row for one of them.
    """
    row = Ticket.objects.filter(digest=_digest(ticket)).first()
    if row is None or not Ticket.objects.filter(digest=row.digest).delete()[0] or row.expires_at <= timezone.now():
        return None
    claim = Claim(row.kind, row.key)  # type: ignore[arg-type]  # Only `issue` writes.
    return credentials.verify([claim]).get(claim)


def prune() -> int:
    """Delete the tickets that nobody came with in time; return how many."""
    return Ticket.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
