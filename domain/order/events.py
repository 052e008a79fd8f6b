"""The events: facts about one order, in the past tense, and the permanent topics under which they are stored.

Each event is a frozen struct. Its stored form is plain JSON, without the fields that are null or empty. Amounts are
decimal text with all the currency's digits. Personal data (names, e-mail, address, phone, codes, notes) stand in
`personal` and in a `reason`, so that they can be sealed and erased by subject. A topic, once used, keeps its meaning
for ever: a changed shape gets a new version of the topic, and `OLDER` has the upcast from the old shape to the new one.
"""

from datetime import datetime
from typing import Final

from msgspec import field
from msgspec.structs import asdict

from domain.aggregate import Event, Upcaster, ValueObject
from domain.money import digits_in


class Thumbnail(ValueObject, frozen=True):
    id: int | None = None
    f: str | None = None
    size: int | None = None


class Image(ValueObject, frozen=True):
    id: int | None = None
    type: str | None = None
    name: str | None = None
    size: int | None = None
    human_readable_size: str | None = None
    f: str | None = None
    width: int | None = None
    height: int | None = None
    mode: str | None = None
    thumbnails: tuple[Thumbnail, ...] = ()


class Method(ValueObject, frozen=True):
    """A payment or shipping method."""

    id: int | None = None
    name: str | None = None
    image: Image | None = None


class Product(ValueObject, frozen=True):
    id: int | None = None
    name: str | None = None
    slug: str | None = None


class Country(ValueObject, frozen=True):
    id: int | None = None
    name: str | None = None
    code: str | None = None


class State(ValueObject, frozen=True):
    id: int | None = None
    name: str | None = None
    code: str | None = None


class City(ValueObject, frozen=True):
    id: int | None = None
    name: str | None = None


class Billing(ValueObject, frozen=True):
    country: Country | None = None
    state: State | None = None
    city: City | None = None
    address: str | None = None
    postal_code: str | None = None
    national_code: str | None = None
    mobile_number: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class Recipient(Billing, frozen=True):
    """The recipient and address of a delivery, in the fields that `Billing` has for a bill."""


class CustomerDetails(ValueObject, frozen=True):
    username: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None


class OrderPersonal(ValueObject, frozen=True):
    customer: CustomerDetails = CustomerDetails()
    billing: Billing = Billing()
    notes: str | None = None


class CustomerPersonal(ValueObject, frozen=True):
    customer: CustomerDetails


class BillingPersonal(ValueObject, frozen=True):
    billing: Billing


class RecipientPersonal(ValueObject, frozen=True):
    shipping: Recipient


class NotesPersonal(ValueObject, frozen=True):
    notes: str | None = None


class MetadataPersonal(ValueObject, frozen=True):
    """The whole metadata of each object that changed: the order's, unless null, and items' by their numbers."""

    metadata: dict[str, str] | None = None
    items: dict[int, dict[str, str]] = field(default_factory=dict)


class OrderCreated(Event, frozen=True, kw_only=True):
    """`digits` is the number of digits after the point in every amount of the order, as the currency had them at
    creation.

    A guest has no `customer_id`, and may have left contact details in `personal.customer`.
    """

    id: int
    key: str
    currency: str
    digits: int
    shipping_cost: str
    customer_id: int | None = None
    payment_method: Method | None = None
    shipping_method: Method | None = None
    personal: OrderPersonal = OrderPersonal()


class OrderCreatedV1(Event, frozen=True, kw_only=True):
    """The first version of OrderCreated, without `digits`. The digits are still in it: its shipping cost, like every
    amount, was written with all the digits that ISO 4217 gave the currency at the time."""

    id: int
    key: str
    currency: str
    shipping_cost: str
    customer_id: int | None = None
    payment_method: Method | None = None
    shipping_method: Method | None = None
    personal: OrderPersonal = OrderPersonal()

    def upcast(self) -> OrderCreated:
        return OrderCreated(digits=digits_in(self.shipping_cost), **asdict(self))


