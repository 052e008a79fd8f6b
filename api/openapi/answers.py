"""The shapes of answers. They describe what the service writes and are never made: documents are JSON at once.

A field that can be left out is `UnsetType`; tests hold real answers against these shapes, field by field.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from domain.order.commands import ChargeKind
from domain.order.statuses import Status


class Number:
    """An exact amount as a JSON number, with the currency's digits where it is not integral."""


Time = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$", description="An exact amount, as text.")]
Token = Annotated[str, Meta(pattern="^orders:[0-9]+$", description="A position of the log; opaque to clients.")]
StorefrontStatus = Literal["awaiting_payment", "paid", "delivered", "cancelled"]


class Place(msgspec.Struct):
    """A country or state."""

    id: int | None
    name: str | None
    code: str | None


class City(msgspec.Struct):
    id: int | None
    name: str | None


class Thumbnail(msgspec.Struct):
    id: int | None
    f: str | None
    size: int | None


class Image(msgspec.Struct):
    id: int | None
    type: str | None
    name: str | None
    size: int | None
    human_readable_size: str | None
    f: str | None
    width: int | None
    height: int | None
    mode: str | None
    thumbnails: list[Thumbnail]


class Method(msgspec.Struct):
    """A payment or shipping method."""

    id: int | None
    name: str | None
    image: Image | None


class Customer(msgspec.Struct):
    """A customer; a guest, whom staff alone see, has no id but the fields by which they are reached."""

    id: int | None
    username: str | None
    full_name: str
    email: str | None | UnsetType = UNSET
    first_name: str | None | UnsetType = UNSET
    last_name: str | None | UnsetType = UNSET
    phone: str | None | UnsetType = UNSET


class ShopOrder(msgspec.Struct):
    """An order as the shop contract has it; amounts are exact JSON numbers."""

    id: int
    key: str
    status: Status
    customer: Customer | None
    payment_method: Method | None
    shipping_method: Method | None
    shipping_cost: Number
    notes: str | None
    created_at: Time
    updated_at: Time
    billing_country: Place | None
    billing_state: Place | None
    billing_city: City | None
    billing_address: str | None
    billing_postal_code: str | None
    billing_national_code: str | None
    billing_mobile_number: str | None
    billing_first_name: str | None
    billing_last_name: str | None
    count: Annotated[int, Meta(description="Distinct products.")]
    quantity: Annotated[int, Meta(description="Units.")]
    items_subtotal: Number
    items_discount: Number
    subtotal: Number
    total_discount: Number
    total: Number
    amount_paid: Number
    amount_outstanding: Number
    is_paid: bool
    is_payable: bool
    charges_total: Number | UnsetType = UNSET


class Product(msgspec.Struct):
    id: int | None
    name: str | None
    slug: str | None


class Item(msgspec.Struct):
    id: Annotated[int, Meta(description="The line's number in its order.")]
    product: Product | None
    variant: int | None
    unit_price: Text
    quantity: int
    shipping: Text
    discount_amount: Text
    total_price: Text
    offer: int | None


class StaffItem(Item, kw_only=True):
    metadata: dict[str, str] | UnsetType = UNSET


class Charge(msgspec.Struct):
    kind: ChargeKind
    name: str | None
    rate: str | None
    amount: Text
    included: bool
    item: int | None


class Voucher(msgspec.Struct):
    code: str | None
    discount_amount: Text


class RefundedLine(msgspec.Struct):
    """What a part of a refund was for: so much of an item, of a charge by its place, or of the shipping."""

    amount: Text | UnsetType = UNSET
    item: int | UnsetType = UNSET
    quantity: int | None | UnsetType = UNSET
    restock: bool | UnsetType = UNSET
    charge: int | UnsetType = UNSET
    shipping: Text | UnsetType = UNSET


