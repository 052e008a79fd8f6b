"""The one thread of a process that writes to the log. Commands that wait at the same time share one commit."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, Generic, TypeVar

from eventsourcing.persistence import IntegrityError

from domain.log.log import LogAway, LogBusy, LogForbidden, LogFull, ReadHints, Transaction, WriteLost

TURNS_MAX: Final = 64
# Ends a transaction of heavy work early. Other nodes wait to write meanwhile, and PostgreSQL takes the lock from a node
# that keeps it for seconds.
_HELD_SECONDS_MAX: Final = 1.0
T = TypeVar("T")
# Feeds the views with a transaction just committed; returns the position that the views reach.
Feed = Callable[[Transaction], int]
# Gets, for each commit that wrote records: the number of its pieces of work, the seconds of the commit, and the seconds
# of feeding the views.
Measure = Callable[[int, float, float], None]
_log = logging.getLogger("order_ledger")


class Writer(Thread):
    """The thread that does all waiting work in one transaction, feeds the views, and delivers the results."""

    def __init__(
        self,
        transaction: Callable[[ReadHints], AbstractContextManager[Transaction]],
        feed: Feed,
        measure: Measure | None,
    ) -> None:
        super().__init__(name="writer", daemon=True)
        self._transaction = transaction
        self._feed = feed
        self._measure = measure
        self._waiting: SimpleQueue[_Turn[Any]] = SimpleQueue()
        self._is_stopping = False
        # The position that the views reached after the last commit; 0 where feeding them failed.
        self.fed_to = 0
        # The error of the last write where the log could not be written; None where it could.
        self.write_error: LogBusy | LogFull | LogForbidden | LogAway | None = None
        self._looked: Future[None] | None = None

    def submit(self, work: Callable[[Transaction], T], wants: ReadHints = ReadHints()) -> Future[T]:  # noqa: B008  (immutable)
        """Queues work. The future has its result, or its error, once its writes are durable and the views are fed. The
        work may be done twice, where nothing of the first time is in the log."""
        turn = _Turn(work, wants)
        future = turn.future  # taken before `put`: the thread may deliver at once, and the turn then drops its future
        self._waiting.put(turn)
        return future

    def probe(self) -> None:
        """Tries to write to the log, so that `write_error` is current even without commands. Does not wait."""
        if self._looked is None or self._looked.done():
            self._looked = self.submit(
                lambda t: t.touch() if isinstance(self.write_error, LogFull | LogForbidden) else None
            )
            self._looked.add_done_callback(self._has_looked)

    def _has_looked(self, looked: Future[None]) -> None:
        if not looked.cancelled() and looked.exception() is None:
            self.write_error = None

    def stop(self) -> None:
        """Ends the thread once all waiting work is done."""
        self._is_stopping = True
        self.submit(lambda _: None)
        self.join()

    def run(self) -> None:
        turns: list[_Turn[Any]] = []
        while turns or not (self._is_stopping and self._waiting.empty()):
            turns = turns or [self._waiting.get()]
            turns += self._take_waiting(TURNS_MAX - len(turns))
            turns = self._do(turns)

    def _do(self, turns: "list[_Turn[Any]]", *, again: bool = False) -> "list[_Turn[Any]]":
        """Does turns in one transaction and delivers their results; returns the turns still to be done."""
        done = turns
        began = time.perf_counter()
        try:
            t, done = self._commit(turns)
        except _TakenBack:
            done = turns[:1]
            if isinstance(turns[0].error, LogFull | LogForbidden):
                self.write_error = turns[0].error
        except WriteLost as error:  # nothing of it is in the log, so it is done once more
            if not again:
                return self._do(turns, again=True)
            self._give_up(turns, LogAway(str(error)))
        except IntegrityError as error:
            if len(turns) > 1:  # the writes of one turn break a constraint, so each turn is done alone
                return [left for turn in turns for left in self._do([turn])]
            self._give_up(turns, error)
        except Exception as error:
            self._give_up(turns, error)
        else:
            if self.write_error is not None and t.written:
                self.write_error = None
            committed = time.perf_counter()
            self._feed_views(t)
            if self._measure is not None and t.written:
                self._measure(len(done), committed - began, time.perf_counter() - committed)
        for turn in done:
            turn.deliver()
        return turns[len(done) :]

    def _commit(self, turns: "list[_Turn[Any]]") -> "tuple[Transaction, list[_Turn[Any]]]":
        """Does turns, and turns that join meanwhile, in one transaction; returns the transaction and the turns done.

        Raises _TakenBack where the first turn fails, WriteLost where the first turn loses the log's connection, and the
        log's errors. Where a later turn loses the connection, the commit raises.
        """
        with self._transaction(_all_wanted(turns)) as t:
            over_at = time.perf_counter() + _HELD_SECONDS_MAX
            work = iter(turns)
            # The first turn needs no savepoint. One would cost a large batch of an import a third of its time.
            if not next(work).attempt(t, nullcontext()):
                if isinstance(turns[0].error, WriteLost):
                    raise turns[0].error
                raise _TakenBack  # without naming the error here: it holds this frame, so a name would make a cycle
            count = 1
            self._let_join(t, turns)
            for turn in work:  # turns that join meanwhile are added to the end of this list
                if time.perf_counter() > over_at:
                    break
                turn.attempt(t, t.savepoint())
                count += 1
                self._let_join(t, turns)
        return t, turns[:count]

    def _let_join(self, t: Transaction, turns: "list[_Turn[Any]]") -> None:
        if t.may_grow and (joining := self._take_waiting(TURNS_MAX - len(turns))):
            turns += joining
            t.prefetch(_all_wanted(joining))

    def _give_up(self, turns: "list[_Turn[Any]]", error: Exception) -> None:
        """Fails every turn of a transaction that is not in the log. A refused turn fails, too: its refusal may follow
        from writes that are not there."""
        if isinstance(error, LogBusy | LogAway):
            turns += self._take_waiting(self._waiting.qsize())  # the waiting turns would only wait as long again
        if isinstance(error, LogBusy | LogFull | LogForbidden | LogAway):
            self.write_error = error
        for turn in turns:
            turn.error = error

    def _take_waiting(self, turns_max: int) -> "list[_Turn[Any]]":
        return [self._waiting.get() for _ in range(min(turns_max, self._waiting.qsize()))]

    def _feed_views(self, t: Transaction) -> None:
        """Feeds the views after a commit. A failure is logged: the commit stands."""
        try:
            self.fed_to = self._feed(t)
        except LogAway as error:
            self.fed_to = 0
            _log.error("the views could not be fed after a write: %s", error)
        except Exception:
            self.fed_to = 0
            _log.exception("the views could not be fed after a write")


def _all_wanted(turns: "list[_Turn[Any]]") -> ReadHints:
    return ReadHints(*(sum(parts, ()) for parts in zip(*(turn.wants for turn in turns), strict=True)))


class _TakenBack(Exception):
    """The first turn of a transaction failed, so the transaction is rolled back."""


class _Turn(Generic[T]):
    """A piece of work that waits for the thread, and its result or error."""

    def __init__(self, work: Callable[[Transaction], T], wants: ReadHints) -> None:
        self._work = work
        self.wants = wants
        self._result: T
        self.error: Exception | None = None
        self.future: Future[T] = Future()

    def attempt(self, t: Transaction, savepoint: AbstractContextManager[None]) -> bool:
        """Does the work, unless its caller has given it up. Returns False where the work raises: `error` keeps the
        error for the caller, and the savepoint takes the work's writes back."""
        self.error = None
        if not self._is_wanted():
            return True
        try:
            with savepoint:
                self._result = self._work(t)
        except Exception as error:
            self.error = error
        return self.error is None

    def _is_wanted(self) -> bool:
        """Whether the caller still waits; from then on the caller cannot give the work up. The checks before
        `set_running_or_notify_cancel` are for work done a second time: the library would raise for a future that runs
        or was told of its cancellation."""
        future = self.future
        return future.running() or (not future.cancelled() and future.set_running_or_notify_cancel())

    def deliver(self) -> None:
        """Gives the result or the error to the caller; may be called once. Drops the error from this turn: the error
        holds the frame of `attempt`, which holds this turn. Such a cycle would keep the frames' objects until Python
        collects cycles."""
        future, error, is_wanted = self.future, self.error, self._is_wanted()
        del self.future, self.error
        if not is_wanted:
            return
        if error is None:
            future.set_result(self._result)
        else:
            future.set_exception(error)
