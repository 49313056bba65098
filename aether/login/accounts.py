"""The account of somebody for whom the OpenID provider vouches: found by issuer and subject, and by nothing else.

A name or an e-mail address that a local account has too never leads to that account.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from aether.login import roles
from aether.login.failures import AWAY, INACTIVE, NO_ROLE, LoginFailed
from realtime import local_operator

BACKEND: Final = "django.contrib.auth.backends.ModelBackend"
NAMES: Final = ("preferred_username", "email", "sub")
"""The claims that a new account's name is taken from: the first that there is."""
FIELDS: Final = {"given_name": ("first_name", 150), "family_name": ("last_name", 150), "email": ("email", 254)}
"""What an account has of the claims: the field, and how long it may be."""
LONGEST_NAME: Final = 150
FORBIDDEN: Final = re.compile(r"[^\w.@+-]+")
ATTEMPTS: Final = 5


def admit(issuer: str, claims: Mapping[str, Any]) -> User:
    """Return the account of the subject in *claims*, with the roles that they bring; the first time it is created.

    Who has no role is not admitted, and loses the roles of earlier logins; no account is created for them.

    Raises: LoginFailed.
    """
    granted = roles.roles_of(claims)
    with transaction.atomic():
        user = _find(issuer, claims["sub"])
        if user is None and granted:
            user = _create(issuer, claims)
        if user is not None:
            _update(user, claims)
            roles.apply(user, granted)
    if user is None or not granted:
        raise LoginFailed(NO_ROLE, f"no value of the claim {settings.OIDC_ROLES_CLAIM} has a role in OIDC_ROLES")
    if not user.is_active:
        raise LoginFailed(INACTIVE, f"the account {user.pk} is not active")
    return user


def log_in(request: HttpRequest, user: User, next_url: str) -> HttpResponse:
    """Begin *user*'s session, which ends in time for the roles to be asked for again; return the way on."""
    auth.login(request, user, backend=BACKEND)
    request.session.set_expiry(timedelta(seconds=settings.OIDC_SESSION_AGE))
    return redirect(next_url)


def _find(issuer: str, subject: str) -> User | None:
    account = SocialAccount.objects.select_related("user").filter(provider=issuer, uid=subject).first()
    return account.user if account else None


def _create(issuer: str, claims: Mapping[str, Any]) -> User:
    """Create an account under a name that nobody has; of two logins of one new person at once, one creates it."""
    for _ in range(ATTEMPTS):
        name = next(name for name in _names(claims) if not User.objects.filter(username__iexact=name).exists())
        try:
            with transaction.atomic():
                user = User(username=name)
                user.set_unusable_password()
                user.save()
                SocialAccount.objects.create(user=user, provider=issuer, uid=claims["sub"])
        except IntegrityError:  # Another request took the name, or created this very account.
            if found := _find(issuer, claims["sub"]):
                return found
        else:
            return user
    raise LoginFailed(AWAY, "no free name was found for a new account")


def _names(claims: Mapping[str, Any]) -> Iterator[str]:
    """Yield names for a new account, without end: the person's own, then with numbers behind it."""
    wished = next((text for name in NAMES if (text := _clean(claims.get(name)))), "person")
    if wished.lower() != local_operator.USERNAME:  # Who is everyone while login is off must stay nobody's own.
        yield wished
    for number in itertools.count(2):
        ending = f"-{number}"
        yield wished[: LONGEST_NAME - len(ending)] + ending


def _clean(text: object) -> str:
    """Return *text* as a username may be, or nothing."""
    if not isinstance(text, str):
        return ""
    return FORBIDDEN.sub("-", User.normalize_username(text)).strip("-")[:LONGEST_NAME]


def _update(user: User, claims: Mapping[str, Any]) -> None:
    """Take over what the provider calls the person; the username stays, since it is what others know them by."""
    changed = []
    for claim, (field, longest) in FIELDS.items():
        text = claims.get(claim)
        if isinstance(text, str) and len(text) <= longest and getattr(user, field) != text:
            setattr(user, field, text)
            changed.append(field)
    if changed:
        user.save(update_fields=changed)