class ItemAdded(Event, frozen=True, kw_only=True):
    item: int
    unit_price: str
    quantity: int
    shipping: str
    discount_amount: str
    product: Product | None = None
    variant: int | None = None
    offer: int | None = None


class ItemQuantityChanged(Event, frozen=True, kw_only=True):
    item: int
    quantity: int


class ItemChanged(Event, frozen=True, kw_only=True):
    """All amounts of an item and its quantity, after a change of more than its quantity."""

    item: int
    unit_price: str
    quantity: int
    shipping: str
    discount_amount: str


class ItemRemoved(Event, frozen=True, kw_only=True):
    item: int


class VoucherApplied(Event, frozen=True, kw_only=True):
    discount_amount: str
    code: str | None = None


class VoucherRemoved(Event, frozen=True, kw_only=True):
    pass


class Charge(ValueObject, frozen=True):
    """A charge beside the goods and their shipping: a tax, a tip. An included charge is already part of the prices.

    `item` is the number of the item that the charge is for; null for a charge on the whole order.
    """

    kind: str
    amount: str
    name: str | None = None
    rate: str | None = None
    included: bool = False
    item: int | None = None


class ChargesChanged(Event, frozen=True, kw_only=True):
    """All of the order's charges, after the change."""

    charges: tuple[Charge, ...] = ()


class CustomerChanged(Event, frozen=True, kw_only=True):
    """A guest's order was given to a customer. `personal.customer` has all details of the customer known then."""

    customer_id: int
    personal: CustomerPersonal


