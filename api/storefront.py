"""The storefront contract (seed 002): a customer's orders, newest first, and the one delete that customers have."""

from typing import Final
from uuid import UUID

from falcon import Request, Response

from api import access, paging
from api.commanding import Commanding
from api.parameters import Parameters
from api.reading import Patience, expected_versions, json_answer, provenance, stamp
from api.settings import Settings
from domain.order import statuses
from domain.order.commands import DeleteOwnOrder
from domain.refusals import OrderNotFound
from projections.orders import list as orders
from projections.orders.documents import BASE_URL
from projections.views.views import Views

PATH: Final = "/api/v1/i/orders"
_LIMIT_DEFAULT: Final = 20


class StorefrontOrders:
    def __init__(self, views: Views, settings: Settings, patience: Patience) -> None:
        self._views = views
        self._settings = settings
        self._patience = patience

    def on_get(self, req: Request, resp: Response) -> None:
        customer_id = access.customer(req)
        parameters = Parameters(req.params)
        wanted = orders.Filter(storefront_status=parameters.choice("status", statuses.STOREFRONT))
        limit, offset = paging.window(parameters, _LIMIT_DEFAULT)
        base = paging.base_url(req, self._settings)
        self._patience.wait(parameters)
        page = orders.page(
            self._views.reader, wanted, document="storefront", customer_id=customer_id, limit=limit, offset=offset
        )
        body = paging.envelope(req, f"{base}{PATH}/", limit=limit, offset=offset, count=page.count, rows=page.rows)
        json_answer(resp, body.replace(BASE_URL, base.encode()), page.position)

    on_head = on_get


class StorefrontOrder:
    def __init__(self, views: Views, settings: Settings, patience: Patience, commanding: Commanding) -> None:
        self._views = views
        self._settings = settings
        self._patience = patience
        self._commanding = commanding

    def on_get(self, req: Request, resp: Response, order_id: str) -> None:
        customer_id = access.customer(req)
        base = paging.base_url(req, self._settings)
        self._patience.wait(Parameters(req.params))
        found = orders.one(self._views.reader, document="storefront", uuid=order_id.lower(), customer_id=customer_id)
        if not found.document:
            stamp(resp, found.position)
            raise OrderNotFound
        json_answer(resp, found.document.replace(BASE_URL, base.encode()), found.position)

    on_head = on_get

    def on_delete(self, req: Request, resp: Response, order_id: str) -> None:
        customer_id = access.customer(req)
        outcome = self._commanding.give(
            _uuid(order_id),
            DeleteOwnOrder(),
            provenance(req),
            expected_versions=expected_versions(req),
            owner_id=customer_id,
        )
        self._commanding.recorded(resp, outcome)
        resp.status = 204


def _uuid(text: str) -> UUID:
    """The order that an address names. Raises OrderNotFound where it can name none."""
    try:
        uuid = UUID(text)
    except ValueError:
        raise OrderNotFound from None
    if str(uuid) != text.lower():
        raise OrderNotFound
    return uuid
