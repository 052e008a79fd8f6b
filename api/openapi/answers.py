"""The shapes of answers. They describe the service's JSON and are never instantiated.

A field that may be absent is `UnsetType`. Tests compare real answers with these shapes, field by field.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from domain.log.keys import AccessKey
from domain.order.commands import ChargeKind
from domain.order.statuses import Status
from domain.reconciliation import report
from projections.customers import list as customers
from projections.privacy import ErasureShown


class Number:
    """An exact amount as a JSON number, with the currency's digits where it is not integral."""


Time = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$", description="An exact amount, as text.")]
Token = Annotated[str, Meta(pattern="^orders:[0-9]+$", description="A position of the log; opaque to clients.")]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Month = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}$")]
PersonalPart = Literal["contact", "invoice"]
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
    """A customer. A guest, whom staff alone see, has no id but a contact."""

    id: int | None
    username: str | None
    full_name: str
    email: str | None | UnsetType = UNSET
    first_name: str | None | UnsetType = UNSET
    last_name: str | None | UnsetType = UNSET
    phone: str | None | UnsetType = UNSET


class ShopOrder(msgspec.Struct):
    """An order of the shop contract; amounts are exact JSON numbers."""

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
    """A part of a refund: its amount, for an item, for a charge (by its place), or for the shipping."""

    amount: Text | UnsetType = UNSET
    item: int | UnsetType = UNSET
    quantity: int | None | UnsetType = UNSET
    restock: bool | UnsetType = UNSET
    charge: int | UnsetType = UNSET
    shipping: Text | UnsetType = UNSET


class Movement(msgspec.Struct):
    """A movement of money: a payment, a refund, or the reversal of one. Each kind has some of these fields."""

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


class ErasedParts(msgspec.Struct):
    """The personal parts that were erased, and the parts that are kept but not shown."""

    erased: list[PersonalPart]
    restricted: list[PersonalPart]


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
    personal: ErasedParts | UnsetType = UNSET


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
    """The events that a command would record, and the order after them."""

    dry_run: bool
    events: list[TriedEvent]
    order: OrderDocument | UnsetType = UNSET  # type: ignore[valid-type]


class BatchResult(msgspec.Struct):
    """The outcome of one line of a batch; the answer is JSON Lines. `status` is the HTTP status of the line alone; the
    position is null where nothing is recorded."""

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
    """An order of the storefront contract; amounts are text."""

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


class _Page(msgspec.Struct):
    count: int
    next: str | None
    previous: str | None


class ShopOrders(_Page):
    results: list[ShopOrder]


class StorefrontOrders(_Page):
    results: list[StorefrontOrder]


class OrderDocuments(msgspec.Struct):
    """A page of all customers' orders; behind a position it has no count."""

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


class Customers(_Page):
    results: list[CustomerRow]


class OneCustomer(customers.Customer, frozen=True):
    currencies: list[CustomerSums]


class AuditEvent(msgspec.Struct, kw_only=True):
    """A record of the log. `data` has the event as it is stored, `summary` the event in words."""

    log: str
    position: int
    order: UUID | None
    order_id: int | None
    reconciliation: str | UnsetType = UNSET
    period: str | UnsetType = UNSET
    access_key: str | UnsetType = UNSET
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
    digest: Sha256


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
    """The sums of one group of payments and refunds, with the fields that it is grouped by."""

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


class ReconciliationHead(msgspec.Struct, kw_only=True):
    """A reconciliation in a list; `open` counts the results that a person has to decide on."""

    id: UUID
    version: int
    status: Literal["open", "closed", "withdrawn"]
    open: int
    provider: str
    file: str
    file_sha256: Sha256
    rules_sha256: Sha256
    rules_version: str
    report_sha256: Sha256
    position: int
    until: Time | None
    outcomes: Annotated[dict[str, int], Meta(description="How many results there are of each outcome.")]
    started_at: Time
    updated_at: Time
    withdrawn: Annotated[str | None, Meta(description="Why it was withdrawn.")]
    erased: Annotated[list[str], Meta(description="What of it was erased: its file, people's reasons.")]


class Reconciliations(msgspec.Struct):
    reconciliations: list[ReconciliationHead]
    next: Token | None


class ReconciliationDecision(msgspec.Struct):
    """A person's decision about a result."""

    kind: Literal["confirmed", "broken", "explained", "matched"]
    reason: str | None
    actor: str
    decided_at: Time


class ReconciliationResult(report.Result, frozen=True, kw_only=True):
    """A result: lines of the file and entries of the journal that belong together, its outcome, and the decision."""

    is_open: bool
    decision: ReconciliationDecision | None


