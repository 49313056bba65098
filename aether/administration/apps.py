"""Django's registration of the admin's look."""

from django.apps import AppConfig


class AdministrationConfig(AppConfig):
    """Show what other packages registered in the admin like everything else in it."""

    name = "aether.administration"
    label = "administration"

    def ready(self) -> None:
        """Register accounts and logins anew, once everybody has registered theirs."""
        from aether.administration import accounts

        accounts.register()
