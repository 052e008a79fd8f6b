"""How do clients follow the log live? Each worker reads the log's end once for all its followers.

A follower is a place in the log. Behind its place mostly stands a span that was just read for all; for a follower
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
from projections.live import LiveFrames
from projections.views.views import Views, ViewsUnavailable

LOOK_EVERY_SECONDS: Final = 0.01
# How long a follower waits for news before it checks its client and its key.
TURN_SECONDS_MAX: Final = 1.0
SPANS_BYTES_MAX: Final = 16 * 1024 * 1024
SPANS_MAX: Final = 4_096
_THREADS: Final = 2
# The errors of reading a span of the log.
TROUBLE: Final = (PersistenceError, BrokenHistory, ViewsUnavailable, sqlite3.Error)
_log = logging.getLogger("order_ledger")
T = TypeVar("T")


class Follower:
    """A live client: `customer_id` is None for an auditor; `position` is the position it was told up to."""

    def __init__(self, customer_id: int | None, position: int) -> None:
        self.customer_id = customer_id
        self.position = position


class LogSpan(NamedTuple):
    """A span of the log up to a position: its records' digests, and the frames for those who followed when it was
    read, by customers' ids and by None for auditors."""

    until: int
    digests: list[bytes]
    customers: frozenset[int | None]
    frames: dict[int | None, bytes]

    def frames_of(self, customer_id: int | None) -> bytes | None:
        """The frames for a follower; None where they were not made."""
        return self.frames.get(customer_id, b"") if customer_id in self.customers else None

    @property
    def size(self) -> int:
        return sum(map(len, self.frames.values()))


class Following:
    """The followers of one worker. It runs on the event loop; only the log is read in threads."""

    def __init__(self, ledger: OrderLedger, views: Views, asking: Asking, frames: LiveFrames) -> None:
        self._ledger = ledger
        self._views = views
        self._asking = asking
        self._frames = frames
        self._threads = ThreadPoolExecutor(_THREADS, "followers")
        self._thread = ThreadPoolExecutor(1, "end of the log")
        self._followers: set[Follower] = set()
        self._position = 0
        # How often the log had been out of reach when the spans were last compared with it.
        self._agreed_after = 0
        # The last spans, by the position before them.
        self._spans: OrderedDict[int, LogSpan] = OrderedDict()
        self._bytes = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._running: asyncio.Task[None] | None = None

    @contextmanager
    def following(self, customer_id: int | None, position: int) -> Iterator[Follower]:
        """A new follower, for which the log's end is read until it is left."""
        self._followers.add(follower := Follower(customer_id, position))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def next_frames(self, follower: Follower) -> bytes:
        """The next frames for a follower, whose position moves behind them; empty where there was no news for a while.

        Raises `TROUBLE`.
        """
        position = follower.position
        span = self._spans.get(position)
        if (
            span is not None
            and (shown := span.frames_of(follower.customer_id)) is not None
            # A customer's frames of an earlier span are made anew: a later one may have deleted or erased what they
            # show.
            and (not shown or follower.customer_id is None or span.until == self._position)
        ):
            follower.position = span.until
            return shown
        if position >= self._position:
            await self._news()
            return b""
        until, frames = await self._in_thread(
            self._threads, lambda: self._frames.frames_behind(position, self._position, follower.customer_id)
        )
        if until == position:  # the views are behind the log
            await self._news()
        if follower.position != position:  # the log has gone back meanwhile
            return b""
        follower.position = until
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
        self._spans.clear()
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
            return await self._asking.ask_log(self._ledger.head)
        except PersistenceError:
            return 0

    async def _agree(self) -> bool:
        """Compares the spans with the log after it was out of reach, and goes back behind those that it has not any
        more. Returns False while the log cannot be asked."""
        losses = self._ledger.log_of_events.connection_losses
        while self._spans and losses != self._agreed_after:
            after, span = next(reversed(self._spans.items()))
            try:
                records = await self._in_thread(self._thread, partial(self._frames.records, after, span.until))
            except PersistenceError:
                return False
            if [raw.digest for raw in records[0]] == span.digests:
                break
            _log.error("what was told behind position %d is not in the log any more", after)
            del self._spans[after]
            self._bytes -= span.size
            self._position = after
            self._frames.forget()
            for follower in self._followers:
                follower.position = min(follower.position, after)
        self._agreed_after = losses
        return True

    async def _read(self, head: int) -> bool:
        """Reads the next span; returns whether there was one."""
        before, customers = self._position, frozenset(follower.customer_id for follower in self._followers)
        try:
            span = await self._in_thread(self._thread, lambda: self._span(before, head, customers))
        except Exception as error:  # logged every second until a person mends its cause
            if not isinstance(error, LogAway):  # logged by the writer
                _log.exception("followers are not told what stands behind position %d", before)
            await asyncio.sleep(TURN_SECONDS_MAX)
            return False
        if not span.digests:  # the views were ahead of a log that has gone back
            return False
        self._spans[before] = span
        self._position = span.until
        self._bytes += span.size
        while self._bytes > SPANS_BYTES_MAX or len(self._spans) > SPANS_MAX:
            self._bytes -= self._spans.popitem(last=False)[1].size
        return True

    def _span(self, after: int, head: int, customers: frozenset[int | None]) -> LogSpan:
        raws, _ = self._frames.records(after, head)
        frames = self._frames.customer_frames(raws, customers)
        if None in customers:
            frames[None] = self._frames.audit_frames(raws)
        return LogSpan(raws[-1].position if raws else after, [raw.digest for raw in raws], customers, frames)

    @staticmethod
    async def _in_thread(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, work)
