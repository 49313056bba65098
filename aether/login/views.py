"""The login page, and the two routes of single sign-on."""

import math
from typing import Any, Final

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from requests import RequestException

from aether.login import attempts, failures, oidc
from aether.views import page_context

TOO_MANY: Final = 429


class Login(auth.LoginView):
    """The login page, under the project's own name: a password, single sign-on, or both."""

    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the password; where single sign-on is the only way, none is."""
        if settings.OIDC_ONLY:
            return self.http_method_not_allowed(request)
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **options: Any) -> dict[str, Any]:
        """Return the form, the ways to log in, and what every page shows."""
        context = super().get_context_data(**options) | page_context()
        context["password"] = not settings.OIDC_ONLY
        if settings.OIDC_ENABLED:
            query = {REDIRECT_FIELD_NAME: url} if (url := self.get_redirect_url()) else {}
            context["oidc"] = {"name": settings.OIDC_NAME, "url": f"{reverse('oidc')}?{urlencode(query)}".rstrip("?")}
        return context


class AdminLogin(Login):
    """The same page for the admin: who is logged in and may not open it is told so, and not sent in a circle."""

    @property
    def redirect_authenticated_user(self) -> bool:  # type: ignore[override]
        """Whether somebody who is logged in already is sent on."""
        return self.request.user.is_active and getattr(self.request.user, "is_staff", False)


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: attempts.Credentials) -> HttpResponse:
    """Return the login page for somebody who has to wait, in place of *response*; axes calls it."""
    seconds = math.ceil(attempts.wait(request, timezone.now(), credentials).total_seconds())
    view = Login()
    view.setup(request)
    context = view.get_context_data(form=view.get_form(), locked_minutes=math.ceil(seconds / 60))
    page = render(request, "registration/login.html", context, status=TOO_MANY)
    page.headers["Retry-After"] = str(seconds)
    return page


@require_GET
@never_cache
@login_not_required
def begin(request: HttpRequest) -> HttpResponse:
    """Send a person to the provider.

    A page of another site cannot begin a login in their name: from there, the way leads to the login page.
    """
    if not settings.OIDC_ENABLED:
        raise Http404
    next_url = _safe(request, request.GET.get(REDIRECT_FIELD_NAME, ""))
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return redirect(f"{reverse('login')}?{urlencode({REDIRECT_FIELD_NAME: next_url})}")
    try:
        return oidc.Provider(request).begin(next_url)
    except (OAuth2Error, RequestException) as error:
        return failures.show(request, error)


@require_GET
@never_cache
@login_not_required
def callback(request: HttpRequest) -> HttpResponse:
    """Take the provider's answer: log the person in, or say why not."""
    if not settings.OIDC_ENABLED:
        raise Http404
    try:
        answer: HttpResponse = OAuth2CallbackView.adapter_view(oidc.Exchange(request))(request)
    except (OAuth2Error, RequestException) as error:  # The provider's description of itself is read outside its try.
        return failures.show(request, error)
    return answer


def _safe(request: HttpRequest, url: str) -> str:
    """Return *url*, where it leads nowhere but to this server; else the dashboard's."""
    own = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if own else resolve_url(settings.LOGIN_REDIRECT_URL)
