"""The end of the log, at hand for all who follow it live: read once in each worker, whoever follows.

A follower has a place in the log and nothing else here. What comes behind it is mostly a stretch that was just read for
all; else, where a follower begins further back or was slow, it is read for that one alone. So each event comes once, in
order, and nothing is kept for who does not take it.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Final, NamedTuple, TypeVar

from eventsourcing.persistence import PersistenceError

from api.asking import Asking
from domain.aggregate import BrokenHistory
from domain.ledger import OrderLedger
from domain.log.sqlite import sqlite3
from projections.live import Telling
from projections.views.views import Views, ViewsUnavailable

LOOK_EVERY_SECONDS: Final = 0.01
# How long a follower waits for news before it looks whether it is to go on.
TURN_SECONDS_MAX: Final = 1.0
STRETCHES_BYTES_MAX: Final = 16 * 1024 * 1024
STRETCHES_MAX: Final = 4_096
_THREADS: Final = 2
# What can keep the log's end, or an earlier stretch of it, from being told.
TROUBLE: Final = (PersistenceError, BrokenHistory, ViewsUnavailable, sqlite3.Error)
_log = logging.getLogger("order_ledger")
T = TypeVar("T")


class Stretch(NamedTuple):
    """What stands in the log up to a position, as it is sent to each who followed when it was read: to customers by
    their ids, to auditors by None."""

    until: int
    whom: frozenset[int | None]
    frames: dict[int | None, bytes]

    def shown_to(self, whom: int | None) -> bytes | None:
        """None where it was not looked for."""
        return self.frames.get(whom, b"") if whom in self.whom else None

    @property
    def size(self) -> int:
        return sum(map(len, self.frames.values()))


class Following:
    """The followers of one worker. All but what is said to be in a thread is done on its event loop."""

    def __init__(self, ledger: OrderLedger, views: Views, asking: Asking, telling: Telling) -> None:
        self._ledger = ledger
        self._views = views
        self._asking = asking
        self._telling = telling
        self._threads = ThreadPoolExecutor(_THREADS, "followers")
        self._thread = ThreadPoolExecutor(1, "end of the log")
        # How many follow everything (None), and each customer's orders.
        self._followers: dict[int | None, int] = {}
        self._position = 0
        # The last stretches, by where they begin.
        self._stretches: OrderedDict[int, Stretch] = OrderedDict()
        self._bytes = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._running: asyncio.Task[None] | None = None

    @contextmanager
    def following(self, whom: int | None) -> Iterator[None]:
        """Meanwhile the log's end is read for one more follower."""
        self._followers[whom] = self._followers.get(whom, 0) + 1
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._followers[whom] -= 1
            if not self._followers[whom]:
                del self._followers[whom]

    async def behind(self, place: int, whom: int | None) -> tuple[int, bytes]:
        """The next place of a follower, and what is to be sent of what stands before it; the same place where there
        was no news for a while. Raises what reading the log does."""
        stretch = self._stretches.get(place)
        shown = stretch and stretch.shown_to(whom)
        if stretch is not None and shown is not None:
            return stretch.until, shown
        if place >= self._position:
            await self._news()
            return place, b""
        found = await self._in_thread(self._threads, lambda: self._telling.behind(place, self._position, whom))
        if found[0] == place:  # the views are behind the log
            await self._news()
        return found

    async def _news(self) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await waiting
        finally:
            self._waiting.discard(waiting)

    async def _run(self) -> None:
        """Reads the log's end as long as somebody follows."""
        self._stretches.clear()
        self._bytes, self._position = 0, await self._head()
        woken, looked = 0.0, monotonic()
        while self._followers:
            now = monotonic()
            head = self._head_of_views()
            if now > looked + TURN_SECONDS_MAX:  # what the views do not show is told to auditors all the same
                looked, head = now, max(head, await self._head())
            is_news = head > self._position and await self._read(head)
            if is_news or now > woken + TURN_SECONDS_MAX:
                woken = now
                self._wake()
            if not is_news:
                await asyncio.sleep(LOOK_EVERY_SECONDS)
        self._wake()

    def _wake(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def _head_of_views(self) -> int:
        with suppress(ViewsUnavailable, sqlite3.Error):
            return self._views.position()
        return 0

    async def _head(self) -> int:
        try:
            return await self._asking.of_log(self._ledger.head)
        except PersistenceError:
            return 0

    async def _read(self, head: int) -> bool:
        """Reads on towards the head; whether that went well."""
        before, whom = self._position, frozenset(self._followers)
        try:
            stretch = await self._in_thread(self._thread, lambda: self._stretch(before, head, whom))
        except Exception:  # whatever it is, it is said again and again until a person comes
            _log.exception("followers are not told what stands behind position %d", before)
            await asyncio.sleep(TURN_SECONDS_MAX)
            return False
        self._stretches[before] = stretch
        self._position = stretch.until
        self._bytes += stretch.size
        while self._bytes > STRETCHES_BYTES_MAX or len(self._stretches) > STRETCHES_MAX:
            self._bytes -= self._stretches.popitem(last=False)[1].size
        return True

    def _stretch(self, after: int, head: int, whom: frozenset[int | None]) -> Stretch:
        raws, until = self._telling.records(after, head)
        frames = self._telling.changes(raws, whom)
        if None in whom:
            frames[None] = self._telling.events(raws)
        return Stretch(until, whom, frames)

    @staticmethod
    async def _in_thread(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, work)
