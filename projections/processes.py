"""Other processes to fold the log in, and the log as each of them opens it."""

import gc
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from domain.log.log import Log
from domain.log.opening import open_log


def processes() -> ProcessPoolExecutor:
    """One process for each core.

    What is folded by the thousand has no cycles to be collected, only a lot to be looked through for them.
    """
    return ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"), initializer=gc.disable)


@contextmanager
def reopened(url: str) -> Iterator[Log]:
    """The log, opened again: no connection goes from one process to another."""
    opened = open_log(url)
    try:
        yield opened
    finally:
        opened.close()
