"""Content types and permissions, which Django makes anew after each flush, model by model, put back as they were."""

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models.signals import post_migrate


def keep_permissions() -> None:
    """From now on, put back what there is now, in two statements; making it was half of what a flush took."""
    kept = [(model, list(model.objects.all())) for model in (ContentType, Permission)]

    def put_back(using: str, **_: Any) -> None:
        with transaction.atomic(using):
            for model, rows in kept:
                model.objects.using(using).bulk_create(rows, ignore_conflicts=True)

    assert post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    assert post_migrate.disconnect(create_contenttypes)
    post_migrate.connect(put_back, sender=apps.get_app_config("auth"), weak=False)
