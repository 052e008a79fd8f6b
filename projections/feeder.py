"""A light thread in each worker that looks for news now and then.

Whoever appends feeds the views before answering; this heals what a crash between the two has left behind, brings
what other programs have appended, makes the views anew where somebody deleted them, and signs the log's head now and
then.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final

from eventsourcing.persistence import PersistenceError

from domain.ledger import OrderLedger
from domain.log.log import LogAway
from domain.log.sqlite import Busy, sqlite3
from projections.proof.signing import Checkpoints, LogAltered, NoSigningKey
from projections.views.views import Views, ViewsUnavailable

LOOK_EVERY_SECONDS: Final = 0.25
FORGET_EVERY_SECONDS: Final = 0.1
_RENEW_EVERY_SECONDS: Final = 1.0
_LOOK_BESIDE_SECONDS: Final = 0.02
_LISTEN_SECONDS: Final = 1.0
_LOOK_AT_LOG_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 1.0
_PAUSE_SECONDS_MAX: Final = 30.0
_log = logging.getLogger("order_ledger")


def start(
    ledger: OrderLedger, views: Views, checkpoints: Checkpoints, checkpoint_seconds: int, settle: Callable[[], object]
) -> None:
    """Starts the thread; it ends with the process. It signs the log's head every so many seconds, never where 0, and
    settles what an erasure has left where the log was out of reach.

    Beside it others hear of news and of changed keys, and look whether the log can be written, whatever holds this one
    up; one more forgets what was erased, and the last copies the views of a node where that was done on another.
    """
    news = threading.Event()
    sign = partial(checkpoints.keep_up, checkpoint_seconds) if checkpoint_seconds else lambda: None
    for name, run, arguments in (
        ("feeder", _run, (ledger, views, sign, settle, news)),
        ("listening", _listen, (ledger, news)),
        ("look-out", _look, (ledger,)),
        ("forgetting", _forget, (ledger,)),
        ("renewing", _renew, (ledger, views)),
    ):
        threading.Thread(target=_again, args=(run, *arguments), name=name, daemon=True).start()


def _again(run: Callable[..., None], *arguments: object) -> None:
    """Runs what has ended by an error once more: a full disk, say, would else end it for as long as the process lives,
    and nobody would miss it."""
    while True:
        try:
            return run(*arguments)
        except Exception:
            _log.exception("%s ended, and begins again", threading.current_thread().name)
        _sleep(_PAUSE_SECONDS)


def _listen(ledger: OrderLedger, news: threading.Event) -> None:
    while not ledger.log_of_events.is_at_hand:
        if ledger.log_of_events.wait_for_news(_LISTEN_SECONDS):
            news.set()


def _look(ledger: OrderLedger) -> None:
    while True:
        ledger.look()
        _sleep(_LOOK_AT_LOG_SECONDS)


def _forget(ledger: OrderLedger) -> None:
    """Drops what was opened by keys that another process has destroyed."""
    said = ""
    while ledger.keys is not None:
        try:
            ledger.keys.look()
            said = ""
        except LogAway:
            pass  # which the others say
        except Exception as error:
            if str(error) != said:  # else ten times a second, on a full disk, say
                _log.exception("the data keys cannot be looked at")
            said = str(error)
        _sleep(FORGET_EVERY_SECONDS)


def _renew(ledger: OrderLedger, views: Views) -> None:
    """A node that erases copies its own views, so that nothing is left between the rows; here the others do."""
    while ledger.keys is not None and not ledger.log_of_events.is_at_hand:
        _sleep(_RENEW_EVERY_SECONDS)
        with suppress(ViewsUnavailable, Busy, LogAway):
            views.renew()


def _run(
    ledger: OrderLedger,
    views: Views,
    sign: Callable[[], object],
    settle: Callable[[], object],
    news: threading.Event,
) -> None:
    pause, settled_after = LOOK_EVERY_SECONDS, ledger.log_of_events.times_lost
    while True:
        try:
            views.catch_up()
            if (times_lost := ledger.log_of_events.times_lost) != settled_after:
                settle()
                settled_after = times_lost
            sign()
            pause = LOOK_EVERY_SECONDS
        except (LogAltered, NoSigningKey):
            _log.exception("the log's head is not signed")
            pause = min(pause * 2, _PAUSE_SECONDS_MAX)
        except ViewsUnavailable:
            _try(views)
        except Busy:
            pass  # whoever has the lock is feeding them
        except LogAway as error:
            if not isinstance(ledger.trouble, LogAway):  # said already, else
                _log.error("the views cannot follow: %s", error)
        except Exception:  # an unreadable event: said again and again, less and less often, until a person comes
            _log.exception("the views cannot be fed")
            pause = min(pause * 2, _PAUSE_SECONDS_MAX)
        news.wait(pause)
        news.clear()


@contextmanager
def beside(views: Views, ledger: OrderLedger) -> Iterator[None]:
    """Meanwhile another process feeds the views, on another core, for a command that appends a great deal.

    To be entered while no other thread runs: this process is forked, which spares that one half a second of imports.
    """
    # No connection lives through a fork; these open again by themselves.
    ledger.close_connections()
    views.close()
    context = get_context("fork")
    # Ends where this is closed, and also where this process is killed; and nobody waits for one that was.
    over, ours = context.Pipe(duplex=False)
    # No daemon: where the views are gone, it makes them anew with processes of its own.
    process = context.Process(target=_feed_until, args=(views, over, ours))
    process.start()
    over.close()
    try:
        yield
    finally:
        ours.close()
        process.join()


def _feed_until(views: Views, over: Connection, theirs: Connection) -> None:
    theirs.close()
    # What keeps this from it keeps the command itself from it at the end, and is said then.
    with suppress(PersistenceError, sqlite3.Error, OSError):
        while not over.poll(_LOOK_BESIDE_SECONDS):
            with suppress(Busy):
                views.ensure()


def _try(views: Views) -> None:
    try:
        views.ensure()
    except Exception:
        _log.exception("the views cannot be made anew")


def _sleep(seconds: float) -> None:
    threading.Event().wait(seconds)
