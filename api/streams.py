"""The log live, as server-sent events (WHATWG HTML, section 9.2): for auditors, and for a customer their own orders.

A stream begins behind the position that `Last-Event-ID` or `after` names, else at the log's head. It ends when its
client leaves, its key is revoked or changed, or the service stops. Where no event comes for a while, a comment does.
"""

import logging
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any, Final

from falcon.asgi import Request, Response

from api import access, audit, paging, storefront
from api.answers import set_position
from api.asking import Asking
from api.connection import PatientProtocol
from api.errors import collect, invalid_parameter, not_ready
from api.following import TROUBLE, TURN_SECONDS_MAX, Following
from api.parameters import Parameters
from api.positions import position_in, position_in_header, position_token
from api.settings import Settings
from domain.ledger import OrderLedger
from domain.log.keys import Caller
from projections.orders.documents import BASE_URL

AUDIT_PATH: Final = audit.PATH + "/events/stream"
STOREFRONT_PATH: Final = storefront.PATH + "/stream"
BEAT_SECONDS: Final = 15.0
RETRY_MILLISECONDS: Final = 1_000
_NAMES: Final = frozenset({"after", "min_position"})
_log = logging.getLogger("order_ledger")


class Streams:
    """The streams of auditors, who follow all events."""

    def __init__(self, asking: Asking, ledger: OrderLedger, following: Following, settings: Settings) -> None:
        self._asking = asking
        self._ledger = ledger
        self._following = following
        self._settings = settings

    def _customer_id(self, req: Request) -> int | None:
        """The customer whose orders the stream tells of; None for an auditor. Raises a 403."""
        access.require_scope(req, audit.SCOPE)
        return None

    async def on_head(self, req: Request, resp: Response) -> None:
        await self._begin(req, resp)

    async def on_get(self, req: Request, resp: Response) -> None:
        customer_id, position = await self._begin(req, resp)
        base = paging.base_url(req, self._settings).encode()
        connection: PatientProtocol = req.scope["connection"]
        caller: Caller = req.context.caller
        if not connection.begins_stream(caller.name):
            raise not_ready(
                "too-many-streams", "This worker has as many streams as it can keep; ask again in a moment."
            )
        resp.stream = self._frames(connection, req.context.is_in_force, customer_id, position, base)

    async def _begin(self, req: Request, resp: Response) -> tuple[int | None, int]:
        """The follower's customer, and the position where the stream begins. Raises a 400, 403 or 503."""
        customer_id, parameters = self._customer_id(req), Parameters(req.params)
        sent, after, wanted, _ = collect(
            lambda: position_in_header(req, "Last-Event-ID"),
            lambda: position_in(parameters, "after"),
            lambda: position_in(parameters, "min_position"),
            lambda: parameters.refuse_others_than(_NAMES),
        )
        position = await self._position(sent, after)
        await self._asking.await_position(wanted)
        resp.content_type = "text/event-stream"
        resp.set_header("Cache-Control", "no-store")
        resp.set_header("X-Accel-Buffering", "no")  # nginx would hold frames back
        set_position(resp, position)
        return customer_id, position

    async def _position(self, sent: int | None, after: int | None) -> int:
        """The position where the stream begins. `Last-Event-ID` goes before `after`, since a browser that connects
        again sends its first URL with the header. Raises a 400."""
        for name, position in (("Last-Event-ID", sent), ("after", after)):
            if position is not None:
                if not await self._asking.has_reached(position):
                    raise invalid_parameter(name, "the log has not reached this position; take one that an answer gave")
                return position
        return await self._asking.ask_log(self._ledger.head)

    async def _frames(
        self, connection: PatientProtocol, is_in_force: Any, customer_id: int | None, position: int, base: bytes
    ) -> AsyncIterator[bytes]:
        yield f"retry: {RETRY_MILLISECONDS}\n: behind {position_token(position)}\n\n".encode()
        sent = looked = monotonic()
        with self._following.following(customer_id, position) as follower:
            while not connection.is_over:
                if (now := monotonic()) > looked + TURN_SECONDS_MAX:
                    looked = now
                    if not await is_in_force():
                        return
                try:
                    frames = await self._following.next_frames(follower)
                except TROUBLE as error:  # the client connects again
                    _log.error("a stream ends at position %d: %s", follower.position, error)
                    return
                if frames:
                    sent = now
                    yield frames.replace(BASE_URL, base)
                elif now > sent + BEAT_SECONDS:
                    sent = now
                    yield b": beat\n\n"


class OwnStreams(Streams):
    def _customer_id(self, req: Request) -> int | None:
        return access.customer_id_of(req)
