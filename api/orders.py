"""The staff's orders: every command, and reads across all customers."""

from collections.abc import Callable, Set
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from falcon.asgi import Request, Response
from msgspec import UNSET

from api import access, filters, paging
from api.answers import json_answer, set_position
from api.bodies import read_command
from api.commanding import Commanding
from api.conditions import conditions, must_be_new, none_match
from api.errors import collect, invalid_parameter
from api.parameters import FIELDS, Parameters, id_in, number_in
from api.positions import position_in
from api.settings import Settings
from domain.ledger import OrderLedger
from domain.log.sqlite import sqlite3
from domain.order import commands as c
from domain.order import decide
from domain.refusals import ChargeNotFound, ItemNotFound, OrderNotFound
from projections.orders import list as orders
from projections.orders.labels import EXTERNAL_ID, METADATA
from projections.views.views import ViewsUnavailable

_C = TypeVar("_C", bound=c.Command)
_Meant = Callable[[Any], c.Command]
PATH: Final = "/api/v1/orders"
ORDER: Final = PATH + "/{order_id}"
_LIMIT_DEFAULT: Final = 10
NAMES: Final = filters.NAMES | {
    *("customer", "key", "is_paid", "is_payable"),
    *("id_in", "guest", "external_id", paging.AFTER, FIELDS),
}
_METADATA: Final = "metadata."
METADATA_FILTERS_MAX: Final = 10


class Orders:
    def __init__(self, commanding: Commanding, settings: Settings) -> None:
        self._commanding = commanding
        self._asking = commanding.asking
        self._settings = settings

    async def on_get(self, req: Request, resp: Response) -> None:
        access.require_scope(req, "orders:read")
        parameters = Parameters(req.params)
        query, of_staff, customer_id, after = collect(
            lambda: filters.parse_list_query(req.query_string, self._settings.timezone, _LIMIT_DEFAULT),
            lambda: _of_staff(parameters),
            lambda: parameters.integer("customer"),
            lambda: position_in(parameters, paging.AFTER),
        )
        of_staff["ids"] += query.wanted.ids
        wanted = msgspec.structs.replace(query.wanted, words=(), staff_words=query.wanted.words, **of_staff)
        query = msgspec.structs.replace(query, wanted=wanted)
        url = paging.base_url(req, self._settings) + PATH
        if after is not None:
            await self._must_be_known(after, parameters)
            await self._asking.await_position(after)
            await self._asking.await_position(query.min_position)
            found = await self._asking(
                lambda connection: orders.changed_since(
                    connection, wanted, after=after, customer_id=customer_id, limit=query.limit
                )
            )
            json_answer(resp, paging.envelope_after(req, url, found, limit=query.limit), found.position)
            return
        page = await filters.page(self._asking, query, "staff", customer_id)
        body = paging.envelope(req, url, page, limit=query.limit, offset=query.offset)
        json_answer(resp, body, page.position)

    on_head = on_get

    async def _must_be_known(self, after: int, parameters: Parameters) -> None:
        """Raises a 400 where the log has not reached the position, and for `ordering` and `offset`: orders behind a
        position are sorted by their last events."""
        for name in ("ordering", "offset"):
            if parameters.text(name) is not None:
                raise invalid_parameter(
                    name, f"cannot stand beside {paging.AFTER}: those orders go by their last events"
                )
        if not await self._asking.has_reached(after):
            raise invalid_parameter(paging.AFTER, "the log has not reached this position; take one that an answer gave")

    async def on_post(self, req: Request, resp: Response) -> None:
        access.require_scope(req, "orders:write")
        given = await read_command(req, c.NewOrder, self._decide)
        under = conditions(req)
        must_be_new(under)
        location = f"{paging.base_url(req, self._settings)}{PATH}"
        outcome = await self._commanding.create(given, under.provenance, is_trial=under.is_trial)
        self._commanding.answer_order(resp, outcome, 201)
        if outcome.trial_events is None:
            resp.set_header("Location", f"{location}/{outcome.order.id}")

    async def _decide(self, order: c.NewOrder) -> None:
        """Decides on the well-formed fields of a malformed new order. Raises a refusal."""
        now = self._commanding.ledger.clock()
        decide.create(order, order_id=0, key="", currency_default=self._settings.currency, now=now)


