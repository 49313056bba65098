"""The local operator: everyone who sits at this machine, while login is off. The rule is one for HTTP and WebSocket."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser

USERNAME: Final = "operator"
LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def refusal(*, peer: str, host: str, origin: str | None) -> str | None:
    """Return why a request must not be the local operator's, or None where it may.

    *peer* is the socket's own address, never a forwarded one. The Host check stops DNS rebinding, the Origin check
    stops other sites' pages.
    """
    if not _is_loopback(peer):
        return "Login is off, so only this machine may connect."
    if urlsplit(f"//{host}").hostname not in LOCAL_HOSTS:
        return "Login is off, so the Host must be localhost, 127.0.0.1 or [::1]."
    if origin is not None and urlsplit(origin).netloc != host:
        return "Login is off, so pages of other origins may not connect."
    return None


def operator() -> AbstractBaseUser:
    """Return the local operator: a superuser row without a password, made where it does not exist yet."""
    user, created = get_user_model()._default_manager.get_or_create(
        username=USERNAME, defaults={"is_staff": True, "is_superuser": True}
    )
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def _is_loopback(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False
