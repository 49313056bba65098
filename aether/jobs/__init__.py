"""Jobs of this deployment: `from aether import jobs`, then `with jobs.running("Nightly backup") as job`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aether.jobs.recording import running as running


def __getattr__(name: str) -> Any:
    """Return `running`, which needs the models, when somebody asks for it: Django imports this package before them."""
    if name != "running":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from aether.jobs.recording import running

    return running