class Movement(msgspec.Struct):
    """A movement of money: a payment, a refund, or one of them taken back. Each kind has its own of these fields."""

    kind: Literal["payment", "refund", "payment_failure", "refund_failure", "chargeback", "chargeback_reversal", "void"]
    amount: Text
    provider: str
    reference: str
    method: str | None | UnsetType = UNSET
    payment_reference: str | None | UnsetType = UNSET
    refund_reference: str | None | UnsetType = UNSET
    chargeback_reference: str | None | UnsetType = UNSET
    reason: str | None | UnsetType = UNSET
    received_at: Time | UnsetType = UNSET
    refunded_at: Time | UnsetType = UNSET
    failed_at: Time | UnsetType = UNSET
    charged_back_at: Time | UnsetType = UNSET
    reversed_at: Time | UnsetType = UNSET
    voided_at: Time | UnsetType = UNSET
    owed_again: bool | UnsetType = UNSET
    lines: list[RefundedLine] | UnsetType = UNSET
    forced: bool | UnsetType = UNSET


class _Staff(msgspec.Struct):
    uuid: UUID
    version: int
    currency: str
    items: list[StaffItem]
    voucher: Voucher | None
    payments: list[Movement]
    storefront_status: StorefrontStatus
    charges: list[Charge]
    shipping_country: Place | None
    shipping_state: Place | None
    shipping_city: City | None
    shipping_address: str | None
    shipping_postal_code: str | None
    shipping_national_code: str | None
    shipping_mobile_number: str | None
    shipping_first_name: str | None
    shipping_last_name: str | None
    metadata: dict[str, str]
    external_ids: dict[str, str]


OrderDocument = msgspec.defstruct(
    "OrderDocument",
    [
        (of.name, of.type, of.default) if of.default is UNSET else (of.name, of.type)
        for struct in (ShopOrder, _Staff)
        for of in msgspec.structs.fields(struct)
    ],
    namespace={"__doc__": "An order as staff and auditors see it: the shop's object, and more behind it."},
    kw_only=True,
)


class TriedEvent(msgspec.Struct):
    type: str
    data: dict[str, Any]


class Trial(msgspec.Struct):
    """What a command would record, and the order as it would leave it."""

    dry_run: bool
    events: list[TriedEvent]
    order: OrderDocument | UnsetType = UNSET  # type: ignore[valid-type]


class BatchResult(msgspec.Struct):
    """What a line of a batch came to; lines stand one under the other. `status` is what the line alone would have been
    answered with; a position is null where nothing is recorded."""

    line: int
    status: int
    outcome: Literal["created", "there", "refused"]
    id: int | UnsetType = UNSET
    uuid: UUID | UnsetType = UNSET
    key: str | UnsetType = UNSET
    version: int | UnsetType = UNSET
    position: Token | None | UnsetType = UNSET
    problem: "Problem | UnsetType" = UNSET
    dry_run: bool | UnsetType = UNSET
    events: list[TriedEvent] | UnsetType = UNSET
    order: OrderDocument | UnsetType = UNSET  # type: ignore[valid-type]


class StorefrontCustomer(msgspec.Struct):
    email: str | None
    first_name: str | None
    last_name: str | None


class BillingAddress(msgspec.Struct):
    street_address: str | None
    postal_code: int | str | None
    city: str | None
    state: str | None
    country: str | None


class StorefrontOrder(msgspec.Struct):
    """An order as the storefront contract has it; amounts are text."""

    id: UUID
    url: str
    customer: StorefrontCustomer | None
    created: Time
    updated: Time
    billing_address: BillingAddress | None
    items: list[Item]
    items_count: int
    savings_on_items: Text
    status: StorefrontStatus
    subtotal: Text
    amount_saved: Text
    shipping: Text
    total_amount: Text
    charges_total: Text | UnsetType = UNSET


class ShopOrders(msgspec.Struct):
    count: int
    next: str | None
    previous: str | None
    results: list[ShopOrder]


