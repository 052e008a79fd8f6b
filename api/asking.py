"""Asks the views without keeping the event loop: on the loop where that takes a moment, else in a thread.

A caller has few threads at once, so that one that asks much waits behind others.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from itertools import islice
from threading import Event
from typing import Any, Final, TypeVar

from api.errors import not_ready, together, too_many
from api.parameters import Parameters
from api.positions import position_in, position_token
from domain.ledger import OrderLedger
from domain.log.log import LogAway
from domain.log.sqlite import Busy, sqlite3, time_limit
from domain.wanted import Interrupted, wanted_while
from projections.views.views import Views

# How long the loop may be at one query.
QUICK_SECONDS_MAX: Final = 0.003
POSITION_WAIT_SECONDS_MAX: Final = 2.0
_LOOK_EVERY_SECONDS: Final = 0.02
# What is asked of a log elsewhere is a short wait, and nobody's long work.
_LOG_THREADS: Final = 8
LOG_SECONDS_MAX: Final = 2.5
# How much long work a caller has done at once in a worker, how much more of it may wait, and for how long.
SLOW_AT_ONCE_MAX: Final = 2
SLOW_WAITING_MAX: Final = 32
TURN_SECONDS_MAX: Final = 10.0
# How long anybody waits for long work; a workbook is written whole before any of it can be sent.
WORK_SECONDS_MAX: Final = 30.0
WORKBOOK_SECONDS_MAX: Final = 300.0
_END_SECONDS_MAX: Final = 1.0
# The name of the key that a request came with; each request has a context of its own.
CALLER: Final = ContextVar("CALLER", default="")
_T = TypeVar("_T")


class _Share:
    """What one caller has of long work."""

    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(SLOW_AT_ONCE_MAX)
        self.asked = 0

    @property
    def is_full(self) -> bool:
        return self.asked >= SLOW_AT_ONCE_MAX + SLOW_WAITING_MAX


class Asking:
    """`threads` is how many pieces of long work a worker does at once; others wait for their turn."""

    def __init__(self, ledger: OrderLedger, views: Views, threads: int) -> None:
        self._ledger = ledger
        self._views = views
        self._threads = ThreadPoolExecutor(threads, "long work")
        self._log_threads = ThreadPoolExecutor(_LOG_THREADS, "log")
        self._shares: dict[str, _Share] = {}

    async def __call__(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """What a query of the views finds. Raises what the query does, and ViewsUnavailable."""
        if (share := self._shares.get(CALLER.get())) is not None and share.is_full:
            raise too_many()
        reader = self._views.reader
        try:
            with time_limit(QUICK_SECONDS_MAX):
                return query(reader)
        except Interrupted:
            return await self.in_thread(lambda: query(self._views.reader))

    async def of_log(self, ask: Callable[[], _T]) -> _T:
        """What the log answers; in a thread where it is not at hand, so that nobody else waits meanwhile."""
        if self._ledger.log_of_events.is_at_hand:
            return ask()
        if isinstance(self._ledger.trouble, LogAway):  # to ask all the same would be to wait as long as the last one
            raise self._ledger.trouble
        asked = asyncio.get_running_loop().run_in_executor(self._log_threads, ask)
        try:
            return await asyncio.wait_for(asked, LOG_SECONDS_MAX)
        except TimeoutError:
            raise LogAway(f"the log has not answered within {LOG_SECONDS_MAX} s") from None

    async def in_thread(
        self, work: Callable[[], _T], seconds_max: float = WORK_SECONDS_MAX, *, goes_on: bool = False
    ) -> _T:
        """What the work comes to, which reads. Where it takes longer, or its client leaves, it is given up, and ends
        where it next looks (`domain/wanted.py`).

        Raises a 503 then, and a 429 where too much of its caller's waits already, or where its turn does not come;
        what goes on with an answer that has begun waits for its turn however long.
        """
        over = Event()
        done = await self._begun(partial(_while_wanted, work, over.is_set), goes_on=goes_on)
        try:
            return await _in_time(done, seconds_max, "It is given up: ask for less, or again in a moment.")
        finally:
            if not done.done():
                over.set()
                await asyncio.wait([done], timeout=_END_SECONDS_MAX)  # it may be at what its client takes away
            del done  # of an error that it holds; see `_in_time`

    async def to_its_end(self, work: Callable[[], _T], seconds_max: float | None = WORK_SECONDS_MAX) -> _T:
        """What the work comes to, which writes: once begun it is done to its end, whoever waits for it.

        Raises the same as `in_thread`.
        """
        done = await self._begun(work)
        try:
            return await _in_time(done, seconds_max, "It goes on, and is done as a whole or not at all: ask again.")
        except asyncio.CancelledError:
            await asyncio.wait([done])
            raise
        finally:
            del done

    async def _begun(self, work: Callable[[], _T], *, goes_on: bool = False) -> asyncio.Future[_T]:
        """The work, when its turn has come; that is over when the work is. Raises a 429, unless it `goes_on`."""
        caller = CALLER.get()
        share = self._shares.setdefault(caller, _Share())
        if share.is_full and not goes_on:
            raise too_many()
        share.asked += 1
        try:
            await asyncio.wait_for(share.turns.acquire(), None if goes_on else TURN_SECONDS_MAX)
        except TimeoutError:
            self._has_left(caller, share)
            raise too_many() from None
        except asyncio.CancelledError:
            self._has_left(caller, share)
            raise
        done = asyncio.get_running_loop().run_in_executor(self._threads, work)

        def end(_: object) -> None:
            share.turns.release()
            self._has_left(caller, share)
            done.exception()  # it may be that nobody asks for it any more

        done.add_done_callback(end)
        return done

    def _has_left(self, caller: str, share: _Share) -> None:
        share.asked -= 1
        if not share.asked:
            del self._shares[caller]

    async def each(self, parts: Iterator[_T]) -> AsyncIterator[_T]:
        """The parts one by one, each made in a thread. The first is made before the answer begins, so that whatever is
        refused or fails has its status; raises what `in_thread` does."""
        made = await self.in_thread(lambda: list(islice(parts, 1)))

        async def all_of_them() -> AsyncIterator[_T]:
            while made:
                yield made.pop()
                made.extend(await self.in_thread(lambda: list(islice(parts, 1)), goes_on=True))

        return all_of_them()

    async def asked(self, parameters: Parameters, known: Set[str], *parts: Callable[[], Any]) -> list[Any]:
        """What each part of a query comes to, once the views have reached its `min_position`, where it is given.

        Raises a 400 that names all that is wrong in the query, each parameter that is not `known` too, and a 503 as
        `reached_position` does.
        """
        *found, position, _ = together(
            *parts,
            lambda: position_in(parameters, "min_position"),
            lambda: parameters.refuse_others_than(known | {"min_position"}),
        )
        await self.reached_position(position)
        return found

    async def reached(self, parameters: Parameters) -> None:
        """Waits for the views to reach `min_position`, where it is given.

        Raises a 503 where they do not reach it in time, a 400 where it is no position.
        """
        await self.reached_position(position_in(parameters, "min_position"))

    async def is_known(self, position: int) -> bool:
        """Whether the log has reached a position. The log is asked only where the views have not."""
        return self._views.position() >= position or await self.of_log(self._ledger.head) >= position

    async def reached_position(self, position: int | None) -> None:
        """Waits for the views to reach a position, where one is asked for. Raises a 503 where they do not in time."""
        if position is None:
            return
        deadline = time.monotonic() + POSITION_WAIT_SECONDS_MAX
        while self._views.position() < position:
            if time.monotonic() > deadline:
                token = position_token(position)
                raise not_ready(
                    "position-not-reached", f"The lists have not reached {token} yet; ask again in a moment."
                )
            if await self.of_log(self._ledger.head) >= position:
                await self.to_its_end(self._feed)
            else:
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _feed(self) -> None:
        with suppress(Busy):  # whoever has the lock is feeding them
            self._views.catch_up()


def _while_wanted(work: Callable[[], _T], is_given_up: Callable[[], bool]) -> _T:
    if is_given_up():  # before a thread was free
        raise Interrupted
    with wanted_while(is_given_up):
        return work()


async def _in_time(done: asyncio.Future[_T], seconds_max: float | None, otherwise: str) -> _T:
    """An error that it ends with holds this frame, and what is held would hold the error in turn: all of it, bodies
    included, until somebody looks for cycles."""
    try:
        if not (await asyncio.wait([done], timeout=seconds_max))[0]:
            raise not_ready("took-too-long", f"The answer was not ready within {seconds_max:.0f} s. {otherwise}")
        return done.result()
    finally:
        del done