class SinceLastRun(msgspec.Struct):
    """The results that the last run has not any more, and those that it has newly."""

    gone: list[report.Result]
    appeared: list[report.Result]


class Reconciliation(ReconciliationHead, kw_only=True):
    """A reconciliation with a page of its results; after a decision with the results decided on. Where its file was
    erased it has none."""

    lines: int | None
    entries: int | None
    tie_out: list[report.TieOut] | None
    since_last_run: SinceLastRun | None
    results: list[ReconciliationResult]
    next: str | None


class ReconciliationRunning(msgspec.Struct):
    """The progress of a settlement file that is being taken in."""

    id: UUID
    status: Literal["running"]
    provider: str
    file: str
    stage: Literal["received", "reading", "matching"]
    lines: int


class Period(msgspec.Struct, kw_only=True):
    """A closed month of a provider."""

    period: Month
    closed_at: Time
    provider: str
    timezone: str
    since: Time
    until: Time
    position: int
    checkpoint: str
    report_sha256: Sha256
    csv_sha256: Sha256
    movements: int
    late: int


class Periods(msgspec.Struct):
    periods: list[Period]


class PeriodSum(msgspec.Struct):
    currency: str
    count: int
    received: Text
    refunded: Text
    net: Text


class PeriodMovement(Payment, kw_only=True):
    """A movement in a month's report; a late one belongs to an earlier month, which was closed already."""

    period: Month
    late: bool


class PeriodReport(msgspec.Struct, kw_only=True, rename={"from_": "from"}):
    period: Month
    provider: str
    timezone: str
    from_: Time
    to: Time
    status: Literal["open", "closed"]
    closed_at: Time | None
    position: int
    checkpoint: str | None
    count: int
    late: int
    totals: list[PeriodSum]
    movements: list[PeriodMovement]


class Erasures(msgspec.Struct):
    erasures: list[ErasureShown]


class Erasure(msgspec.Struct):
    """An erasure. Where nothing was left to erase, nothing is recorded, and the id is that of the last erasure. A trial
    has no id; it names the orders and counts the keys that would be destroyed."""

    id: str | None
    subject: str
    basis: str
    reference: str | None
    erased: list[PersonalPart]
    orders: list[UUID]
    keys_destroyed: int
    recorded: bool
    dry_run: bool | UnsetType = UNSET


class PersonalKept(msgspec.Struct):
    """A personal part of an order: whether it is kept, and until when."""

    order: int
    uuid: UUID
    part: PersonalPart
    state: Literal["kept", "restricted", "erased"]
    until: Time | None
    in_work: bool
    held: bool


class Privacy(msgspec.Struct):
    """A customer's personal data; `sealed` tells whether they have keys that can be destroyed."""

    id: int
    subject: str
    orders: int
    sealed: bool
    kept: list[PersonalKept]
    erasures: list[ErasureShown]


class Key(AccessKey, frozen=True, kw_only=True):
    """An access key; its secret is shown only when it is new."""

    last_used_at: str | None
    key: str | UnsetType = UNSET


class AccessKeys(_Page):
    results: list[Key]


class Webhook(msgspec.Struct, kw_only=True):
    """A webhook. `behind` counts the events that it is behind the log, `waiting` the deliveries to be tried again. Its
    secret is shown only when it is new."""

    id: str
    url: str
    event_types: list[str]
    status: Literal["enabled", "disabled"]
    disabled_at: Time | None
    disabled_because: str | None
    position: Token
    behind: int
    waiting: int
    public_key: str
    created_at: Time
    created_by: str
    secret: str | UnsetType = UNSET


class Webhooks(msgspec.Struct):
    webhooks: list[Webhook]


class Delivery(msgspec.Struct):
    """The delivery of an event to a webhook, with the answer to its last attempt."""

    id: str
    position: Token
    order: str
    type: str
    status: Literal["delivered", "waiting"]
    attempts: int
    attempted_at: Time | None
    next_at: Time | None
    answer_status: int | None
    answer: str | None
    error: str | None
    milliseconds: int | None


class Deliveries(msgspec.Struct):
    deliveries: list[Delivery]
    next: Token | None


# The answers whose objects are their rows, and where these stand.
ROWS: Final[Mapping[Any, tuple[str, ...]]] = {
    OrderDocuments: ("results",),
    Customers: ("results",),
    AccessKeys: ("results",),
    AuditEvents: ("events",),
    Changes: ("changes",),
    Payments: ("payments",),
    Sums: ("rows", "totals"),
    Reconciliations: ("reconciliations",),
    Periods: ("periods",),
    Erasures: ("erasures",),
    Webhooks: ("webhooks",),
    Deliveries: ("deliveries",),
}


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
