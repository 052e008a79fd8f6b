"""`run.py` for services on PostgreSQL: a request that waits for PostgreSQL on the event loop is answered with an error.

On the event loop, all other clients would wait, too.
"""

import asyncio
import sys
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from domain.log.postgres.connection import Connection


def _never_on_a_loop(ask: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(ask)
    def watched(*arguments: Any, **options: Any) -> Any:
        if threading.current_thread() is threading.main_thread() and _is_on_a_loop():
            raise AssertionError("PostgreSQL is asked on the event loop")
        return ask(*arguments, **options)

    return watched


def _is_on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


if __name__ == "__main__":
    for name in ("__init__", "execute", "copied", "wait"):
        setattr(Connection, name, _never_on_a_loop(getattr(Connection, name)))
    from run import cli

    cli()
