"""Waiting for other threads and processes, with a limit."""

import time
from collections.abc import Callable
from typing import Any


def until(ask: Callable[[], Any], seconds: float = 20) -> Any:
    """The first true answer of `ask`. Raises AssertionError where there is none within the seconds."""
    deadline = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.02)
    return found
