"""An account that ends takes its connections with it."""

import pytest
from django.contrib.auth.models import User

from tests.realtime.conftest import Connect, in_thread


@pytest.mark.parametrize("how", ["deactivated", "deleted"])
async def test_an_account_that_ends_closes_its_connections(connect: Connect, user: User, how: str) -> None:
    """Whoever is deactivated or deleted is told so and closed with 1008, and does not come back by itself."""
    client = await connect()
    await client.subscribe("notifications")

    def end() -> None:
        if how == "deleted":
            user.delete()
        else:
            user.is_active = False
            user.save()

    await in_thread(end)
    last, code = await client.end()
    assert code == 1008
    assert (last["reason"], last["reconnect"]) == ("Session ended", False)
