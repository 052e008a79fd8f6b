"""Other processes, for what would keep this one, and the log as each of them opens it."""

import gc
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

from domain.log.log import Log
from domain.log.opening import open_log

T = TypeVar("T")


def processes() -> ProcessPoolExecutor:
    """One process for each core.

    What is folded by the thousand has no cycles to be collected, only a lot to be looked through for them.
    """
    return ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"), initializer=gc.disable)


def apart(work: Callable[..., T], *arguments: object) -> T:
    """What the work returns or raises, done by a process of its own, which ends with it.

    A thread would do, but for what keeps the interpreter's lock for long: collecting, sorting, encoding by the million.
    """
    context = get_context("spawn")
    coming, going = context.Pipe(duplex=False)
    # As a daemon it is ended with this process, in the middle of whatever it does.
    process = context.Process(target=_work_apart, args=(going, work, arguments), daemon=True)
    process.start()
    going.close()
    with coming:
        try:
            error, made = coming.recv()
        except EOFError:
            raise RuntimeError("the process was ended before its work was done") from None
        finally:
            process.join()
    if error is not None:
        raise error
    return made  # type: ignore[no-any-return]


def _work_apart(going: Connection, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    gc.disable()
    with going:
        try:
            going.send((None, work(*arguments)))
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
