"""The staff's orders: every command, and reads across all customers."""

from typing import Final
from uuid import UUID

import msgspec
from falcon import Request, Response

from api import access, filters, paging
from api.commanding import Commanding
from api.errors import Problem, invalid_parameter
from api.parameters import Parameters
from api.reading import Patience, command, expected_versions, json_answer, none_match, provenance, stamp
from api.settings import Settings
from domain.ledger import OrderLedger
from domain.order import commands as c
from domain.refusals import ItemNotFound, OrderNotFound
from projections.orders import list as orders
from projections.views.views import Views

PATH: Final = "/api/v1/orders"
_LIMIT_DEFAULT: Final = 10
_OWN_NAMES: Final = frozenset({"customer", "key", "currency", "is_paid", "is_payable"})


class Orders:
    def __init__(self, views: Views, settings: Settings, patience: Patience, commanding: Commanding) -> None:
        self._views = views
        self._settings = settings
        self._patience = patience
        self._commanding = commanding

    def on_get(self, req: Request, resp: Response) -> None:
        access.scope(req, "orders:read")
        parameters = Parameters(req.params)
        for name in parameters.names():
            if name not in filters.NAMES | _OWN_NAMES:
                raise invalid_parameter(
                    name, f"is not known; known are {', '.join(sorted(filters.NAMES | _OWN_NAMES))}"
                )
        wanted = msgspec.structs.replace(
            filters.read(parameters, self._settings.timezone),
            key=parameters.text("key"),
            currency=parameters.text("currency"),
            is_paid=parameters.boolean("is_paid"),
            is_payable=parameters.boolean("is_payable"),
        )
        limit, offset = paging.window(parameters, _LIMIT_DEFAULT)
        url = paging.base_url(req, self._settings) + PATH
        customer_id, ordering = parameters.integer("customer"), filters.ordering(parameters)
        self._patience.wait(parameters)
        page = orders.page(
            self._views.reader,
            wanted,
            document="staff",
            customer_id=customer_id,
            ordering=ordering,
            limit=limit,
            offset=offset,
        )
        body = paging.envelope(req, url, limit=limit, offset=offset, count=page.count, rows=page.rows)
        json_answer(resp, body, page.position)

    on_head = on_get

    def on_post(self, req: Request, resp: Response) -> None:
        access.scope(req, "orders:write")
        given = command(req, c.CreateOrder)
        if expected_versions(req) is not None:
            raise Problem(412, "order-moved", "An order that is being created has no version that If-Match could name.")
        location = f"{paging.base_url(req, self._settings)}{PATH}"
        outcome = self._commanding.create(given, provenance(req))
        self._commanding.document(resp, outcome, 201)
        resp.set_header("Location", f"{location}/{outcome.order.id}")


def named_order(ledger: OrderLedger, reference: str) -> UUID:
    """The order that an address names by its integer id or its UUID. Raises OrderNotFound."""
    if reference.isascii() and reference.isdigit() and len(reference) <= 15:
        return ledger.uuid_of(int(reference))
    try:
        return UUID(reference)
    except ValueError:
        raise OrderNotFound from None


class _OneOrder:
    """What the resources of one order share: the order that their address names."""

    def __init__(self, commanding: Commanding) -> None:
        self._commanding = commanding

    def _uuid(self, reference: str) -> UUID:
        return named_order(self._commanding.ledger, reference)

    def _give(self, req: Request, resp: Response, reference: str, given: c.Command, status: int = 200) -> None:
        outcome = self._commanding.give(
            self._uuid(reference), given, provenance(req), expected_versions=expected_versions(req)
        )
        self._commanding.document(resp, outcome, status)


class Order(_OneOrder):
    def __init__(self, views: Views, patience: Patience, commanding: Commanding) -> None:
        super().__init__(commanding)
        self._views = views
        self._patience = patience

    def on_get(self, req: Request, resp: Response, order_id: str) -> None:
        access.scope(req, "orders:read")
        self._patience.wait(Parameters(req.params))
        uuid = self._uuid(order_id)
        found = orders.one(self._views.reader, document="staff", uuid=uuid)
        stamp(resp, found.position)
        if not found.document:
            self._commanding.ledger.order(uuid)  # says so where its history cannot be read
            raise OrderNotFound
        json_answer(resp, found.document, found.position)
        resp.set_header("ETag", f'"{found.version}"')
        if none_match(req, found.version):
            resp.status = 304
            resp.data = None

    on_head = on_get

    def on_patch(self, req: Request, resp: Response, order_id: str) -> None:
        access.scope(req, "orders:write")
        self._give(req, resp, order_id, command(req, c.ChangeOrder))


class Items(_OneOrder):
    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        access.scope(req, "orders:write")
        self._give(req, resp, order_id, command(req, c.AddItem))


class Item(_OneOrder):
    def on_patch(self, req: Request, resp: Response, order_id: str, item: str) -> None:
        access.scope(req, "orders:write")
        given = command(req, c.ChangeQuantity)
        self._give(req, resp, order_id, c.ChangeItemQuantity(item=_item(item), quantity=given.quantity))

    def on_delete(self, req: Request, resp: Response, order_id: str, item: str) -> None:
        access.scope(req, "orders:write")
        self._give(req, resp, order_id, c.RemoveItem(item=_item(item)))


class Status(_OneOrder):
    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        access.scope(req, "orders:write")
        self._give(req, resp, order_id, command(req, c.ChangeStatus))


class Payments(_OneOrder):
    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        access.scope(req, "orders:write")
        given = command(req, c.ReceivePayment)
        if given.force:
            access.scope(req, "finance:write")
        self._give(req, resp, order_id, given, 201)


class Refunds(_OneOrder):
    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        access.scope(req, "orders:write")
        self._give(req, resp, order_id, command(req, c.RefundPayment), 201)


def _item(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise ItemNotFound("The order has no such item.")
    return int(text)
