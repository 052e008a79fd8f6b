"""The shop contract (seed 000): a customer's orders, filtered, searched and sorted."""

from typing import Final

from falcon.asgi import Request, Response

from api import access, filters, paging
from api.answers import json_answer, set_currencies, set_position
from api.asking import Asking
from api.parameters import Parameters, id_in
from api.settings import Settings
from domain.refusals import OrderNotFound
from projections.orders import list as orders

PATH: Final = "/api/shop/customers/me/orders"
_LIMIT_DEFAULT: Final = 10


class ShopOrders:
    def __init__(self, asking: Asking, settings: Settings) -> None:
        self._asking = asking
        self._settings = settings

    async def on_get(self, req: Request, resp: Response) -> None:
        customer_id = access.customer_id_of(req)
        query = filters.parse_list_query(req.query_string, self._settings.timezone, _LIMIT_DEFAULT)
        url = paging.base_url(req, self._settings) + PATH
        page = await filters.page(self._asking, query, "shop", customer_id)
        body = paging.envelope(req, url, page, limit=query.limit, offset=query.offset)
        json_answer(resp, body, page.position)
        set_currencies(resp, page.currencies)

    on_head = on_get


class ShopOrder:
    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def on_get(self, req: Request, resp: Response, order_id: str) -> None:
        customer_id, id_ = access.customer_id_of(req), id_in(order_id)
        await self._asking.await_min_position(Parameters(req.params))
        found = await self._asking(
            lambda connection: orders.one(connection, document="shop", order_id=id_, customer_id=customer_id)
        )
        if not found.document:
            set_position(resp, found.position)
            raise OrderNotFound
        json_answer(resp, found.document, found.position)
        set_currencies(resp, found.currency)

    on_head = on_get
