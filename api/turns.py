"""Which request is next, where many have come at once? The addresses take turns, so that the requests of an address
with many wait behind each other alone."""

import asyncio
from collections import Counter, defaultdict, deque
from typing import Final

# How many requests of an address begin in one round of the event loop.
AT_ONCE_MAX: Final = 16


class Turns:
    """The requests of one worker. Requests beyond an address's share of a round wait for the next round; between two
    rounds the event loop reads from the other connections."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # By address: how many requests have begun in this round, and the turns that wait.
        self._begun: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)

    def take(self, address: str | None) -> asyncio.Future[None] | None:
        """A future that is done when the next request of the address may begin; None where it may begin at once. The
        address is None for a trusted proxy, which never waits."""
        if address is None:
            return None
        if not self._begun:
            self._loop.call_soon(self._begin_round)
        if self._begun[address] < AT_ONCE_MAX:
            self._begun[address] += 1
            return None
        turn = self._loop.create_future()
        self._waiting[address].append(turn)
        return turn

    def _begin_round(self) -> None:
        self._begun.clear()
        for address, own in list(self._waiting.items()):
            self._begun[address] = min(len(own), AT_ONCE_MAX)
            for _ in range(self._begun[address]):
                if not (turn := own.popleft()).done():  # the client may have left
                    turn.set_result(None)
            if not own:
                del self._waiting[address]
        if self._begun:
            self._loop.call_soon(self._begin_round)
