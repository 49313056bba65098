"""What can go wrong with single sign-on: a page for the person, and a line in the log for whoever runs the server.

The page never tells more than the person needs, and the log never holds a code, a token or a secret.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from requests import RequestException

from aether.views import page_context
from realtime import audit
from realtime.audit import Event

logger = logging.getLogger(__name__)

CODE: Final = re.compile(r"[a-z_]{1,40}")
"""An error code of OAuth (RFC 6749, 5.2). Anything else that a provider or a visitor sends is not repeated."""
ANSWERED_CODE: Final = re.compile(rf'"error"\s*:\s*"({CODE.pattern})"')
REMEDIES: Final[Mapping[str, str]] = {
    "invalid_client": "Compare OIDC_CLIENT_ID and OIDC_CLIENT_SECRET with the provider's.",
    "unauthorized_client": "Allow the authorization code flow for this client at the provider.",
    "invalid_grant": "The code was used before, is too old, or belongs to another redirect URI.",
    "invalid_scope": "OIDC_SCOPES names one that the provider does not give to this client.",
}


@dataclass(frozen=True, slots=True)
class Page:
    """What a person is told; `{name}` is the provider's and `{app}` this site's."""

    status: int
    reason: str
    """What the audit says: fixed words, whatever a provider or a visitor sent."""
    title: str
    text: str


EXPIRED: Final = Page(
    400,
    "sign-on: unknown state",
    "This sign-in has expired",
    "It took too long, or was begun in another browser. Sign in once more.",
)
DECLINED: Final = Page(
    403, "sign-on: declined", "You are not signed in", "{name} did not confirm who you are, or you declined."
)
NO_ROLE: Final = Page(
    403,
    "sign-on: no role",
    "You have no role here",
    "{name} knows you, but none of your groups has a role in {app}. Ask those who run it.",
)
INACTIVE: Final = Page(
    403, "sign-on: inactive account", "Your account is closed", "It was deactivated in {app}. Ask those who run it."
)
AWAY: Final = Page(
    503,
    "sign-on: provider away",
    "{name} does not answer",
    "You cannot sign in through it for the moment. Try again shortly.",
)
UNUSABLE: Final = Page(
    502,
    "sign-on: unusable answer",
    "Signing in did not work",
    "{app} and {name} do not understand each other. Its log tells those who run it why.",
)


class LoginFailed(OAuth2Error):  # type: ignore[misc]  # allauth has no types.
    """A login through the provider that leads nowhere: the page to show, and the reason for the log."""

    def __init__(self, page: Page, reason: str) -> None:
        super().__init__(reason)
        self.page = page
        self.reason = reason


def explain(error: BaseException) -> LoginFailed:
    """Return what *error* of the exchange with the provider means."""
    if isinstance(error, LoginFailed):
        return error
    if isinstance(error, RequestException):
        return _unreachable(error)
    found = ANSWERED_CODE.search(str(error))  # The text holds the provider's whole answer: only its code is taken.
    return refused_with(found[1] if found else "")


def refused_with(code: str) -> LoginFailed:
    """Return what the provider's error *code* means; `code` may be anything."""
    if code == "access_denied":
        return LoginFailed(DECLINED, "the provider answered access_denied")
    if code in {"temporarily_unavailable", "server_error"}:
        return LoginFailed(AWAY, f"the provider answered {code}")
    known = code if CODE.fullmatch(code) else "something that is no OAuth error"
    return LoginFailed(UNUSABLE, f"the provider answered {known}. {REMEDIES.get(code, '')}".rstrip())


def unknown_state() -> LoginFailed:
    """Return the failure of an answer that nobody is waiting for."""
    return LoginFailed(EXPIRED, "its state is not this session's: too old, used before, or begun elsewhere")


def show(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Log why a login failed, and return the page that says so."""
    failure = explain(error)
    # What the provider or the settings are to blame for is the server's matter; the rest is the person's.
    kind = Event.REFUSED if failure.page is EXPIRED else Event.LOGIN_FAILED
    audit.record(kind, transport="http", reason=failure.page.reason)
    level = logging.WARNING if failure.page.status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO
    logger.log(level, "A login through %s failed: %s", settings.OIDC_NAME, failure.reason)
    words = {"name": settings.OIDC_NAME, "app": settings.APP_NAME}
    page = {"title": failure.page.title.format(**words), "text": failure.page.text.format(**words)}
    context = page_context() | {"page": page, "status": failure.page.status}
    response = render(request, "registration/login_failed.html", context, status=failure.page.status)
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django would add a line that says less.
    return response


def _unreachable(error: RequestException) -> LoginFailed:
    """Return the failure of a request to the provider, without the parts of its URL that may be secret."""
    place = urlsplit(str(getattr(error.request, "url", None) or settings.OIDC_ISSUER))
    name = f"{place.scheme}://{place.netloc.rpartition('@')[2]}{place.path}"
    if error.response is not None:
        return LoginFailed(AWAY, f"{name} answered {error.response.status_code}")
    return LoginFailed(AWAY, f"{name} could not be asked ({type(error).__name__})")
