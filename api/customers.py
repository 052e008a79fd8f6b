"""For staff: the customers, with their sums ordered, paid and refunded."""

from typing import Any, Final

import msgspec
from falcon.asgi import Request, Response

from api import access, filters, paging
from api.answers import json_answer, set_position
from api.asking import Asking
from api.parameters import FIELDS, Parameters, id_in
from api.settings import Settings
from domain.refusals import CustomerNotFound
from projections.customers import list as customers
from projections.orders.list import Page

PATH: Final = "/api/v1/customers"
_LIMIT_DEFAULT: Final = 10
_NAMES: Final = frozenset({"limit", "offset", "search", "ordering", "currency", "min_position", FIELDS})
_encode = msgspec.json.encode


class Customers:
    """The list: a row for each customer and currency."""

    def __init__(self, asking: Asking, settings: Settings) -> None:
        self._asking = asking
        self._settings = settings

    async def on_get(self, req: Request, resp: Response) -> None:
        access.require_scope(req, "orders:read")
        parameters = Parameters(req.params)
        (limit, offset), words, ordering = await self._asking.query_values(
            parameters,
            _NAMES,
            lambda: paging.window(parameters, _LIMIT_DEFAULT),
            lambda: filters.search_words(parameters),
            lambda: filters.ordering_fields(parameters, customers.ORDERING) or customers.BY_ID,
        )
        url = paging.base_url(req, self._settings) + PATH
        page = await self._asking(
            lambda connection: customers.page(
                connection, words=words, currency=parameters.currency(), ordering=ordering, limit=limit, offset=offset
            )
        )
        rows = b",".join(_encode(_row(customer, sums)) for customer, sums in page.found)
        shown = Page(page.position, page.count, rows, offset + limit)
        body = paging.envelope(req, url, shown, limit=limit, offset=offset)
        json_answer(resp, body, page.position)

    on_head = on_get


class Customer:
    """One customer, with the sums of each currency."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def on_get(self, req: Request, resp: Response, customer_id: str) -> None:
        access.require_scope(req, "orders:read")
        await self._asking.query_values(Parameters(req.params), {FIELDS})
        found = await self._asking(lambda connection: customers.one(connection, id_in(customer_id)))
        if found.customer is None:
            set_position(resp, found.position)
            raise CustomerNotFound
        body = _encode({**msgspec.structs.asdict(found.customer), "currencies": found.sums})
        json_answer(resp, body, found.position)

    on_head = on_get


def _row(customer: customers.Customer, sums: customers.Sums) -> dict[str, Any]:
    return msgspec.structs.asdict(customer) | msgspec.structs.asdict(sums)
