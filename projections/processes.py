"""Other processes, for work that would hold this one up, and the log as each of them opens it."""

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
from domain.privacy.opening import LedgerLocation

# Limits on computing time and on address space; the interpreter takes some 300 MiB of the latter.
APART_SECONDS_MAX: Final = 60
APART_BYTES_MAX: Final = 1024 * 1024 * 1024
T = TypeVar("T")


@contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """A pool with one process for each core. The processes end with this one, however it ends; queued work is then
    dropped."""
    pool = ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"), initializer=_begin)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    # Objects folded by the thousand have no cycles; collecting would only search them in vain.
    gc.disable()
    # Ctrl-C goes to all processes of a terminal, and the parent process reports it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Ends this process with its parent. Without it, the process of a killed parent would wait for work for ever."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class ProcessEnded(Exception):
    """The work needed more time or memory than a process of its own is given."""


def in_own_process(work: Callable[..., T], *arguments: object) -> T:
    """The result of the work, done by a process of its own, which ends with it. Raises the work's errors, and
    EndedApart.

    A thread would do, except for work that holds the interpreter's lock for long (collecting, sorting, encoding by the
    million), and for work that must be ended in the middle.
    """
    context = get_context("spawn")
    coming, going = context.Pipe(duplex=False)
    # A daemon, so that it ends with this process, in the middle of its work.
    bounds = (APART_SECONDS_MAX, APART_BYTES_MAX)
    process = context.Process(target=_work_apart, args=(going, bounds, work, arguments), daemon=True)
    process.start()
    going.close()
    with coming:
        try:
            if not coming.poll(2 * APART_SECONDS_MAX):  # it may be waiting for a core instead of computing
                process.kill()
            error, made = coming.recv()
        except EOFError:
            raise ProcessEnded(
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
    """The log, opened again: a connection cannot go from one process to another."""
    opened = open_log(url)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def opened(ledger: LedgerLocation) -> Iterator[tuple[Log, EventMapper]]:
    """A ledger's log, opened again, and a mapper that opens personal data.

    A process of the pool keeps both to its end, and opens every data key at once.
    """
    if parent_process():
        yield _opened_to_the_end(ledger)
        return
    with reopened(ledger.url) as log:
        mapper = _mapper(log, ledger)
        try:
            yield log, mapper
        finally:
            if mapper.sealing is not None:
                mapper.sealing.keys.store.close()


@cache
def _opened_to_the_end(ledger: LedgerLocation) -> tuple[Log, EventMapper]:
    log = open_log(ledger.url)
    mapper = _mapper(log, ledger)
    if mapper.sealing is not None:
        mapper.sealing.keys.open_all()
    return log, mapper


def _mapper(log: Log, ledger: LedgerLocation) -> EventMapper:
    return EventMapper(None if ledger.keys is None else ledger.keys.open(log))
