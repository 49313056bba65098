"""Tests of what every command loads."""

from tests.support.servers import environment, manage

LOADED = "import sys; print(sorted({'daphne.server', 'drf_spectacular.openapi'} & set(sys.modules)))"


def test_a_command_loads_no_server_and_no_schema() -> None:
    """What only `runserver` and the API's URLs need is not loaded by a command that needs neither."""
    assert manage("shell", "-v", "0", "-c", LOADED, env=environment(LOG_LEVEL="ERROR")).strip() == "[]"
