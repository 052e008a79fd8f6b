"""Does a caller still wait for this thread's work? A long read or computation looks after each piece."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Interrupted(Exception):
    """The work took longer than its time, or its caller has given it up."""


class _Limits(threading.local):
    """The thread's time limit, and the check whether its caller has given the work up."""

    until = math.inf
    is_given_up: Callable[[], bool] | None = None


limits = _Limits()


def is_interrupted() -> bool:
    return time.monotonic() > limits.until or (limits.is_given_up is not None and limits.is_given_up())


def raise_if_interrupted() -> None:
    """Raises Interrupted where the thread's time is over, or its caller has given the work up."""
    if is_interrupted():
        raise Interrupted


@contextmanager
def interruptible(is_given_up: Callable[[], bool]) -> Iterator[None]:
    """Within the block, the thread's reads and computations raise Interrupted once `is_given_up` says so. Writes go
    on."""
    limits.is_given_up = is_given_up
    try:
        yield
    finally:
        limits.is_given_up = None
