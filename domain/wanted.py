"""Does anybody still wait for what this thread does? Whoever reads or computes long looks between two pieces."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Interrupted(Exception):
    """It took longer than its time, or nobody waits for it any more."""


class _Limits(threading.local):
    """Until when this thread may look for something, and whether that is wanted still."""

    until = math.inf
    is_given_up: Callable[[], bool] | None = None


limits = _Limits()


def is_over() -> bool:
    return time.monotonic() > limits.until or (limits.is_given_up is not None and limits.is_given_up())


def must_be_wanted() -> None:
    """Raises Interrupted where this thread's time is over."""
    if is_over():
        raise Interrupted


@contextmanager
def wanted_while(is_given_up: Callable[[], bool]) -> Iterator[None]:
    """This thread's reading and computing end, as interrupted, when it is given up: nobody waits for what they find any
    more. What it writes is written all the same."""
    limits.is_given_up = is_given_up
    try:
        yield
    finally:
        limits.is_given_up = None
