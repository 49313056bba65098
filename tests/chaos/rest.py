"""Requests to the REST API of any node, by someone who is logged in."""

import asyncio
import json
import random
from collections import Counter
from typing import Any, Final

from tests.chaos import http
from tests.chaos.people import Person
from tests.chaos.world import World

CSRF: Final = "0123456789abcdefghijklmnopqrstuv"
TIMEOUT: Final = 8.0
"""Seconds for an answer; a node may be stopped."""
UNANSWERED: Final = 0
"""Counted in the place of a status where no answer came."""


class Unanswered(Exception):
    """No answer came: what was asked may have been done or not."""


class Rest:
    """Ask a node that is chosen by chance, and count the answers by status."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.answers: Counter[int] = Counter()
        self._world = world
        self._chance = chance

    async def write(
        self, user: Person, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Return the answer's status and, of a good one, its body. Raises: Unanswered."""
        headers = {"Cookie": f"sessionid={user.session}; csrftoken={CSRF}", "X-CSRFToken": CSRF}
        port = self._chance.choice(self._world.nodes).port
        try:
            async with asyncio.timeout(TIMEOUT):
                response = await http.request(port, method, path, headers, json.dumps(body or {}).encode())
                try:
                    text = "".join([line async for line in response.lines()]) if response.status < 300 else ""
                finally:
                    response.abort()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self.answers[UNANSWERED] += 1
            raise Unanswered(str(error)) from error
        self.answers[response.status] += 1
        return response.status, json.loads(text) if text else {}
