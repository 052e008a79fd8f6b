"""The end of the log, at hand for all who follow it live: read once in each worker, whoever follows.

A follower has a place in the log and nothing else here. What comes behind it is mostly a stretch that was just read for
all; else, where a follower begins further back or was slow, it is read for that one alone. So each event comes once, in
order, and nothing is kept for one that does not take it.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic
from typing import Final, NamedTuple, TypeVar

from eventsourcing.persistence import PersistenceError

from api.asking import Asking
from domain.aggregate import BrokenHistory
from domain.ledger import OrderLedger
from domain.log.log import LogAway
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


class Follower:
    """A customer, or None for an auditor, and the place behind which they are told next."""

    def __init__(self, whom: int | None, place: int) -> None:
        self.whom = whom
        self.place = place


class Stretch(NamedTuple):
    """What stands in the log up to a position, as it is sent to each who followed when it was read: to customers by
    their ids, to auditors by None; and its records' digests."""

    until: int
    digests: list[bytes]
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
        self._followers: set[Follower] = set()
        self._position = 0
        # How often the log had been out of reach when what was told was last held against it.
        self._agreed_after = 0
        # The last stretches, by where they begin.
        self._stretches: OrderedDict[int, Stretch] = OrderedDict()
        self._bytes = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._running: asyncio.Task[None] | None = None

    @contextmanager
    def following(self, whom: int | None, place: int) -> Iterator[Follower]:
        """Meanwhile the log's end is read for one more follower."""
        self._followers.add(follower := Follower(whom, place))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def behind(self, follower: Follower) -> bytes:
        """What is to be sent to a follower, who stands behind it then; nothing where there was no news for a while.
        Raises what reading the log does."""
        place = follower.place
        stretch = self._stretches.get(place)
        shown = stretch and stretch.shown_to(follower.whom)
        if stretch is not None and shown is not None:
            follower.place = stretch.until
            return shown
        if place >= self._position:
            await self._news()
            return b""
        until, frames = await self._in_thread(
            self._threads, lambda: self._telling.behind(place, self._position, follower.whom)
        )
        if until == place:  # the views are behind the log
            await self._news()
        if follower.place != place:  # the log has gone back meanwhile
            return b""
        follower.place = until
        return frames

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
        self._agreed_after = self._ledger.log_of_events.times_lost
        # Where the log is out of reach, the views say where its end is.
        self._bytes, self._position = 0, await self._head() or self._head_of_views()
        woken, looked = 0.0, monotonic()
        while self._followers:
            now = monotonic()
            head = self._head_of_views()
            if now > looked + TURN_SECONDS_MAX:  # what the views do not show is told to auditors all the same
                looked, head = now, max(head, await self._head())
            is_news = await self._agree() and head > self._position and await self._read(head)
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

    async def _agree(self) -> bool:
        """Where the log was out of reach, goes back behind the last stretch of which it still has what was told; False
        where it still cannot be asked."""
        times_lost = self._ledger.log_of_events.times_lost
        while self._stretches and times_lost != self._agreed_after:
            after, stretch = next(reversed(self._stretches.items()))
            try:
                records = await self._in_thread(self._thread, partial(self._telling.records, after, stretch.until))
            except PersistenceError:
                return False
            if [raw.digest for raw in records[0]] == stretch.digests:
                break
            _log.error("what was told behind position %d is not in the log any more", after)
            del self._stretches[after]
            self._bytes -= stretch.size
            self._position = after
            self._telling.forget()
            for follower in self._followers:
                follower.place = min(follower.place, after)
        self._agreed_after = times_lost
        return True

    async def _read(self, head: int) -> bool:
        """Reads on towards the head; whether that went well."""
        before, whom = self._position, frozenset(follower.whom for follower in self._followers)
        try:
            stretch = await self._in_thread(self._thread, lambda: self._stretch(before, head, whom))
        except Exception as error:  # whatever it is, it is said again and again until a person comes
            if not isinstance(error, LogAway):  # which others say
                _log.exception("followers are not told what stands behind position %d", before)
            await asyncio.sleep(TURN_SECONDS_MAX)
            return False
        if not stretch.digests:  # the views were ahead of a log that has gone back
            return False
        self._stretches[before] = stretch
        self._position = stretch.until
        self._bytes += stretch.size
        while self._bytes > STRETCHES_BYTES_MAX or len(self._stretches) > STRETCHES_MAX:
            self._bytes -= self._stretches.popitem(last=False)[1].size
        return True

    def _stretch(self, after: int, head: int, whom: frozenset[int | None]) -> Stretch:
        raws, _ = self._telling.records(after, head)
        frames = self._telling.changes(raws, whom)
        if None in whom:
            frames[None] = self._telling.events(raws)
        return Stretch(raws[-1].position if raws else after, [raw.digest for raw in raws], whom, frames)

    @staticmethod
    async def _in_thread(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, work)
