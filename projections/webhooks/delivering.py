"""Brings events to the receivers of webhooks: a thread in each worker of each node, of which one at a time delivers.

An event that is not known to be delivered is sent again, so a receiver may get it twice. A receiver gets an order's
next event only once it has taken the one before. Where it does not take an event, that order's later events wait, and
no other order's do. A slow receiver delays no other receiver.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from math import ceil
from time import monotonic, time
from typing import TYPE_CHECKING, Final

import uvloop
from eventsourcing.persistence import MapperDeserialisationError, OperationalError, PersistenceError

from domain.aggregate import BrokenHistory
from domain.ledger import OrderLedger
from domain.log.log import Holds, LogAway, LogForbidden
from domain.log.records import RawRecord
from domain.log.sqlite import Busy, sqlite3
from domain.moments import instant, utc_now
from projections.history import HistoryReader
from projections.webhooks.addresses import Networks
from projections.webhooks.messages import TYPES, message, message_id
from projections.webhooks.store import Delivery, Store, Webhook

if TYPE_CHECKING:
    from projections.webhooks.sending import Answer, Sender

# The pauses between attempts; together three days.
PAUSES_SECONDS: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 64_800, 94_645)
AT_ONCE_MAX: Final = 16
# The most events of a webhook in memory, and the most that may wait for another attempt before reading stops.
AHEAD_MAX: Final = 512
WAITING_MAX: Final = 1_000
_PAGE_EVENTS: Final = 256
# The span of the log that is searched at once for the events that a webhook wants.
_SCAN_EVENTS_MAX: Final = 20_000
_LOOK_EVERY_SECONDS: Final = 0.02
_NOTE_EVERY_SECONDS: Final = 0.25
_TURN_EVERY_SECONDS: Final = 0.5
_TURN_SECONDS_MAX: Final = 30.0
_PRUNE_EVERY: Final = 200
# The pause before an event that could not be read, or a note that could not be written, is tried again.
_PAUSE_SECONDS: Final = 2.0
_END_SECONDS_MAX: Final = 0.5
_GONE: Final = 410
_log = logging.getLogger("order_ledger")


def start(ledger: OrderLedger, store: Store, allowed: Networks) -> Callable[[], None]:
    """Starts the thread. Returns the function that ends it: uvloop's timers must not fire once Python is gone."""
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    loop = runner.get_loop()

    def run() -> None:
        with runner, suppress(asyncio.CancelledError):
            runner.run(_take_turns(ledger, store, allowed))

    def end() -> None:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        thread.join(_END_SECONDS_MAX)

    thread = threading.Thread(target=run, name="webhooks", daemon=True)
    thread.start()
    return end


async def _take_turns(ledger: OrderLedger, store: Store, allowed: Networks) -> None:
    pause = _TURN_EVERY_SECONDS
    while True:
        try:
            with store.turn() as holds:
                if holds is not None:
                    await _Delivering(ledger, store, allowed).run(holds)
            pause = _TURN_EVERY_SECONDS
        except LogAway:
            pass  # reported elsewhere
        except Exception as error:  # logged less and less often, until a person comes
            is_told = isinstance(error, LogForbidden)
            _log.error("webhooks are not delivered: %s", error, exc_info=None if is_told else error)
            pause = min(pause * 2, _TURN_SECONDS_MAX)
        await asyncio.sleep(pause)


class _Delivering:
    """All webhooks, while this process has the turn to deliver."""

    def __init__(self, ledger: OrderLedger, store: Store, allowed: Networks) -> None:
        self._ledger = ledger
        self._store = store
        self._allowed = allowed
        self._running: dict[str, tuple[int, asyncio.Task[None]]] = {}
        self._looked_at, self._last_head = 0.0, 0
        # Made with the first webhook.
        self._sender: Sender | None = None

    async def run(self, holds: Holds) -> None:
        """Delivers for as long as this process has the turn."""
        try:
            while holds():
                await self._look()
                await asyncio.sleep(_NOTE_EVERY_SECONDS)
        finally:
            for task in (tasks := [task for _, task in self._running.values()]):
                task.cancel()
            # They finish their requests first, which need the open sender.
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._sender is not None:
                await self._sender.close()

    def _head(self) -> int:
        """The log's head a moment ago. It is read once, however many webhooks there are."""
        if (now := monotonic()) > self._looked_at + _LOOK_EVERY_SECONDS:
            self._looked_at, self._last_head = now, self._ledger.head()
        return self._last_head

    def _new_sender(self) -> "Sender":
        # Loaded here: it takes more memory than all the rest of a worker without webhooks.
        from projections.webhooks.sending import Sender  # noqa: PLC0415

        return Sender(self._allowed)

    async def _look(self) -> None:
        """Starts webhooks that are new, and restarts those that were changed."""
        wanted = {webhook.id: webhook for webhook in self._store.all() if webhook.disabled_at is None}
        for webhook_id, (revision, task) in list(self._running.items()):
            if task.done() or webhook_id not in wanted or wanted[webhook_id].revision != revision:
                del self._running[webhook_id]
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        for webhook in wanted.values():
            if webhook.id not in self._running:
                self._sender = self._sender or self._new_sender()
                line = _WebhookDelivery(self._ledger, self._store, self._sender, webhook, self._head)
                self._running[webhook.id] = (webhook.revision, asyncio.create_task(line.run()))


