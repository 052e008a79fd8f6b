"""Other processes, for what would keep this one, and the log as each of them opens it."""

import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from resource import RLIMIT_AS, RLIMIT_CPU, setrlimit
from typing import Final, TypeVar

from domain.log.log import Log
from domain.log.mapper import EventMapper
from domain.log.opening import open_log
from domain.privacy.opening import LedgerAt

# Of computing, and of addresses: some 300 MiB of these are the interpreter's.
APART_SECONDS_MAX: Final = 60
APART_BYTES_MAX: Final = 1024 * 1024 * 1024
T = TypeVar("T")


@contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """One process for each core. They end with this one, however that ends; what they have not begun is not begun."""
    pool = ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"), initializer=_begin)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    # What is folded by the thousand has no cycles to be collected, only a lot to be looked through for them.
    gc.disable()
    # Ctrl-C goes to all processes of a terminal: the process that has started this one says so.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Else this process would wait for work for ever, where its parent was killed."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class EndedApart(Exception):
    """The work needed more time or memory than a process of its own is given."""


def apart(work: Callable[..., T], *arguments: object) -> T:
    """What the work returns or raises, done by a process of its own, which ends with it. Raises EndedApart.

    A thread would do, but for what keeps the interpreter's lock for long (collecting, sorting, encoding by the
    million), and for what has to be ended in the middle.
    """
    context = get_context("spawn")
    coming, going = context.Pipe(duplex=False)
    # As a daemon it is ended with this process, in the middle of whatever it does.
    bounds = (APART_SECONDS_MAX, APART_BYTES_MAX)
    process = context.Process(target=_work_apart, args=(going, bounds, work, arguments), daemon=True)
    process.start()
    going.close()
    with coming:
        try:
            if not coming.poll(2 * APART_SECONDS_MAX):  # it may wait for others instead of computing
                process.kill()
            error, made = coming.recv()
        except EOFError:
            raise EndedApart(
                f"it took more than {APART_SECONDS_MAX} s, or more than {APART_BYTES_MAX // 1024**2} MiB of memory"
            ) from None
        finally:
            process.join()
    if error is not None:
        raise error
    return made  # type: ignore[no-any-return]


def _work_apart(
    going: Connection, bounds: tuple[int, int], work: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    seconds_max, bytes_max = bounds
    setrlimit(RLIMIT_CPU, (seconds_max, seconds_max))
    with suppress(ValueError, OSError):  # not every system has this limit
        setrlimit(RLIMIT_AS, (bytes_max, bytes_max))
    gc.disable()
    with going, suppress(MemoryError):
        try:
            going.send((None, work(*arguments)))
        except MemoryError:
            raise
        except Exception as error:
            going.send((error, None))


@contextmanager
def reopened(url: str) -> Iterator[Log]:
    """The log, opened again: no connection goes from one process to another."""
    opened = open_log(url)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def opened(ledger: LedgerAt, *, checks: bool = False) -> Iterator[tuple[Log, EventMapper]]:
    """The log of a ledger, opened again, and a mapper that opens what is personal in it.

    A process that was started for this keeps them to its end: what the next part of the log needs of data keys is
    mostly open then.
    """
    if parent_process():
        yield _opened_to_the_end(ledger, checks)
        return
    with reopened(ledger.url) as log:
        mapper = _mapper(log, ledger, checks)
        try:
            yield log, mapper
        finally:
            if mapper.sealing is not None:
                mapper.sealing.keys.store.close()


@cache
def _opened_to_the_end(ledger: LedgerAt, checks: bool) -> tuple[Log, EventMapper]:
    log = open_log(ledger.url)
    return log, _mapper(log, ledger, checks)


def _mapper(log: Log, ledger: LedgerAt, checks: bool) -> EventMapper:
    return EventMapper(None if ledger.keys is None else ledger.keys.open(log), checks=checks)
