"""How do requests read without blocking the event loop? A quick query runs on the loop, a long one in a thread.

A caller has few threads at one time, so a caller with many requests waits behind the others.
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

from api.errors import collect, not_ready, too_many
from api.parameters import Parameters
from api.positions import position_in, position_token
from domain.interrupting import Interrupted, interruptible
from domain.ledger import OrderLedger
from domain.log.log import LogAway
from domain.log.sqlite import Busy, sqlite3, time_limit
from projections.views.views import Views

# The longest query that runs on the event loop.
QUICK_SECONDS_MAX: Final = 0.003
POSITION_WAIT_SECONDS_MAX: Final = 2.0
_LOOK_EVERY_SECONDS: Final = 0.02
# Questions to a log on another machine are short, and do not count as the caller's long work.
_LOG_THREADS: Final = 8
LOG_SECONDS_MAX: Final = 2.5
# Long work of one caller in a worker: how much is done at one time, how much more may wait, and for how long.
SLOW_AT_ONCE_MAX: Final = 2
SLOW_WAITING_MAX: Final = 32
TURN_SECONDS_MAX: Final = 10.0
# How long a request waits for long work. A workbook takes longer: it is written whole before its first byte is sent.
WORK_SECONDS_MAX: Final = 30.0
WORKBOOK_SECONDS_MAX: Final = 300.0
_END_SECONDS_MAX: Final = 1.0
# The name of the request's key. Each request runs in a context of its own.
CALLER: Final = ContextVar("CALLER", default="")
_T = TypeVar("_T")


class _Share:
    """One caller's share of the long work."""

    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(SLOW_AT_ONCE_MAX)
        self.asked = 0

    @property
    def is_full(self) -> bool:
        return self.asked >= SLOW_AT_ONCE_MAX + SLOW_WAITING_MAX


