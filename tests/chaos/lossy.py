"""A channel layer that loses, repeats and reorders publications, each node for itself, while a file tells it to."""

import os
import random
import time
from pathlib import Path
from typing import Any, Final

from channels_redis.pubsub import RedisPubSubChannelLayer

FLAG: Final = "lossy"
LOOK: Final = 0.1
"""Seconds between looks at the flag."""
DROP: Final = 0.3
REPEAT: Final = 0.5
HOLD: Final = 0.7
"""Shares of the chance: below `DROP` a message is lost, then repeated, then held back until the next one."""


class LossyLayer(RedisPubSubChannelLayer):
    """The pub/sub layer; while `lossy` lies in the run's directory, publications suffer. Other messages do not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._flag = Path(os.environ["CHAOS_DIR"]) / FLAG
        self._chance = random.Random(f"{os.environ.get('CHAOS_SEED')}-{os.environ.get('CHAOS_NAME')}")
        self._looked_at = 0.0
        self._is_lossy = False
        self._again: list[Any] = []

    async def receive(self, channel: str) -> Any:
        """Return the next message that is not lost."""
        receive = self.__getattr__("receive")
        while True:
            if self._again:
                return self._again.pop()
            message = await receive(channel)
            if message.get("type") != "aether.publications" or not self._lossy():
                return message
            chance = self._chance.random()
            if chance < DROP:
                continue
            if chance < REPEAT:
                self._again.append(message)
            elif chance < HOLD:
                self._again.append(message)  # It comes after the next one, which is a pulse at the latest.
                return await receive(channel)
            return message

    def _lossy(self) -> bool:
        now = time.monotonic()
        if now - self._looked_at > LOOK:
            self._looked_at, self._is_lossy = now, self._flag.exists()
        return self._is_lossy