class StorefrontOrders(msgspec.Struct):
    count: int
    next: str | None
    previous: str | None
    results: list[StorefrontOrder]


class OrderDocuments(msgspec.Struct):
    """A page of all customers' orders; without a count where they are read on from a position."""

    next: str | None
    previous: str | None
    results: list[OrderDocument]  # type: ignore[valid-type]
    count: int | UnsetType = UNSET


class CustomerSums(msgspec.Struct):
    currency: str
    orders: int
    first_order_at: Time | None
    last_order_at: Time | None
    ordered: Text
    received: Text
    refunded: Text
    outstanding: Text


class CustomerRow(CustomerSums, kw_only=True):
    """A customer's sums in one currency."""

    id: int
    username: str | None
    email: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None


class Customers(msgspec.Struct):
    count: int
    next: str | None
    previous: str | None
    results: list[CustomerRow]


class OneCustomer(msgspec.Struct):
    id: int
    username: str | None
    email: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None
    currencies: list[CustomerSums]


class AuditEvent(msgspec.Struct, kw_only=True):
    """A record of the log. What happened stands in `data`, as it is stored, and in words in `summary`."""

    log: str
    position: int
    order: UUID | None
    order_id: int | None
    reconciliation: str | UnsetType = UNSET
    period: str | UnsetType = UNSET
    version: int
    type: str
    topic: str
    occurred_at: Time
    recorded_at: Time
    actor: str
    request_id: str | None
    idempotency_key: str | None
    summary: str
    data: dict[str, Any]
    personal: dict[str, Any] | UnsetType = UNSET
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class AuditEvents(msgspec.Struct):
    events: list[AuditEvent]
    next: Token | None


class Change(msgspec.Struct, kw_only=True, rename={"from_": "from"}):
    field: str
    from_: Any
    to: Any
    version: int
    position: int
    type: str
    summary: str
    actor: str
    request_id: str | None
    occurred_at: Time
    recorded_at: Time


class Changes(msgspec.Struct, kw_only=True, rename={"from_": "from"}):
    order: UUID
    order_id: int
    from_: int
    to: int
    changes: list[Change]
    next: int | UnsetType = UNSET


class SignedHead(msgspec.Struct):
    origin: str
    size: int
    root: str
    public_key: str
    checkpoint: str


class Payment(msgspec.Struct):
    """A line of the payment journal."""

    position: int
    kind: str
    order_id: int
    key: str
    provider: str
    method: str | None
    reference: str
    payment_reference: str | None
    amount: Text
    currency: str
    received_at: Time
    recorded_at: Time
    forced: bool
    late: bool


class Payments(msgspec.Struct):
    payments: list[Payment]
    next: Token | None


class Sum(msgspec.Struct, kw_only=True):
    """What payments and refunds of one group come to; it has the fields that it is grouped by."""

    day: str | UnsetType = UNSET
    week: str | UnsetType = UNSET
    month: str | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    provider: str | UnsetType = UNSET
    method: str | None | UnsetType = UNSET
    currency: str
    count: int
    received: Text
    refunded: Text
    net: Text


class Sums(msgspec.Struct):
    rows: list[Sum]
    totals: list[Sum]


class Reconciliations(msgspec.Struct):
    reconciliations: list[dict[str, Any]]
    next: Token | None


class Periods(msgspec.Struct):
    periods: list[dict[str, Any]]


class Erasures(msgspec.Struct):
    erasures: list[dict[str, Any]]


Object = dict[str, Any]


class FieldFault(msgspec.Struct):
    field: str
    message: str


class Problem(msgspec.Struct, kw_only=True):
    """An error (RFC 9457). `code` is stable; `errors` names every field or parameter at fault."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldFault] | UnsetType = UNSET


class Health(msgspec.Struct):
    status: Literal["ok"]


class Readiness(msgspec.Struct):
    ready: bool
    log: str | None
    views: str | None
    lag: int | None
    stopped_orders: int | None
    problems: list[str]
