"""The commands that clients give to an order, in the shapes of the contract's section 'Commands'.

`strict_json` bounds the sizes and characters of plain values; the shapes here bound what is special to a field, and how
many there may be of what comes in lists: so that a command that could never be taken costs next to nothing.
"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from domain.money import ZERO, Amount
from domain.order.events import City, Country, Method, Product, State
from domain.order.statuses import Status
from domain.strict_json import Moment

ITEMS_MAX = 1_000
CHARGES_MAX = 100
NAME_LENGTH_MAX = 200
HISTORY_MAX = 1_000
QUANTITY_MAX = 1_000_000
ORDER_ID_MAX = 10**12
Quantity: TypeAlias = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
ChargeKind: TypeAlias = Literal["tax", "tip", "duty", "fee", "gift_wrap"]
Reference: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A client's request to change an order; unknown fields are refused.

    A field that a command did not have from the first is unset where it is not given: an idempotency key is bound to
    the fields of its command, and those of a request that was sent before there was the field must be the same.
    """


class NewCustomer(Command, frozen=True, kw_only=True):
    id: int
    username: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class NewVoucher(Command, frozen=True, kw_only=True):
    code: str | None = None
    discount_amount: Amount = ZERO


class NewCharge(Command, frozen=True, kw_only=True):
    kind: ChargeKind
    amount: Amount
    name: Annotated[str, Meta(max_length=NAME_LENGTH_MAX)] | None = None
    rate: Amount | None = None
    included: bool = False
    item: int | None = None


Charges: TypeAlias = Annotated[tuple[NewCharge, ...], Meta(max_length=CHARGES_MAX)]


class AddItem(Command, frozen=True, kw_only=True):
    product: Product | None = None
    variant: int | None = None
    unit_price: Amount = ZERO
    quantity: Quantity = 1
    shipping: Amount = ZERO
    discount_amount: Amount = ZERO
    offer: int | None = None


class CreateOrder(Command, frozen=True, kw_only=True):
    currency: str | None = None
    customer: NewCustomer | None = None
    payment_method: Method | None = None
    shipping_method: Method | None = None
    shipping_cost: Amount = ZERO
    notes: str | None = None
    billing_country: Country | None = None
    billing_state: State | None = None
    billing_city: City | None = None
    billing_address: str | None = None
    billing_postal_code: str | None = None
    billing_national_code: str | None = None
    billing_mobile_number: str | None = None
    billing_first_name: str | None = None
    billing_last_name: str | None = None
    items: Annotated[tuple[AddItem, ...], Meta(max_length=ITEMS_MAX)] = ()
    voucher: NewVoucher | None = None
    charges: Charges | None | UnsetType = UNSET


class NewOrder(CreateOrder, frozen=True, kw_only=True):
    """An order that a client creates: it has items, or says that it has none."""

    items: Annotated[tuple[AddItem, ...], Meta(max_length=ITEMS_MAX)]


class ChangeOrder(Command, frozen=True, kw_only=True):
    """A field that is left out stays as it is; null empties it."""

    notes: str | None | UnsetType = UNSET
    billing_country: Country | None | UnsetType = UNSET
    billing_state: State | None | UnsetType = UNSET
    billing_city: City | None | UnsetType = UNSET
    billing_address: str | None | UnsetType = UNSET
    billing_postal_code: str | None | UnsetType = UNSET
    billing_national_code: str | None | UnsetType = UNSET
    billing_mobile_number: str | None | UnsetType = UNSET
    billing_first_name: str | None | UnsetType = UNSET
    billing_last_name: str | None | UnsetType = UNSET
    payment_method: Method | None | UnsetType = UNSET
    shipping_method: Method | None | UnsetType = UNSET
    shipping_cost: Amount | UnsetType = UNSET
    voucher: NewVoucher | None | UnsetType = UNSET
    charges: Charges | None | UnsetType = UNSET


class SetCharges(Command, frozen=True, kw_only=True):
    charges: Charges


class AddCharge(NewCharge, frozen=True, kw_only=True):
    pass


class ChangedCharge(Command, frozen=True, kw_only=True):
    """A field that is left out stays as it is; null empties it."""

    kind: ChargeKind | UnsetType = UNSET
    amount: Amount | UnsetType = UNSET
    name: Annotated[str, Meta(max_length=NAME_LENGTH_MAX)] | None | UnsetType = UNSET
    rate: Amount | None | UnsetType = UNSET
    included: bool | UnsetType = UNSET
    item: int | None | UnsetType = UNSET


class ChangeCharge(Command, frozen=True, kw_only=True):
    """`charge` is the place among the order's charges, from 0 on."""

    charge: int
    changed: ChangedCharge


class RemoveCharge(Command, frozen=True, kw_only=True):
    charge: int


class ChangeQuantity(Command, frozen=True, kw_only=True):
    quantity: Quantity


class ChangeItemQuantity(Command, frozen=True, kw_only=True):
    item: int
    quantity: int


class RemoveItem(Command, frozen=True, kw_only=True):
    item: int


class ChangeStatus(Command, frozen=True, kw_only=True):
    status: Status
    reason: str | None = None


class DeleteOwnOrder(Command, frozen=True, kw_only=True):
    """A customer's delete (seed 002: a cancelled order 'can be deleted instead')."""


class ReceivePayment(Command, frozen=True, kw_only=True):
    amount: Amount
    reference: Reference
    provider: Reference
    method: str | None = None
    received_at: Moment | None = None
    force: bool = False


class RefundPayment(Command, frozen=True, kw_only=True):
    amount: Amount
    reference: Reference
    provider: Reference
    payment_reference: str | None = None
    reason: str | None = None
    refunded_at: Moment | None = None
    owed_again: bool = False


class PastPayment(Command, frozen=True, kw_only=True, tag_field="type", tag="payment"):
    at: Moment
    amount: Amount
    reference: Reference
    provider: Reference
    method: str | None = None
    force: bool = False


class PastRefund(Command, frozen=True, kw_only=True, tag_field="type", tag="refund"):
    at: Moment
    amount: Amount
    reference: Reference
    provider: Reference
    payment_reference: str | None = None
    reason: str | None = None
    owed_again: bool = False


class PastStatus(Command, frozen=True, kw_only=True, tag_field="type", tag="status"):
    at: Moment
    status: Status
    reason: str | None = None


class ImportOrder(CreateOrder, frozen=True, kw_only=True):
    """One line of the import format: an order and its history, oldest first."""

    id: Annotated[int, Meta(ge=1, le=ORDER_ID_MAX)] | None = None
    key: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}\Z")] | None = None
    uuid: UUID | None = None
    created_at: Moment | None = None
    history: Annotated[tuple[PastPayment | PastRefund | PastStatus, ...], Meta(max_length=HISTORY_MAX)] = ()