class _Event:
    """An event on its way. Once `is_kept`, the store has it as waiting, and the cursor can pass it."""

    def __init__(self, position: int, raw: RawRecord | None, attempts: int = 0, next_at: int = 0) -> None:
        self.position = position
        self.raw = raw
        self.attempts = attempts
        self.next_at = next_at
        self.is_kept = raw is None


class _WebhookDelivery:
    """One webhook at work. Its events wait in a queue for each order."""

    def __init__(
        self, ledger: OrderLedger, store: Store, sender: "Sender", webhook: Webhook, head: Callable[[], int]
    ) -> None:
        self._head = head
        self._ledger = ledger
        self._store = store
        self._sender = sender
        self._webhook = webhook
        # The revision that this delivers by, which is one higher once this has disabled the webhook.
        self._revision = webhook.revision
        self._reading = HistoryReader(ledger)
        wanted = webhook.event_types or set(TYPES.values())
        self._topics = [topic for topic, name in TYPES.items() if name in wanted]
        self._read_to = webhook.position
        self._known = store.known_behind(webhook.id, webhook.position)
        self._lines: dict[str, deque[_Event]] = {}
        # The orders with an event that can be sent now, those with one under way, and the others by the time of their
        # next attempt.
        self._ready: deque[str] = deque()
        self._active: dict[str, asyncio.Task[None]] = {}
        self._later: list[tuple[int, str]] = []
        # Positions behind the cursor that are neither delivered nor noted as waiting; and the deliveries to note.
        self._open: set[int] = set()
        self._waiting = 0
        self._notes: dict[int, Delivery] = {}
        self._noted_to = webhook.position
        self._times_noted = 0
        self._is_over = False

    async def run(self) -> None:
        """Delivers until the webhook is disabled, or the task is cancelled."""
        try:
            for kept in self._store.waiting(self._webhook.id):
                self._enqueue(kept.originator, _Event(kept.position, None, kept.attempts, kept.next_at))
            noted = monotonic()
            while not self._is_over:
                self._read_on()
                self._begin()
                if monotonic() > noted + _NOTE_EVERY_SECONDS:
                    noted = monotonic()
                    self._note()
                await asyncio.sleep(_LOOK_EVERY_SECONDS if self._is_idle() else 0.002)
        except (PersistenceError, BrokenHistory, Busy, sqlite3.Error) as error:
            _log.error("webhook %s: %s", self._webhook.id, error)
            await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            self._is_over = True
            for task in (sending := list(self._active.values())):
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
            with suppress(PersistenceError, Busy, sqlite3.Error):
                self._note()

    def _is_idle(self) -> bool:
        return not self._ready and len(self._open) < AHEAD_MAX // 2

    # --- reading events ---

    def _read_on(self) -> None:
        if len(self._open) >= AHEAD_MAX // 2 or self._waiting >= WAITING_MAX:
            return
        until = min(self._head(), self._read_to + _SCAN_EVENTS_MAX)
        if until <= self._read_to:
            return
        raws = list(
            self._ledger.log_of_events.raw_records(
                after=self._read_to, until=until, limit=_PAGE_EVENTS, topics=self._topics
            )
        )
        for raw in raws:
            if raw.position not in self._known:
                self._open.add(raw.position)
                self._enqueue(raw.order, _Event(raw.position, raw))
        self._read_to = raws[-1].position if len(raws) == _PAGE_EVENTS else until
        self._known = {position for position in self._known if position > self._read_to}

    def _enqueue(self, order: str, event: _Event) -> None:
        """Puts an event behind the earlier events of its order."""
        line = self._lines.setdefault(order, deque())
        line.append(event)
        if event.is_kept:
            self._waiting += 1
        elif line[0].attempts:
            self._keep(order, event)
        if len(line) == 1 and order not in self._active:
            heappush(self._later, (event.next_at, order))

    def _begin(self) -> None:
        """Sends the next events of as many orders as can be sent at once."""
        now = time()
        while self._later and self._later[0][0] <= now:
            self._ready.append(heappop(self._later)[1])
        while self._ready and len(self._active) < AT_ONCE_MAX:
            order = self._ready.popleft()
            if order not in self._active and order in self._lines:
                self._active[order] = asyncio.create_task(self._drain(order))

    async def _drain(self, order: str) -> None:
        """Sends an order's events one after the other, until the receiver does not take one."""
        line = self._lines[order]
        try:
            while line and not self._is_over and await self._deliver(order, line[0]):
                line.popleft()
        except (MapperDeserialisationError, BrokenHistory) as error:
            self._disable(f"position {line[0].position} cannot be read: {error}")
        except PersistenceError as error:
            line[0].next_at = ceil(time() + _PAUSE_SECONDS)
            if not isinstance(error, OperationalError):  # else out of reach for a moment, as is reported elsewhere
                _log.error("webhook %s: %s", self._webhook.id, error)
        finally:
            del self._active[order]
            if not line:
                del self._lines[order]
            elif not self._is_over:
                heappush(self._later, (line[0].next_at, order))
            if not self._is_over and (self._ready or self._later):
                self._begin()

    async def _deliver(self, order: str, event: _Event) -> bool:
        raw = event.raw or self._ledger.log_of_events.raw_record(event.position)
        if raw is None:
            raise BrokenHistory("no record stands there")
        body = message(self._reading, raw)
        answer = await self._sender.send(self._webhook, message_id(self._webhook.id, event.position), body)
        event.attempts += 1
        if answer.is_success:
            self._waiting -= event.is_kept
            self._open.discard(event.position)
            self._notes[event.position] = _delivery(order, raw, event, "delivered", answer)
            return True
        self._note_failure(order, raw, event, answer)
        return False

    def _note_failure(self, order: str, raw: RawRecord, event: _Event, answer: "Answer") -> None:
        why = answer.error or f"status {answer.status}"
        is_last = event.attempts > len(PAUSES_SECONDS)
        if not is_last:
            event.next_at = ceil(time()) + PAUSES_SECONDS[event.attempts - 1]
        for each in self._lines[order]:
            self._keep(order, each)
        event.raw = None
        self._notes[event.position] = _delivery(order, raw, event, "waiting", answer)
        if is_last and not self._is_over:
            self._disable(f"three days of attempts to deliver position {event.position} have failed: {why}")
        elif answer.status == _GONE:
            self._disable("the receiver answered 410: it wants no more")

    def _keep(self, order: str, event: _Event) -> None:
        """Notes an event as waiting, so that the cursor can pass it."""
        if event.is_kept or event.raw is None:
            return
        self._waiting += 1
        self._open.discard(event.position)
        self._notes[event.position] = _delivery(order, event.raw, event, "waiting", None)
        event.is_kept, event.raw = True, None

    # --- noting deliveries ---

    def _disable(self, because: str) -> None:
        """Disables the webhook, unless it was changed meanwhile: the cause may be gone, as with another address."""
        self._is_over = True
        self._note()
        if self._store.disable(self._webhook.id, instant(utc_now()), because, revision=self._revision):
            self._revision += 1
            _log.error("webhook %s is disabled: %s", self._webhook.id, because)

    def _note(self) -> None:
        settled = min(self._open, default=self._read_to + 1) - 1
        if not self._notes and settled <= self._noted_to:
            return
        self._store.note(self._webhook.id, settled, list(self._notes.values()), revision=self._revision)
        self._notes.clear()
        self._noted_to = settled
        self._times_noted += 1
        if self._times_noted % _PRUNE_EVERY == 0:
            self._store.prune(self._webhook.id)


def _delivery(order: str, raw: RawRecord, event: _Event, status: str, answer: "Answer | None") -> Delivery:
    delivery = Delivery(event.position, order, TYPES[raw.topic.decode()], status, event.attempts, event.next_at)
    if answer is None:
        return delivery
    return delivery._replace(
        attempted_at=instant(utc_now()),
        answer_status=answer.status,
        answer=answer.text,
        error=answer.error,
        milliseconds=answer.milliseconds,
    )