class Asking:
    """Runs the queries and the long work of one worker, `threads` pieces of long work at one time."""

    def __init__(self, ledger: OrderLedger, views: Views, threads: int) -> None:
        self._ledger = ledger
        self._views = views
        self._threads = ThreadPoolExecutor(threads, "long work")
        self._log_threads = ThreadPoolExecutor(_LOG_THREADS, "log")
        self._shares: dict[str, _Share] = {}

    async def __call__(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """The result of a query on the views. Raises the query's errors, and ViewsUnavailable."""
        if (share := self._shares.get(CALLER.get())) is not None and share.is_full:
            raise too_many()
        reader = self._views.reader
        try:
            with time_limit(QUICK_SECONDS_MAX):
                return query(reader)
        except Interrupted:
            return await self.in_thread(lambda: query(self._views.reader))

    async def ask_log(self, ask: Callable[[], _T]) -> _T:
        """The result of a question to the log; asked in a thread where the log is on another machine.

        Raises LogAway where the log does not answer within `LOG_SECONDS_MAX`.
        """
        if self._ledger.log_of_events.is_local:
            return ask()
        if isinstance(self._ledger.write_error, LogAway):  # another question would wait as long as the last one did
            raise self._ledger.write_error
        asked = asyncio.get_running_loop().run_in_executor(self._log_threads, ask)
        try:
            return await asyncio.wait_for(asked, LOG_SECONDS_MAX)
        except TimeoutError:
            raise LogAway(f"the log has not answered within {LOG_SECONDS_MAX} s") from None

    async def in_thread(
        self, work: Callable[[], _T], seconds_max: float = WORK_SECONDS_MAX, *, goes_on: bool = False
    ) -> _T:
        """The result of `work`, which reads, done in a thread.

        The work is given up when it takes longer than `seconds_max` or its client leaves; it ends at its next look
        (`domain/wanted.py`). Work that `goes_on` with an answer that has begun waits for its turn without a limit.
        Raises a 503 where the work took too long; a 429 where the caller's other work leaves it no turn.
        """
        over = Event()
        done = await self._scheduled(partial(_while_wanted, work, over.is_set), goes_on=goes_on)
        try:
            return await _in_time(done, seconds_max, "It is given up: ask for less, or again in a moment.")
        finally:
            if not done.done():
                over.set()
                await asyncio.wait([done], timeout=_END_SECONDS_MAX)  # the work may use files that the caller closes
            del done  # it may hold an error: see `_in_time`

    async def write_in_thread(self, work: Callable[[], _T], seconds_max: float | None = WORK_SECONDS_MAX) -> _T:
        """The result of `work`, which writes, done in a thread. Work that has begun is finished, also where its client
        has left. Raises what `in_thread` raises."""
        done = await self._scheduled(work)
        try:
            return await _in_time(done, seconds_max, "It goes on, and is done as a whole or not at all: ask again.")
        except asyncio.CancelledError:
            await asyncio.wait([done])
            raise
        finally:
            del done

    async def _scheduled(self, work: Callable[[], _T], *, goes_on: bool = False) -> asyncio.Future[_T]:
        """The work as a future, once the caller has a turn for it. The turn ends with the work. Raises a 429, unless
        the work `goes_on`."""
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
            done.exception()  # marks it as seen: the request may be gone

        done.add_done_callback(end)
        return done

    def _has_left(self, caller: str, share: _Share) -> None:
        share.asked -= 1
        if not share.asked:
            del self._shares[caller]

    async def stream(self, parts: Iterator[_T]) -> AsyncIterator[_T]:
        """The parts one by one, each made in a thread. The first part is made before the answer begins, so that a
        refusal or a failure still has its status. Raises what `in_thread` raises."""
        made = await self.in_thread(lambda: list(islice(parts, 1)))

        async def all_of_them() -> AsyncIterator[_T]:
            while made:
                yield made.pop()
                made.extend(await self.in_thread(lambda: list(islice(parts, 1)), goes_on=True))

        return all_of_them()

    async def query_values(self, parameters: Parameters, known: Set[str], *parts: Callable[[], Any]) -> list[Any]:
        """The value of each part of a query string, once the views have reached its `min_position`.

        Raises a 400 that names every fault of the query string, unknown parameters too; a 503 as `await_position`.
        """
        *found, position, _ = collect(
            *parts,
            lambda: position_in(parameters, "min_position"),
            lambda: parameters.refuse_others_than(known | {"min_position"}),
        )
        await self.await_position(position)
        return found

    async def await_min_position(self, parameters: Parameters) -> None:
        """Waits for the views to reach the parameter `min_position`.

        Raises a 503 where they do not reach it in time, a 400 where it is no position.
        """
        await self.await_position(position_in(parameters, "min_position"))

    async def has_reached(self, position: int) -> bool:
        """Whether the log has reached a position. The views are asked first, since they are nearer."""
        return self._views.position() >= position or await self.ask_log(self._ledger.head) >= position

    async def await_position(self, position: int | None) -> None:
        """Waits for the views to reach a position, if one is given. Raises a 503 where they do not in time."""
        if position is None:
            return
        deadline = time.monotonic() + POSITION_WAIT_SECONDS_MAX
        while self._views.position() < position:
            if time.monotonic() > deadline:
                token = position_token(position)
                raise not_ready(
                    "position-not-reached", f"The lists have not reached {token} yet; ask again in a moment."
                )
            if await self.ask_log(self._ledger.head) >= position:
                await self.write_in_thread(self._feed)
            else:
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _feed(self) -> None:
        with suppress(Busy):  # the holder of the lock feeds them
            self._views.catch_up()


def _while_wanted(work: Callable[[], _T], is_given_up: Callable[[], bool]) -> _T:
    if is_given_up():  # while it waited for a thread
        raise Interrupted
    with interruptible(is_given_up):
        return work()


async def _in_time(done: asyncio.Future[_T], seconds_max: float | None, otherwise: str) -> _T:
    """The result of a future. Raises a 503 where it is not there in `seconds_max`.

    An error of the future holds this frame by its traceback. `done` is let go of at the end, or the cycle would keep
    all that the frame holds, bodies included, until the garbage collector's next run.
    """
    try:
        if not (await asyncio.wait([done], timeout=seconds_max))[0]:
            raise not_ready("took-too-long", f"The answer was not ready within {seconds_max:.0f} s. {otherwise}")
        return done.result()
    finally:
        del done
