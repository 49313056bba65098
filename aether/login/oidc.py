"""The exchange with the OpenID provider: allauth's, made stricter, and closed to what a visitor's query could change.

allauth brings the authorization code flow, its state and PKCE. Added here: a nonce, the ID token's signature whichever
way it came, the issuer as it was configured, and one subject in the ID token and in what the userinfo endpoint says.
"""

import secrets
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aether.login import accounts, failures, tokens
from aether.login.failures import UNUSABLE, LoginFailed

DISCOVERY: Final = "/.well-known/openid-configuration"
ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
LONGEST_SUBJECT: Final = 191
"""What the column holds. OpenID Connect allows 255, which no provider is known to use."""


class Login(SocialLogin):  # type: ignore[misc]  # allauth has no types.
    """Somebody whom the provider vouches for. No account is looked up before the nonce has been checked."""

    def __init__(self, provider: "Provider", claims: Mapping[str, Any]) -> None:
        super().__init__(provider=provider, account=SocialAccount(provider=provider.sub_id, uid=claims["sub"]))
        self.claims = claims

    def lookup(self) -> None:
        """Look nothing up: `accounts` does, by issuer and subject."""


class Exchange(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The requests to the provider, and what must hold for its answers."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, settings.OIDC_ISSUER)

    def get_provider(self) -> "Provider":
        """Return the provider of the settings."""
        return Provider(self.request)

    @cached_property
    def openid_config(self) -> dict[str, Any]:
        """What the provider publishes about itself. Raises: LoginFailed, RequestException."""
        config = self._get(settings.OIDC_ISSUER + DISCOVERY)
        if str(config.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER:
            raise LoginFailed(UNUSABLE, "the provider calls itself by another issuer than OIDC_ISSUER")
        if missing := [name for name in ENDPOINTS if not isinstance(config.get(name), str)]:
            raise LoginFailed(UNUSABLE, f"the provider publishes no {' and no '.join(missing)}")
        return config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return the redirect URI, under the name by which this server is being asked."""
        return request.build_absolute_uri(reverse("oidc-callback"))

    def complete_login(self, request: HttpRequest, app: SocialApp, token: object, **kwargs: Any) -> Login:
        """Return who it is. Raises: LoginFailed, RequestException."""
        id_token = kwargs["response"].get("id_token")
        if not isinstance(id_token, str):
            raise LoginFailed(UNUSABLE, "the provider sent no ID token")
        config = self.openid_config
        keys = self._get(config["jwks_uri"])
        claims = tokens.verified(id_token, keys, issuer=config["issuer"], client_id=app.client_id)
        claims = self._with_userinfo(claims, kwargs["response"]["access_token"])
        if not 0 < len(str(claims["sub"])) <= LONGEST_SUBJECT:
            raise LoginFailed(UNUSABLE, f"the subject is empty or longer than {LONGEST_SUBJECT} characters")
        return Login(self.get_provider(), claims)

    def _with_userinfo(self, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        """Return *claims* with those that the userinfo endpoint adds; the ID token's, which are signed, win."""
        url = self.openid_config.get("userinfo_endpoint")
        if not url:
            return claims
        more = self._get(url, {"Authorization": f"Bearer {access_token}"})
        if more.get("sub") != claims["sub"]:  # OpenID Connect Core 1.0, 5.3.2
            raise LoginFailed(UNUSABLE, "the userinfo endpoint speaks of another subject than the ID token")
        return more | claims

    def _get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            response = session.get(url, headers=headers)
        response.raise_for_status()
        found = response.json()
        if not isinstance(found, dict):
            raise LoginFailed(UNUSABLE, "the provider's answer is no JSON object")
        return found


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """The one provider, out of the settings."""

    oauth2_adapter_class = Exchange

    def __init__(self, request: HttpRequest) -> None:
        app = SocialApp(
            provider=self.id,
            # The issuer names the account together with the subject, so another issuer's subjects are other people.
            provider_id=settings.OIDC_ISSUER,
            name=settings.OIDC_NAME,
            client_id=settings.OIDC_CLIENT_ID,
            secret=settings.OIDC_CLIENT_SECRET,
            settings={"oauth_pkce_enabled": True, "scope": ["openid", *settings.OIDC_SCOPES]},
        )
        super().__init__(request, app=app)

    def get_oauth2_adapter(self, request: HttpRequest) -> Exchange:
        """Return the exchange for *request*."""
        return Exchange(request)

    def begin(self, next_url: str) -> HttpResponse:
        """Return the way to the provider. The state, the nonce and PKCE's verifier wait in the session."""
        nonce = secrets.token_urlsafe(24)
        answer: HttpResponse = self.redirect(
            self.request, AuthProcess.LOGIN, next_url, auth_params={"nonce": nonce}, nonce=nonce
        )
        return answer


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """What allauth asks of a project: here nothing comes from its tables or forms."""

    def list_apps(self, *_: Any, **__: Any) -> list[SocialApp]:
        """Return no provider of the database."""
        return []

    def pre_social_login(self, request: HttpRequest, sociallogin: Login) -> None:
        """Log the person in; what allauth itself would do after this is left out. Raises: LoginFailed."""
        tokens.check_nonce(sociallogin.claims, sociallogin.state.get("nonce"))
        user = accounts.admit(settings.OIDC_ISSUER, sociallogin.claims)
        raise ImmediateHttpResponse(accounts.log_in(request, user, sociallogin.state["next"]))

    def on_authentication_error(self, request: HttpRequest, provider: Provider, **found: Any) -> None:
        """Show what went wrong."""
        if (error := found["exception"]) is None:
            # With a state that is known, it is the provider that says no.
            known = found["extra_context"].get("state")
            error = failures.refused_with(request.GET.get("error", "")) if known else failures.unknown_state()
        raise ImmediateHttpResponse(failures.show(request, error))
