"""The one thread of a process that writes to the log: whoever writes at the same time shares one commit."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, Generic, TypeVar

from eventsourcing.persistence import IntegrityError

from domain.log.log import LogAway, LogBusy, LogForbidden, LogFull, Transaction, Wants, WriteLost

TURNS_MAX: Final = 64
# Of heavy work fewer share a transaction: others wait to write meanwhile, also on other nodes, and a log that is
# elsewhere takes its lock back from a node that keeps it for seconds.
_HELD_SECONDS_MAX: Final = 1.0
T = TypeVar("T")
# Brings the views to where a transaction, just committed, has taken the log; returns the position that they reach.
Feed = Callable[[Transaction], int]
# Is told of each commit that wrote something: how many pieces of work it had, and how many seconds it and the feeding
# took.
Measure = Callable[[int, float, float], None]
_log = logging.getLogger("order_ledger")


class Writer(Thread):
    """Takes all work that waits into one transaction, feeds the views, answers."""

    def __init__(
        self, transaction: Callable[[Wants], AbstractContextManager[Transaction]], feed: Feed, measure: Measure | None
    ) -> None:
        super().__init__(name="writer", daemon=True)
        self._transaction = transaction
        self._feed = feed
        self._measure = measure
        self._waiting: SimpleQueue[_Turn[Any]] = SimpleQueue()
        self._is_stopping = False
        # The position that the views reached after the last commit; 0 where they could not be fed.
        self.fed_to = 0
        # Why nothing could be written when it was last tried; None where it could.
        self.trouble: LogBusy | LogFull | LogForbidden | LogAway | None = None
        self._looked: Future[None] | None = None

    def submit(self, work: Callable[[Transaction], T], wants: Wants = Wants()) -> Future[T]:  # noqa: B008  (immutable)
        """What the work returns or raises, once what it wrote is durable and the views are fed. It may be done twice,
        where nothing is left of the first time."""
        turn = _Turn(work, wants)
        future = turn.future  # the turn has it until it is delivered, which may be at once
        self._waiting.put(turn)
        return future

    def look(self) -> None:
        """Tries whether the log can be written, so that `trouble` says it also where nobody writes."""
        if self._looked is None or self._looked.done():
            self._looked = self.submit(
                lambda t: t.touch() if isinstance(self.trouble, LogFull | LogForbidden) else None
            )
            self._looked.add_done_callback(self._has_looked)

    def _has_looked(self, looked: Future[None]) -> None:
        if not looked.cancelled() and looked.exception() is None:
            self.trouble = None

    def stop(self) -> None:
        """Ends the thread behind the work that waits."""
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
        """Does work in one transaction, and delivers; returns what has still to be done."""
        done = turns
        began = time.perf_counter()
        try:
            t, done = self._commit(turns)
        except _TakenBack:
            done = turns[:1]
            if isinstance(turns[0].error, LogFull | LogForbidden):
                self.trouble = turns[0].error
        except WriteLost as error:  # once more, as nothing of it is there
            if not again:
                return self._do(turns, again=True)
            self._give_up(turns, LogAway(str(error)))
        except IntegrityError as error:
            if len(turns) > 1:  # one of them wrote what does not fit, so each is done alone
                return [left for turn in turns for left in self._do([turn])]
            self._give_up(turns, error)
        except Exception as error:
            self._give_up(turns, error)
        else:
            if self.trouble is not None and t.written:
                self.trouble = None
            committed = time.perf_counter()
            self._feed_views(t)
            if self._measure is not None and t.written:
                self._measure(len(done), committed - began, time.perf_counter() - committed)
        for turn in done:
            turn.deliver()
        return turns[len(done) :]

    def _commit(self, turns: "list[_Turn[Any]]") -> "tuple[Transaction, list[_Turn[Any]]]":
        """Does work, and what joins it meanwhile, in one transaction; tells which of it. Raises _TakenBack, and what
        the log does: where that is lost behind the first, the commit says so."""
        with self._transaction(_all_wanted(turns)) as t:
            over_at = time.perf_counter() + _HELD_SECONDS_MAX
            work = iter(turns)
            # The first needs no savepoint, which would cost a large batch of an import a third of its time.
            if not next(work).attempt(t, nullcontext()):
                if isinstance(turns[0].error, WriteLost):
                    raise turns[0].error
                raise _TakenBack  # no name here for the error, which holds this frame
            count = 1
            self._let_join(t, turns)
            for turn in work:  # those that come meanwhile join at its end
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
        """Nothing of all this is there, so what was refused because of it was refused for nothing: all has failed."""
        if isinstance(error, LogBusy | LogAway):
            turns += self._take_waiting(self._waiting.qsize())  # they would wait as long again
        if isinstance(error, LogBusy | LogFull | LogForbidden | LogAway):
            self.trouble = error
        for turn in turns:
            turn.fail(error)

    def _take_waiting(self, turns_max: int) -> "list[_Turn[Any]]":
        return [self._waiting.get() for _ in range(min(turns_max, self._waiting.qsize()))]

    def _feed_views(self, t: Transaction) -> None:
        """Whatever becomes of it, what is written stands."""
        try:
            self.fed_to = self._feed(t)
        except LogAway as error:
            self.fed_to = 0
            _log.error("the views could not be fed after a write: %s", error)
        except Exception:
            self.fed_to = 0
            _log.exception("the views could not be fed after a write")


def _all_wanted(turns: "list[_Turn[Any]]") -> Wants:
    return Wants(*(sum(parts, ()) for parts in zip(*(turn.wants for turn in turns), strict=True)))


class _TakenBack(Exception):
    """The first work of a transaction was refused, so the transaction is taken back."""


class _Turn(Generic[T]):
    """A piece of work that waits to be done, and what it came to."""

    def __init__(self, work: Callable[[Transaction], T], wants: Wants) -> None:
        self._work = work
        self.wants = wants
        self._result: T
        self.error: Exception | None = None
        self.future: Future[T] = Future()

    def attempt(self, t: Transaction, savepoint: AbstractContextManager[None]) -> bool:
        """Does the work, unless nobody waits for it any more. Whether it was done: where it raises, that is for whoever
        waits for it, and what it has written is taken back to the savepoint."""
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
        """Whether somebody waits for it; from then on nobody can give it up. It is asked again where work is done
        again, and of what was given up already the library would not take the question."""
        future = self.future
        return future.running() or (not future.cancelled() and future.set_running_or_notify_cancel())

    def fail(self, error: Exception) -> None:
        self.error = error

    def deliver(self) -> None:
        """Once. An error holds the frames that it came through, of which `attempt` holds this object: did that hold the
        error in turn, all that the frames hold would stay until somebody looks for cycles."""
        future, error, is_wanted = self.future, self.error, self._is_wanted()
        del self.future, self.error
        if not is_wanted:
            return
        if error is None:
            future.set_result(self._result)
        else:
            future.set_exception(error)
