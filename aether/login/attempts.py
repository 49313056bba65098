"""Guessing passwords: how many wrong ones, of one name and of one address, before both have to wait.

The counts are in the database, so they hold for every worker and every machine. Between the question whether an attempt
is allowed and its being counted, attempts that are under way at the same moment pass.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any, Final

from axes.handlers.database import AxesDatabaseHandler
from axes.signals import user_locked_out
from django.conf import settings
from django.db.models import Max, Sum
from django.dispatch import receiver
from django.http import HttpRequest

from realtime import audit
from realtime.accounts import named
from realtime.audit import Event

Credentials = dict[str, Any] | None
SUBSCRIBER: Final = 64
"""The prefix of IPv6 that one subscriber has; whoever guesses could take each attempt's address from it anew."""


def address(request: HttpRequest) -> str | None:
    """Return the address whose attempts count together: an IPv4 address, or a network of IPv6.

    It is the socket's own, or what the server itself took from a header of one of TRUSTED_PROXIES; no other header
    is believed.
    """
    try:
        found = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return None
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, SUBSCRIBER), strict=False).network_address)


class Attempts(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types.
    """The counts of wrong passwords. Names that nobody has are counted like the others, and so betray nothing."""

    def get_failures(self, request: HttpRequest, credentials: Credentials = None) -> int:
        """Return the wrong passwords of this name from this address, or a full count where the address is locked."""
        of_name, of_address = (_count(found) for found in self.get_user_attempts(request, credentials))
        return max(of_name, settings.LOGIN_ATTEMPTS if of_address >= settings.LOGIN_ATTEMPTS_PER_ADDRESS else 0)

    def reset_user_attempts(self, request: HttpRequest, credentials: Credentials = None) -> int:
        """Forget the wrong passwords of this name from this address: an own account opens nobody else's."""
        deleted: int = self.filter_user_attempts(request, credentials)[0].delete()[0]
        return deleted


def wait(request: HttpRequest, now: datetime, credentials: Credentials = None) -> timedelta:
    """Return how long somebody who is locked out has to wait, at most the cool-off time."""
    of_name, of_address = Attempts().get_user_attempts(request, credentials)
    locking = of_name if _count(of_name) >= settings.LOGIN_ATTEMPTS else of_address
    latest = locking.aggregate(latest=Max("attempt_time"))["latest"] or now
    return max(timedelta(seconds=1), latest + settings.AXES_COOLOFF_TIME - now)


@receiver(user_locked_out)
def _record(*_: Any, username: str | None, ip_address: str | None, **__: Any) -> None:
    audit.record(Event.LOCKED_OUT, address=ip_address, **named(username))


def _count(found: Any) -> int:
    return found.aggregate(total=Sum("failures_since_start"))["total"] or 0
