"""The storefront contract (seed 002): a customer's orders, newest first, and the one command of customers, a delete."""

from functools import lru_cache
from typing import Final
from uuid import UUID

from falcon.asgi import Request, Response
from falcon.uri import parse_query_string

from api import access, filters, paging
from api.answers import json_answer, set_currencies, set_position
from api.asking import Asking
from api.commanding import Commanding
from api.conditions import conditions
from api.errors import collect
from api.parameters import Parameters
from api.positions import position_in
from api.settings import Settings
from domain.log.sqlite import sqlite3
from domain.order import statuses
from domain.order.commands import DeleteOwnOrder
from domain.refusals import OrderNotFound
from projections.orders import list as orders
from projections.orders.documents import BASE_URL
from projections.views.views import ViewsUnavailable

PATH: Final = "/api/v1/i/orders"
_LIMIT_DEFAULT: Final = 20


class StorefrontOrders:
    def __init__(self, asking: Asking, settings: Settings) -> None:
        self._asking = asking
        self._settings = settings

    async def on_get(self, req: Request, resp: Response) -> None:
        customer_id = access.customer_id_of(req)
        query = _list_query(req.query_string)
        base = paging.base_url(req, self._settings)
        page = await filters.page(self._asking, query, "storefront", customer_id)
        body = paging.envelope(req, f"{base}{PATH}/", page, limit=query.limit, offset=query.offset)
        json_answer(resp, body.replace(BASE_URL, base.encode()), page.position)
        set_currencies(resp, page.currencies)

    on_head = on_get


# The same as `filters.parse_list_query`, for this contract's few parameters.
@lru_cache(maxsize=512)
def _list_query(query: str) -> filters.ListQuery:
    parameters = Parameters(parse_query_string(query, keep_blank=True))
    status, (limit, offset), position = collect(
        lambda: parameters.choice("status", statuses.STOREFRONT),
        lambda: paging.window(parameters, _LIMIT_DEFAULT),
        lambda: position_in(parameters, "min_position"),
    )
    wanted = orders.Filter(storefront_status=status, currency=parameters.currency())
    return filters.ListQuery(wanted, orders.NEWEST_FIRST, limit, offset, position)


class StorefrontOrder:
    def __init__(self, commanding: Commanding, settings: Settings) -> None:
        self._commanding = commanding
        self._asking = commanding.asking
        self._settings = settings

    async def on_get(self, req: Request, resp: Response, order_id: str) -> None:
        customer_id = access.customer_id_of(req)
        base = paging.base_url(req, self._settings)
        await self._asking.await_min_position(Parameters(req.params))
        found = await self._asking(
            lambda connection: orders.one(
                connection, document="storefront", uuid=order_id.lower(), customer_id=customer_id
            )
        )
        if not found.document:
            set_position(resp, found.position)
            raise OrderNotFound
        json_answer(resp, found.document.replace(BASE_URL, base.encode()), found.position)
        set_currencies(resp, found.currency)

    on_head = on_get

    async def on_delete(self, req: Request, resp: Response, order_id: str) -> None:
        customer_id, uuid = access.customer_id_of(req), _uuid(order_id)
        if not await self._may_be_theirs(uuid, customer_id):
            raise OrderNotFound
        under = conditions(req)
        outcome = await self._commanding.give(
            uuid,
            DeleteOwnOrder(),
            under.provenance,
            expected_versions=under.expected_versions,
            owner_id=customer_id,
            is_trial=under.is_trial,
        )
        if outcome.trial_events is not None:
            self._commanding.answer_trial(resp, outcome)
            return
        self._commanding.set_headers(resp, outcome)
        resp.status = 204

    async def _may_be_theirs(self, uuid: UUID, customer_id: int) -> bool:
        """Whether an order can be the customer's, by the views; the ledger decides later, in its transaction.

        Without this a client that names others' orders would have their histories read while the writer waits, and
        could tell by the time which of them exist.
        """
        try:
            known = await self._asking(lambda connection: orders.owner_and_status(connection, str(uuid)))
        except (ViewsUnavailable, sqlite3.Error):
            return True
        if known is None:  # the views may be behind
            return await self._asking.ask_log(lambda: self._commanding.ledger.log_of_events.version_of(uuid)) > 0
        return known[0] == customer_id


def _uuid(text: str) -> UUID:
    """The UUID that a path names. Raises OrderNotFound where it is none."""
    try:
        uuid = UUID(text)
    except ValueError:
        raise OrderNotFound from None
    if str(uuid) != text.lower():
        raise OrderNotFound
    return uuid
