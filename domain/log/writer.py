"""The one thread of a process that writes to the log: whoever writes at the same time shares one commit."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar

from domain.log.log import Log, Transaction

TURNS_MAX: Final = 64
P = ParamSpec("P")
T = TypeVar("T")
# Brings the views to where a transaction, just committed, has taken the log; returns the position that they reach.
Feed = Callable[[Transaction], int]
_log = logging.getLogger("order_ledger")


class Writer(Thread):
    """Takes all work that waits into one transaction, feeds the views, answers."""

    def __init__(self, log: Log, feed: Feed) -> None:
        super().__init__(name="writer", daemon=True)
        self._log = log
        self._feed = feed
        self._waiting: SimpleQueue[_Turn[Any]] = SimpleQueue()
        self._is_stopping = False
        # The position that the views reached after the last commit; 0 where they could not be fed.
        self.fed_to = 0

    def submit(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """What the work returns or raises, once what it wrote is durable and the views are fed."""
        turn = _Turn(lambda t: work(t, *args, **kwargs))
        self._waiting.put(turn)
        return turn.future

    def stop(self) -> None:
        """Ends the thread behind the work that waits."""
        self._is_stopping = True
        self.submit(lambda _: None)
        self.join()

    def run(self) -> None:
        while not (self._is_stopping and self._waiting.empty()):
            turns = [self._waiting.get()]
            try:
                with self._log.transaction() as t:
                    for turn in turns:  # those that come meanwhile join at its end
                        turn.attempt(t, is_first=turn is turns[0])
                        turns += self._take_waiting(TURNS_MAX - len(turns))
            except Exception as error:  # nothing of all this is there, also for whoever was refused by it
                for turn in turns:
                    turn.fail(error)
            else:
                self._feed_views(t)
            for turn in turns:
                turn.deliver()

    def _take_waiting(self, turns_max: int) -> "list[_Turn[Any]]":
        return [self._waiting.get() for _ in range(min(turns_max, self._waiting.qsize()))]

    def _feed_views(self, t: Transaction) -> None:
        """Whatever becomes of it, what is written stands."""
        try:
            self.fed_to = self._feed(t)
        except Exception:
            self.fed_to = 0
            _log.exception("the views could not be fed after a write")


class _Turn(Generic[T]):
    """A piece of work that waits to be done, and what it came to."""

    def __init__(self, work: Callable[[Transaction], T]) -> None:
        self._work = work
        self._result: T
        self._error: Exception | None = None
        self.future: Future[T] = Future()

    def attempt(self, t: Transaction, *, is_first: bool) -> None:
        """Does the work, unless nobody waits for it any more; where it raises, nothing of it is written.

        The first turn needs no savepoint, which would cost a large batch of an import a third of its time: it raises
        before another has joined, and the transaction ends with it.
        """
        if not self.future.set_running_or_notify_cancel():
            return
        if is_first:
            self._result = self._work(t)
            return
        try:
            with t.savepoint():
                self._result = self._work(t)
        except Exception as error:  # for whoever waits for it; the others' turns go on
            self._error = error

    def fail(self, error: Exception) -> None:
        self._error = error

    def deliver(self) -> None:
        if self.future.cancelled():
            return
        if self._error is None:
            self.future.set_result(self._result)
        else:
            self.future.set_exception(self._error)
