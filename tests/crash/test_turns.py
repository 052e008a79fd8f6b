"""A client with many requests waits behind its own; other clients' requests begin in the same round of the loop."""

import asyncio

from api.turns import AT_ONCE_MAX, Turns


class Asked:
    """Requests that note their address when they begin."""

    def __init__(self) -> None:
        self._turns = Turns(asyncio.get_running_loop())
        self.began: list[str | None] = []
        self._tasks: list[asyncio.Task[None]] = []

    def ask(self, address: str | None, times: int) -> list[asyncio.Task[None]]:
        asked = [asyncio.create_task(self._one(address)) for _ in range(times)]
        self._tasks += asked
        return asked

    async def _one(self, address: str | None) -> None:
        if (turn := self._turns.take(address)) is not None:
            await turn
        self.began.append(address)

    async def to_the_end(self) -> None:
        await asyncio.wait_for(asyncio.gather(*self._tasks, return_exceptions=True), 60)


def test_one_request_begins_at_once_behind_few_of_another_clients_thousand() -> None:
    async def ask() -> None:
        asked = Asked()
        asked.ask("much", 1_000)
        await asyncio.sleep(0)
        for times in range(1, 4):
            asked.ask("once", 1)
            await asyncio.sleep(0)
            assert asked.began.count("once") == times
            assert asked.began.count("much") <= (times + 1) * AT_ONCE_MAX
        await asked.to_the_end()
        assert asked.began.count("much") == 1_000

    asyncio.run(ask())


def test_a_trusted_proxy_never_waits() -> None:
    async def ask() -> None:
        asked = Asked()
        asked.ask("much", 100)
        asked.ask(None, 100)
        await asyncio.sleep(0)
        assert asked.began.count(None) == 100
        await asked.to_the_end()

    asyncio.run(ask())


def test_requests_that_are_given_up_while_they_wait_take_no_turn() -> None:
    async def ask() -> None:
        asked = Asked()
        waiting = asked.ask("much", 100)
        await asyncio.sleep(0)
        for task in waiting[AT_ONCE_MAX:90]:
            task.cancel()
        await asked.to_the_end()
        assert len(asked.began) == AT_ONCE_MAX + 10
        asked.ask("much", 1)
        await asked.to_the_end()
        assert len(asked.began) == AT_ONCE_MAX + 11

    asyncio.run(ask())
