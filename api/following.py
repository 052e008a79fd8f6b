"""How do clients follow the log live? Each worker reads the log's end once for all its followers.

A follower is a place in the log. Behind its place mostly stands a stretch that was just read for all; for a follower
that begins further back or was slow the log is read anew. So each event comes once, in order, and nothing is kept for a
client that does not take it.
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
# How long a follower waits for news before it checks its client and its key.
TURN_SECONDS_MAX: Final = 1.0
STRETCHES_BYTES_MAX: Final = 16 * 1024 * 1024
STRETCHES_MAX: Final = 4_096
_THREADS: Final = 2
# The errors of reading a stretch of the log.
TROUBLE: Final = (PersistenceError, BrokenHistory, ViewsUnavailable, sqlite3.Error)
_log = logging.getLogger("order_ledger")
T = TypeVar("T")


class Follower:
    """A live client: `whom` is a customer's id, or None for an auditor; `place` is the position it was told up to."""

    def __init__(self, whom: int | None, place: int) -> None:
        self.whom = whom
        self.place = place


class Stretch(NamedTuple):
    """A stretch of the log up to a position: its records' digests, and the frames for those who followed when it was
    read, by customers' ids and by None for auditors."""

    until: int
    digests: list[bytes]
    whom: frozenset[int | None]
    frames: dict[int | None, bytes]

    def shown_to(self, whom: int | None) -> bytes | None:
        """The frames for a follower; None where they were not made."""
        return self.frames.get(whom, b"") if whom in self.whom else None

    @property
    def size(self) -> int:
        return sum(map(len, self.frames.values()))


class Following:
    """The followers of one worker. It runs on the event loop; only the log is read in threads."""

    def __init__(self, ledger: OrderLedger, views: Views, asking: Asking, telling: Telling) -> None:
        self._ledger = ledger
        self._views = views
        self._asking = asking
        self._telling = telling
        self._threads = ThreadPoolExecutor(_THREADS, "followers")
        self._thread = ThreadPoolExecutor(1, "end of the log")
        self._followers: set[Follower] = set()
        self._position = 0
        # How often the log had been out of reach when the stretches were last compared with it.
        self._agreed_after = 0
        # The last stretches, by the position before them.
        self._stretches: OrderedDict[int, Stretch] = OrderedDict()
        self._bytes = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._running: asyncio.Task[None] | None = None

    @contextmanager
    def following(self, whom: int | None, place: int) -> Iterator[Follower]:
        """A new follower, for which the log's end is read until it is left."""
        self._followers.add(follower := Follower(whom, place))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def behind(self, follower: Follower) -> bytes:
        """The next frames for a follower, whose place moves behind them; empty where there was no news for a while.

        Raises `TROUBLE`.
        """
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
        """Reads the log's end as long as there are followers."""
        self._stretches.clear()
        self._agreed_after = self._ledger.log_of_events.connection_losses
        # While the log is out of reach, its head is known from the views.
        self._bytes, self._position = 0, await self._head() or self._head_of_views()
        woken, looked = 0.0, monotonic()
        while self._followers:
            now = monotonic()
            head = self._head_of_views()
            if now > looked + TURN_SECONDS_MAX:  # auditors are told also of records that the views stopped at
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
        """Compares the stretches with the log after it was out of reach, and goes back behind those that it has not any
        more. Returns False while the log cannot be asked."""
        times_lost = self._ledger.log_of_events.connection_losses
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
        """Reads the next stretch; returns whether there was one."""
        before, whom = self._position, frozenset(follower.whom for follower in self._followers)
        try:
            stretch = await self._in_thread(self._thread, lambda: self._stretch(before, head, whom))
        except Exception as error:  # logged every second until a person mends its cause
            if not isinstance(error, LogAway):  # logged by the writer
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
