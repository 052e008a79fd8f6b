"""For whoever runs the service: does the process answer, and is it fit to serve?"""

from typing import Any, Final

import msgspec
from falcon.asgi import Request, Response

from api.asking import Asking
from api.positions import position_token
from domain.ledger import OrderLedger
from projections.views.views import Views

READY_LAG_EVENTS_MAX: Final = 1_000


class Health:
    public = True

    async def on_get(self, _req: Request, resp: Response) -> None:
        resp.content_type = "application/json"
        resp.data = b'{"status":"ok"}'

    on_head = on_get


class Readiness:
    """The log can be written, and the views are within reach of its head."""

    public = True

    def __init__(self, asking: Asking, ledger: OrderLedger, views: Views) -> None:
        self._asking = asking
        self._ledger = ledger
        self._views = views

    async def on_get(self, _req: Request, resp: Response) -> None:
        answer = await self._asking.in_thread(self._look)  # it may have to wait for the log's lock
        resp.status = 200 if answer["ready"] else 503
        resp.content_type = "application/json"
        resp.data = msgspec.json.encode(answer)

    on_head = on_get

    def _look(self) -> dict[str, Any]:
        head: int | None = None
        position: int | None = None
        problems: list[str] = []
        stopped: dict[str, tuple[int, str]] = {}
        try:
            head = self._ledger.head()
            if not self._ledger.write(lambda t: t.is_writable()).result():
                problems.append("the log cannot be written")
            if clock := self._ledger.clock_problem():
                problems.append(f"the log is not written: {clock}")
        except Exception as error:  # whatever is wrong is the answer here
            problems.append(f"the log cannot be written: {error}")
        try:
            position = self._views.position()
            stopped = self._views.stopped()
        except Exception as error:
            problems.append(f"the views cannot be read: {error}")
        # Said, but no reason not to serve the others.
        answer_stopped = [{"order": uuid, "position": at} for uuid, (at, _) in stopped.items()]
        lag = None if head is None or position is None else max(0, head - position)
        if lag is not None and lag > READY_LAG_EVENTS_MAX:
            problems.append(f"the views are {lag} events behind")
        return {
            "ready": not problems,
            "log": None if head is None else position_token(head),
            "views": None if position is None else position_token(position),
            "lag": lag,
            "problems": problems,
            "stopped_orders": answer_stopped,
        }
