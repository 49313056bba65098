"""System checks of the login's settings; aether.checks runs them with the others."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from aether.login.roles import ROLES, STAFF

NEEDED: Final = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")


def check_login() -> Iterator[CheckMessage]:
    """Yield what is wrong with single sign-on, and with the limits of login attempts."""
    given = [name for name in NEEDED if getattr(settings, name)]
    if given and len(given) < len(NEEDED):
        missing = " and ".join(name for name in NEEDED if name not in given)
        message = f"Single sign-on is half configured: {' and '.join(given)} without {missing}."
        yield Error(message, hint=f"Set {missing}, or remove the others.", id="aether.E020")
    if settings.OIDC_ONLY and not given:
        hint = f"Set {', '.join(NEEDED)}, or remove OIDC_ONLY."
        yield Error("OIDC_ONLY turns passwords off, and there is no other way to log in.", hint=hint, id="aether.E021")
    if settings.OIDC_ISSUER:
        yield from _issuer()
    yield from _default_role()
    if settings.LOGIN_ATTEMPTS_PER_ADDRESS < settings.LOGIN_ATTEMPTS:
        message = "LOGIN_ATTEMPTS_PER_ADDRESS is below LOGIN_ATTEMPTS, which then never counts."
        yield Error(message, hint="Raise the former or lower the latter.", id="aether.E024")


def _issuer() -> Iterator[CheckMessage]:
    hint = "Write the issuer alone, as in OIDC_ISSUER=https://id.example.org/realms/main."
    try:
        parts = urlsplit(settings.OIDC_ISSUER)
    except ValueError:
        yield Error("OIDC_ISSUER is no URL.", hint=hint, id="aether.E022")
        return
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        yield Error("OIDC_ISSUER is no URL of scheme, name and path.", hint=hint, id="aether.E022")
    elif "/.well-known/" in parts.path or len(settings.OIDC_ISSUER) > 200:
        yield Error("OIDC_ISSUER has a /.well-known/ path, or is too long.", hint=hint, id="aether.E022")
    elif parts.scheme == "http" and not settings.DEBUG:
        message = "OIDC_ISSUER is asked over http: whoever is on the way could log in as anyone."
        yield Error(message, hint="Use the provider's https address.", id="aether.E023")


def _default_role() -> Iterator[CheckMessage]:
    role = settings.OIDC_DEFAULT_ROLE
    if role and role not in ROLES:
        hint = f"Use one of {', '.join(ROLES)}, or leave it empty."
        yield Error(f"OIDC_DEFAULT_ROLE is no role: {role[:80]!r}.", hint=hint, id="aether.E025")
    if role == STAFF:
        hint = "Map a group to Admin with OIDC_ROLES, and give the others Reader or nothing."
        message = "OIDC_DEFAULT_ROLE=Admin: everyone whom the provider knows administers."
        yield Warning(message, hint=hint, id="aether.W020")