class ExternalIdsChanged(Event, frozen=True, kw_only=True):
    """The ids that other systems have for the order, by the systems' names.

    Ids in `given` were no order's before; no other order can ever have them. Ids in `given_again` were this order's
    once. `removed` names the systems whose id is removed without a new one.
    """

    given: dict[str, str] = field(default_factory=dict)
    given_again: dict[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()


class MetadataChanged(Event, frozen=True, kw_only=True):
    personal: MetadataPersonal


class BillingChanged(Event, frozen=True, kw_only=True):
    """`personal.billing` is the whole billing, after the change."""

    personal: BillingPersonal


class RecipientChanged(Event, frozen=True, kw_only=True):
    """`personal.shipping` is the whole recipient and address, after the change."""

    personal: RecipientPersonal


class NotesChanged(Event, frozen=True, kw_only=True):
    personal: NotesPersonal


class PaymentMethodChanged(Event, frozen=True, kw_only=True):
    payment_method: Method | None = None


class ShippingChanged(Event, frozen=True, kw_only=True):
    """Both the shipping method and the order's own shipping cost, after the change."""

    shipping_cost: str
    shipping_method: Method | None = None


class StatusChanged(Event, frozen=True, kw_only=True):
    status: str
    reason: str | None = None


class Moved(Event, frozen=True, kw_only=True):
    """Money that came or went, or that was pulled back or given back; with the provider and the provider's
    reference."""

    amount: str
    provider: str
    reference: str


class PaymentReceived(Moved, frozen=True, kw_only=True):
    """`number` counts the payments recorded under the reference: all but the last of them are void."""

    received_at: datetime
    method: str | None = None
    forced: bool = False
    number: int = 1


class PaymentReceivedV1(Moved, frozen=True, kw_only=True):
    """The first version of PaymentReceived, from when a reference had one payment only."""

    received_at: datetime
    method: str | None = None
    forced: bool = False


class RefundedLine(ValueObject, frozen=True):
    """A line of a refund: the amount for an item, for a charge by its place, or for the shipping."""

    item: int | None = None
    charge: int | None = None
    amount: str | None = None
    # The units of the item that came back, and whether they can be sold again.
    quantity: int | None = None
    restock: bool = False
    shipping: str | None = None


class PaymentRefunded(Moved, frozen=True, kw_only=True):
    """`lines` divide the refund's amount by items, charges and shipping, where the client gave them."""

    refunded_at: datetime
    payment_reference: str | None = None
    reason: str | None = None
    # The customer is to pay the amount again, by other means.
    owed_again: bool = False
    lines: tuple[RefundedLine, ...] = ()


class PaymentRefundedV1(Moved, frozen=True, kw_only=True):
    """The first version of PaymentRefunded, without `lines`."""

    refunded_at: datetime
    payment_reference: str | None = None
    reason: str | None = None
    owed_again: bool = False


class PaymentFailed(Moved, frozen=True, kw_only=True):
    """Money of a payment that the provider pulled back because it was never good: the customer owes it as before."""

    failed_at: datetime
    payment_reference: str | None = None
    reason: str | None = None
    forced: bool = False


class RefundFailed(Moved, frozen=True, kw_only=True):
    """Money of a refund that did not reach the customer, and is back."""

    failed_at: datetime
    refund_reference: str | None = None
    reason: str | None = None
    forced: bool = False


class PaymentChargedBack(Moved, frozen=True, kw_only=True):
    """Money that the customer's bank has taken back for the customer."""

    charged_back_at: datetime
    payment_reference: str | None = None
    reason: str | None = None
    # As in PaymentRefunded.
    owed_again: bool = False
    forced: bool = False


class ChargebackReversed(Moved, frozen=True, kw_only=True):
    """Money of a chargeback that was given back, since the dispute was won."""

    reversed_at: datetime
    chargeback_reference: str | None = None
    reason: str | None = None
    forced: bool = False


class PaymentVoided(Moved, frozen=True, kw_only=True):
    """A payment that was recorded by mistake: no money came. Amount, reference and number are the payment's."""

    reason: str
    number: int = 1


class PersonalErased(Event, frozen=True, kw_only=True):
    """`erased` are the parts of the order's personal data that the erasure `erasure` erased. `restricted` are the parts
    that are shown no longer, but kept until `until`.

    `basis` and `reference` give the reason, in no free text. `keys` are destroyed data keys: each stands in one event
    of the erasure.
    """

    erasure: str
    basis: str
    erased: tuple[str, ...]
    restricted: tuple[str, ...] = ()
    until: datetime | None = None
    reference: str | None = None
    keys: tuple[str, ...] = ()


TOPICS: Final[dict[str, type[Event]]] = {
    "order.created.v2": OrderCreated,
    "order.item_added.v1": ItemAdded,
    "order.item_quantity_changed.v1": ItemQuantityChanged,
    "order.item_changed.v1": ItemChanged,
    "order.item_removed.v1": ItemRemoved,
    "order.voucher_applied.v1": VoucherApplied,
    "order.voucher_removed.v1": VoucherRemoved,
    "order.charges_changed.v1": ChargesChanged,
    "order.customer_changed.v1": CustomerChanged,
    "order.external_ids_changed.v1": ExternalIdsChanged,
    "order.metadata_changed.v1": MetadataChanged,
    "order.billing_changed.v1": BillingChanged,
    "order.recipient_changed.v1": RecipientChanged,
    "order.notes_changed.v1": NotesChanged,
    "order.payment_method_changed.v1": PaymentMethodChanged,
    "order.shipping_changed.v1": ShippingChanged,
    "order.status_changed.v1": StatusChanged,
    "order.payment_received.v2": PaymentReceived,
    "order.payment_refunded.v2": PaymentRefunded,
    "order.payment_failed.v1": PaymentFailed,
    "order.refund_failed.v1": RefundFailed,
    "order.payment_charged_back.v1": PaymentChargedBack,
    "order.chargeback_reversed.v1": ChargebackReversed,
    "order.payment_voided.v1": PaymentVoided,
    "order.personal_erased.v1": PersonalErased,
}
OLDER: Final = {
    "order.created.v1": Upcaster(OrderCreatedV1, OrderCreated, OrderCreatedV1.upcast),
    "order.payment_received.v1": Upcaster(PaymentReceivedV1, PaymentReceived),
    "order.payment_refunded.v1": Upcaster(PaymentRefundedV1, PaymentRefunded),
}
