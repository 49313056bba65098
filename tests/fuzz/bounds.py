"""What the server is held to."""

from typing import Final

PATIENCE: Final = 15.0
"""Seconds in which the server answers, or ends a connection that it must end. Its own limit is 10."""
MAX_FRAME: Final = 16 * 1024
"""WEBSOCKET_MAX_FRAME of the server under test: smaller than the default, so that the limit is met often."""
GROWTH: Final = 8 * 1024
"""KiB by which the server's memory may grow after it has warmed up: 100 bytes an input of the long form."""
WARM_UP: Final = 0.15
"""Part of the inputs after which memory is measured for the first time."""
PER_CONNECTION: Final = 200
"""Inputs after which a connection is replaced, if the server has not ended it before."""
