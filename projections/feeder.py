"""The background threads of each worker.

The process that appends records feeds the views before it answers. The feeder thread mends the rest: it feeds records
that a crash left unfed and those that other programs appended, makes deleted views anew, and signs the log's head from
time to time.
"""

import logging
import signal
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
_SIGNALS_TO_END: Final = (signal.SIGINT, signal.SIGTERM)
_PAUSE_SECONDS_MAX: Final = 30.0
_log = logging.getLogger("order_ledger")


def start(
    ledger: OrderLedger, views: Views, checkpoints: Checkpoints, checkpoint_seconds: int, settle: Callable[[], object]
) -> None:
    """Starts the threads; they end with the process. The feeder signs the log's head every `checkpoint_seconds`, never
    where these are 0. It calls `settle` after the log was out of reach, to finish erasures that were cut off.

    Four more threads run beside the feeder, so that nothing holds them up: one waits for news and changed keys, one
    checks whether the log can be written, one forgets erased data, and one copies this node's views after another node
    has erased.
    """
    news = threading.Event()
    sign = partial(checkpoints.sign_if_due, checkpoint_seconds) if checkpoint_seconds else lambda: None
    for name, run, arguments in (
        ("feeder", _run, (ledger, views, sign, settle, news)),
        ("listening", _listen, (ledger, news)),
        ("look-out", _look, (ledger,)),
        ("forgetting", _forget, (ledger,)),
        ("renewing", _renew, (ledger, views)),
    ):
        threading.Thread(target=_again, args=(run, *arguments), name=name, daemon=True).start()


def _again(run: Callable[..., None], *arguments: object) -> None:
    """Runs a thread's function, and again after an error: otherwise a full disk, for example, would end the thread
    unnoticed, for as long as the process lives."""
    while True:
        try:
            return run(*arguments)
        except Exception:
            _log.exception("%s ended, and begins again", threading.current_thread().name)
        _sleep(_PAUSE_SECONDS)


def _listen(ledger: OrderLedger, news: threading.Event) -> None:
    while not ledger.log_of_events.is_local:
        if ledger.log_of_events.wait_for_news(_LISTEN_SECONDS):
            news.set()


def _look(ledger: OrderLedger) -> None:
    while True:
        ledger.probe()
        _sleep(_LOOK_AT_LOG_SECONDS)


def _forget(ledger: OrderLedger) -> None:
    """Forgets the data keys that another process has destroyed, and the texts that they opened."""
    said = ""
    while ledger.keys is not None:
        try:
            ledger.keys.refresh()
            said = ""
        except LogAway:
            pass  # the other threads report it
        except Exception as error:
            if str(error) != said:  # else logged ten times a second, on a full disk for example
                _log.exception("the data keys cannot be looked at")
            said = str(error)
        _sleep(FORGET_EVERY_SECONDS)


def _renew(ledger: OrderLedger, views: Views) -> None:
    """Copies the views of this node after an erasure, so that no erased data are left between the rows. The node that
    erases copies its own views."""
    while ledger.keys is not None and not ledger.log_of_events.is_local:
        _sleep(_RENEW_EVERY_SECONDS)
        with suppress(ViewsUnavailable, Busy, LogAway):
            views.renew()


def _run(
    ledger: OrderLedger, views: Views, sign: Callable[[], object], settle: Callable[[], object], news: threading.Event
) -> None:
    pause, settled_after = LOOK_EVERY_SECONDS, ledger.log_of_events.connection_losses
    while True:
        try:
            views.catch_up()
            if (losses := ledger.log_of_events.connection_losses) != settled_after:
                settle()
                settled_after = losses
            sign()
            pause = LOOK_EVERY_SECONDS
        except (LogAltered, NoSigningKey):
            _log.exception("the log's head is not signed")
            pause = min(pause * 2, _PAUSE_SECONDS_MAX)
        except ViewsUnavailable:
            _try(views)
        except Busy:
            pass  # the process that has the lock feeds them
        except LogAway as error:
            if not isinstance(ledger.write_error, LogAway):  # else reported already
                _log.error("the views cannot follow: %s", error)
        except Exception:  # an unreadable event: logged less and less often, until a person comes
            _log.exception("the views cannot be fed")
            pause = min(pause * 2, _PAUSE_SECONDS_MAX)
        news.wait(pause)
        news.clear()


@contextmanager
def feeding_apart(views: Views, ledger: OrderLedger) -> Iterator[None]:
    """Feeds the views in another process, on another core, while a command appends many records.

    Enter it while no other thread runs: this process is forked, which saves the other one half a second of imports.
    """
    # No connection survives a fork; these open again by themselves.
    ledger.close_connections()
    views.close()
    context = get_context("fork")
    # The pipe's end tells the other process to end; it also comes when this process is killed.
    over, ours = context.Pipe(duplex=False)
    # Not a daemon: where the views are gone, it starts processes of its own to make them anew.
    process = context.Process(target=_feed_until, args=(views, over, ours))
    try:
        with _signals_held():
            process.start()
        over.close()
        yield
    finally:
        ours.close()
        if process.pid is not None:
            process.join()


@contextmanager
def _signals_held() -> Iterator[None]:
    """Holds signals to end back. During a fork their exception would be lost: Python only prints an exception out of
    the functions that it calls then."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS_TO_END)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS_TO_END)


def _feed_until(views: Views, over: Connection, theirs: Connection) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS_TO_END)
    theirs.close()
    # An error that stops the feeding here also stops the command's own feeding at its end, which reports it.
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
