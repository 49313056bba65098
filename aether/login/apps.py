"""Django's registration of the login."""

from django.apps import AppConfig


class LoginConfig(AppConfig):
    """Keep the admin to what counts here: single sign-on comes from the settings, and what was tried can be seen."""

    name = "aether.login"
    label = "login"

    def ready(self) -> None:
        """Take out of the admin what other packages register, and nothing here reads; log lockouts."""
        from allauth.account.models import EmailAddress
        from allauth.socialaccount.models import SocialApp, SocialToken
        from axes.models import AccessFailureLog, AccessLog
        from django.contrib import admin

        from aether.login import attempts  # noqa: F401  Its receiver connects itself.

        for model in (EmailAddress, SocialApp, SocialToken, AccessLog, AccessFailureLog):
            if admin.site.is_registered(model):
                admin.site.unregister(model)
