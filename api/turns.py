"""Whose request is next, where many have come at once? Each address's in turn, so that one that asks much waits behind
itself alone."""

import asyncio
from collections import Counter, defaultdict, deque
from typing import Final

# How many requests of an address begin in one round of the event loop.
AT_ONCE_MAX: Final = 16


class Turns:
    """The requests of one worker. Those of an address that are too many for a round wait for the next, and between two
    rounds the event loop looks at what others have sent."""

    def __init__(self) -> None:
        # How many have begun in this round, and those that wait.
        self._begun: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)

    async def take(self, address: str | None) -> None:
        """Returns when the next request of this address may begin; that of None, who stands for many, at once."""
        if address is None:
            return
        loop = asyncio.get_running_loop()
        if not self._begun:
            loop.call_soon(self._begin_round, loop)
        if self._begun[address] < AT_ONCE_MAX:
            self._begun[address] += 1
            return
        turn = loop.create_future()
        self._waiting[address].append(turn)
        await turn

    def _begin_round(self, loop: asyncio.AbstractEventLoop) -> None:
        self._begun.clear()
        for address, own in list(self._waiting.items()):
            self._begun[address] = min(len(own), AT_ONCE_MAX)
            for _ in range(self._begun[address]):
                if not (turn := own.popleft()).done():  # its client may have left
                    turn.set_result(None)
            if not own:
                del self._waiting[address]
        if self._begun:
            loop.call_soon(self._begin_round, loop)