def _of_staff(parameters: Parameters) -> dict[str, Any]:
    """The filters that staff alone have, by the fields of the filter. Raises a 400."""
    of_metadata = {name for name in parameters.names() if name.startswith(_METADATA)}
    ids, is_guests, labels, is_paid, is_payable, _ = collect(
        lambda: _ids(parameters),
        lambda: parameters.boolean("guest"),
        lambda: _labels(parameters, of_metadata),
        lambda: parameters.boolean("is_paid"),
        lambda: parameters.boolean("is_payable"),
        lambda: parameters.refuse_others_than(NAMES | of_metadata),
    )
    return {
        "ids": ids,
        "is_guests": is_guests,
        "labels": labels,
        "key": parameters.text("key"),
        "is_paid": is_paid,
        "is_payable": is_payable,
    }


def _ids(parameters: Parameters) -> tuple[tuple[str, tuple[int, ...]], ...]:
    found = parameters.integers("id_in")
    return (("id", tuple(found)),) if found else ()


def _labels(parameters: Parameters, of_metadata: Set[str]) -> tuple[tuple[str, str, str], ...]:
    """The filters by metadata and by external ids. Raises a 400."""
    found = [
        (METADATA, name.removeprefix(_METADATA), text)
        for name in sorted(of_metadata)
        if (text := parameters.text(name)) is not None
    ]
    if len(found) > METADATA_FILTERS_MAX:
        raise invalid_parameter(f"{_METADATA}{found[-1][1]}", f"at most {METADATA_FILTERS_MAX} filters by metadata")
    if (given := parameters.text("external_id")) is not None:
        system, colon, external_id = given.partition(":")
        if not colon:
            raise invalid_parameter("external_id", "must be a system and its id, like shopify:6031234567890123456")
        found.append((EXTERNAL_ID, system, external_id.strip()))
    return tuple(found)


def named_order(ledger: OrderLedger, reference: str) -> UUID:
    """The UUID of the order that a path names by its integer id or its UUID. Raises OrderNotFound."""
    named = _named(reference)
    uuid: UUID = named["uuid"] if "uuid" in named else ledger.uuid_of(named["order_id"])
    return uuid


def _named(reference: str) -> dict[str, Any]:
    """The order that a path names, as arguments for the views; one that nothing has where the path names none."""
    if number_in(reference) is None:
        with suppress(ValueError):
            return {"uuid": UUID(reference)}
    return {"order_id": id_in(reference)}


def _as_it_is(given: c.Command) -> c.Command:
    return given


class _OneOrder:
    """A resource of one order, which its path names."""

    def __init__(self, commanding: Commanding) -> None:
        self._commanding = commanding
        self._asking = commanding.asking

    async def _uuid(self, reference: str) -> UUID:
        return await self._asking.ask_log(lambda: named_order(self._commanding.ledger, reference))

    async def _command(self, req: Request, reference: str, shape: type[_C], meant: _Meant = _as_it_is) -> _C:
        """The request's body. Its faults are named together with the refusals of its other fields, by the command that
        `meant` makes of them, for the order as it is."""
        return await read_command(req, shape, partial(self._decide, reference, meant))

    async def _decide(self, reference: str, meant: _Meant, given: c.Command) -> None:
        uuid, ledger = await self._uuid(reference), self._commanding.ledger
        order = await self._commanding.asking.in_thread(lambda: ledger.order(uuid))
        decide.decide(order, meant(given), ledger.clock())

    async def _uuid_in_views(self, order_id: int) -> UUID | None:
        """The UUID of an order by the views, which are nearer than the log; None where they do not have it."""
        try:
            uuid = await self._asking(lambda connection: orders.uuid_of(connection, order_id))
        except (ViewsUnavailable, sqlite3.Error):
            return None
        return None if uuid is None else UUID(uuid)

    async def _give(self, req: Request, resp: Response, reference: str, given: c.Command, status: int = 200) -> None:
        order_id = number_in(reference)
        near = None if order_id is None else await self._uuid_in_views(order_id)
        uuid, under = near or await self._uuid(reference), conditions(req)
        give = partial(
            self._commanding.give,
            command=given,
            provenance=under.provenance,
            expected_versions=under.expected_versions,
            is_trial=under.is_trial,
        )
        try:
            outcome = await give(uuid, order_id=order_id)
        except OrderNotFound:
            if near is None or (uuid := await self._uuid(reference)) == near:
                raise
            outcome = await give(uuid)  # the views had what the log has not
        self._commanding.answer_order(resp, outcome, status)


