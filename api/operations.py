"""For operators: does the process answer, and is it fit to serve?"""

import asyncio
import logging
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from falcon.asgi import Request, Response

from api.answers import JSON
from api.errors import RETRY_AFTER_SECONDS
from api.positions import position_token
from domain.counted import counted
from domain.ledger import OrderLedger
from domain.log.log import LogAway, LogForbidden, LogFull
from projections.views.views import Views

READY_LAG_EVENTS_MAX: Final = 1_000
DISK_BYTES_MIN: Final = 1024 * 1024
LOOK_SECONDS_MAX: Final = 0.8
_log = logging.getLogger("order_ledger")
_T = TypeVar("_T")
_UNKNOWN: Final[dict[str, Any]] = {"log": None, "views": None, "lag": None, "stopped_orders": None}


class Health:
    public = True

    async def on_get(self, _req: Request, resp: Response) -> None:
        resp.content_type = JSON
        resp.data = b'{"status":"ok"}'

    on_head = on_get


class Readiness:
    """Whether the log can be written, and the views are near its head.

    It takes no lock and waits for none: a thread of each worker tries now and then whether the log can be written.
    """

    public = True

    def __init__(self, ledger: OrderLedger, views: Views, disks: tuple[Path, ...]) -> None:
        self._ledger = ledger
        self._views = views
        self._disks = disks
        # A thread of its own, so that readiness does not wait behind long work.
        self._thread = ThreadPoolExecutor(1, "readiness")

    async def on_get(self, _req: Request, resp: Response) -> None:
        looking = asyncio.get_running_loop().run_in_executor(self._thread, self._look)
        try:
            answer = await asyncio.wait_for(looking, LOOK_SECONDS_MAX)
        except TimeoutError:
            answer = _UNKNOWN | {"ready": False, "problems": ["log: it takes too long to look at it"]}
        if not answer["ready"]:
            resp.status = 503
            resp.set_header("Retry-After", RETRY_AFTER_SECONDS)
        resp.content_type = JSON
        resp.data = msgspec.json.encode(answer)

    on_head = on_get

    def _look(self) -> dict[str, Any]:
        problems = [*self._of_writing(), *self._of_clock()]
        head = _known(self._ledger.head)
        position = _known(self._views.position)
        lag = None if head is None or position is None else max(0, head - position)
        if head is None:
            problems.append("log: it cannot be read")
        if position is None:
            problems.append("views: they cannot be read")
        if self._views.is_at_unreadable:
            problems.append("views: they show nothing that came later than a record that this version cannot read")
        if lag is not None and lag > READY_LAG_EVENTS_MAX:
            problems.append(f"lag: the views are {counted(lag, 'event')} behind")
        return {
            "ready": not problems,
            "log": None if head is None else position_token(head),
            "views": None if position is None else position_token(position),
            "lag": lag,
            "problems": problems,
            # No problem: the other orders are served.
            "stopped_orders": _known(self._views.stopped_count),
        }

    def _of_writing(self) -> list[str]:
        trouble = self._ledger.write_error
        disks = [_known(partial(shutil.disk_usage, folder)) for folder in self._disks]
        if isinstance(trouble, LogFull) or any(disk is not None and disk.free < DISK_BYTES_MIN for disk in disks):
            return ["disk: it is full; nothing can be recorded until there is room again"]
        if isinstance(trouble, LogForbidden):
            return ["log: it may not be written; nothing can be recorded until it may"]
        if isinstance(trouble, LogAway):
            return ["log: it cannot be reached; nothing can be recorded until it is"]
        return [] if trouble is None else ["lock: another program keeps the log to itself"]

    def _of_clock(self) -> list[str]:
        jumped = _known(self._ledger.clock_problem)
        return [] if jumped is None else [f"clock: {jumped}"]


def _known(ask: Callable[[], _T]) -> _T | None:
    """The result of `ask`; None where it fails, and its error goes to the service's log."""
    try:
        return ask()
    except LogAway:
        return None  # logged by the writer
    except Exception:
        _log.exception("readiness")
        return None