class Order(_OneOrder):
    async def on_get(self, req: Request, resp: Response, order_id: str) -> None:
        access.require_scope(req, "orders:read")
        await self._asking.query_values(Parameters(req.params), {FIELDS})
        of_order = _named(order_id)
        found = await self._asking(lambda connection: orders.one(connection, document="staff", **of_order))
        set_position(resp, found.position)
        if not found.document:
            # Raises where the order is there and its history cannot be read.
            ledger = self._commanding.ledger
            await self._asking.in_thread(lambda: ledger.order(named_order(ledger, order_id)))
            raise OrderNotFound
        json_answer(resp, found.document, found.position)
        resp.set_header("ETag", f'"{found.version}"')
        if none_match(req, found.version):
            resp.status = 304
            resp.data = None

    on_head = on_get

    async def on_patch(self, req: Request, resp: Response, order_id: str) -> None:
        access.require_scope(req, "orders:write")
        await self._give(req, resp, order_id, await self._command(req, order_id, c.ChangeOrder))


class OrderCommand(_OneOrder):
    """Takes one kind of command. To void a payment needs the scope `finance:write`."""

    def __init__(self, commanding: Commanding, shape: type[c.Command]) -> None:
        super().__init__(commanding)
        self._shape = shape
        self._scope = "finance:write" if shape is c.VoidPayment else "orders:write"
        self._status = 201 if issubclass(shape, c.Move) else 200

    async def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        access.require_scope(req, self._scope)
        given = await self._command(req, order_id, self._shape)
        if getattr(given, "force", False):
            access.require_scope(req, "finance:write")
        await self._give(req, resp, order_id, given, self._status)


class Item(_OneOrder):
    async def on_patch(self, req: Request, resp: Response, order_id: str, item: str) -> None:
        access.require_scope(req, "orders:write")
        changed = await self._command(req, order_id, c.ChangedItem, partial(_change_of_item, item))
        given: c.Command = _change_of_item(item, changed)
        if changed.quantity is not UNSET and changed == c.ChangedItem(quantity=changed.quantity):
            given = c.ChangeItemQuantity(item=_item(item), quantity=changed.quantity)
        await self._give(req, resp, order_id, given)

    async def on_delete(self, req: Request, resp: Response, order_id: str, item: str) -> None:
        access.require_scope(req, "orders:write")
        await self._give(req, resp, order_id, c.RemoveItem(item=_item(item)))


class Charges(OrderCommand):
    async def on_put(self, req: Request, resp: Response, order_id: str) -> None:
        access.require_scope(req, "orders:write")
        given = await self._command(req, order_id, c.SetCharges, _all_charges)
        await self._give(req, resp, order_id, _all_charges(given))


class Charge(_OneOrder):
    """One charge of an order; the path's `charge` is its place among the order's charges, from 0 on."""

    async def on_patch(self, req: Request, resp: Response, order_id: str, charge: str) -> None:
        access.require_scope(req, "orders:write")
        meant = partial(_change_of_charge, charge)
        await self._give(req, resp, order_id, meant(await self._command(req, order_id, c.ChangedCharge, meant)))

    async def on_delete(self, req: Request, resp: Response, order_id: str, charge: str) -> None:
        access.require_scope(req, "orders:write")
        await self._give(req, resp, order_id, c.RemoveCharge(charge=_charge(charge)))


# What is posted below an order, by the last segments of their paths: the movements of its money, and the rest.
MOVEMENTS: Final[dict[str, type[c.Move]]] = {
    "payments": c.ReceivePayment,
    "refunds": c.RefundPayment,
    "payment-failures": c.FailPayment,
    "refund-failures": c.FailRefund,
    "chargebacks": c.ChargeBack,
    "chargeback-reversals": c.ReverseChargeback,
    "voids": c.VoidPayment,
}
ORDER_COMMANDS: Final[dict[str, type[c.Command]]] = {
    "items": c.AddItem,
    "customer": c.GiveToCustomer,
    "status": c.ChangeStatus,
    **MOVEMENTS,
}


def _item(text: str) -> int:
    if (number := number_in(text)) is None:
        raise ItemNotFound("The order has no such item.")
    return number


def _change_of_item(item: str, changed: c.ChangedItem) -> c.ChangeItem:
    return c.ChangeItem(item=_item(item), changed=changed)


def _change_of_charge(charge: str, changed: c.ChangedCharge) -> c.ChangeCharge:
    return c.ChangeCharge(charge=_charge(charge), changed=changed)


def _all_charges(given: c.SetCharges) -> c.ChangeOrder:
    return c.ChangeOrder(charges=given.charges)


def _charge(text: str) -> int:
    if (number := number_in(text)) is None:
        raise ChargeNotFound("The order has no such charge; they are counted from 0.")
    return number
