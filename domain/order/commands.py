"""The commands that clients give to an order, in the shapes of the contract's section 'Commands'.

`strict_json` bounds the sizes and characters of plain values. The shapes here bound single fields and the lengths of
lists, so that an impossible command costs next to nothing.
"""

from typing import Annotated, Final, Literal, TypeAlias, get_args
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import force_setattr

from domain.misfits import NOT_BLANK
from domain.money import ZERO, Amount
from domain.order.events import City, Country, Method, Product, State
from domain.order.movements import Kind
from domain.order.statuses import Status
from domain.strict_json import Moment

ITEMS_MAX = 1_000
CHARGES_MAX = 100
NAME_LENGTH_MAX = 200
KEY_LENGTH_MAX = 64
REFERENCE_LENGTH_MAX = 200
METADATA_MAX = 50
METADATA_KEY_LENGTH_MAX = 40
METADATA_TEXT_LENGTH_MAX = 500
EXTERNAL_IDS_MAX = 20
HISTORY_MAX = 1_000
QUANTITY_MAX = 1_000_000
ORDER_ID_MAX = 10**12
Quantity: TypeAlias = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
ChargeKind: TypeAlias = Literal["tax", "tip", "duty", "fee", "gift_wrap"]
Key: TypeAlias = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9._#/-]{{1,{KEY_LENGTH_MAX}}}\Z")]
Phone: TypeAlias = Annotated[str, Meta(max_length=64)]
Reference: TypeAlias = Annotated[str, Meta(min_length=1, max_length=REFERENCE_LENGTH_MAX, pattern=NOT_BLANK)]
Metadata: TypeAlias = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=METADATA_KEY_LENGTH_MAX)],
        Annotated[str, Meta(max_length=METADATA_TEXT_LENGTH_MAX)],
    ],
    Meta(max_length=METADATA_MAX),
]
# An order's id in each other system, by the system's name.
ExternalIds: TypeAlias = Annotated[
    dict[Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,40}\Z")], Reference], Meta(max_length=EXTERNAL_IDS_MAX)
]


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A client's request to change an order; unknown fields are refused.

    A field that was added to a command later is unset where a request leaves it out. An idempotency key is bound to the
    fields of its command, and a request from before the field existed must still have the same fields.
    """


class NewCustomer(Command, frozen=True, kw_only=True):
    """The customer of a new order; a guest where `id` is null."""

    id: int | None = None
    username: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: Phone | None | UnsetType = UNSET


class GiveToCustomer(Command, frozen=True, kw_only=True):
    """Gives a guest's order to a customer. Fields that are left out stay as the guest gave them."""

    id: int
    username: str | None | UnsetType = UNSET
    email: str | None | UnsetType = UNSET
    first_name: str | None | UnsetType = UNSET
    last_name: str | None | UnsetType = UNSET
    phone: Phone | None | UnsetType = UNSET


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
    metadata: Metadata | None | UnsetType = UNSET


class ExtraFields(Command, frozen=True, kw_only=True):
    """The fields beyond the two contracts, of an order's creation and of its change. White space around other systems'
    ids is stripped."""

    shipping_country: Country | None | UnsetType = UNSET
    shipping_state: State | None | UnsetType = UNSET
    shipping_city: City | None | UnsetType = UNSET
    shipping_address: str | None | UnsetType = UNSET
    shipping_postal_code: str | None | UnsetType = UNSET
    shipping_national_code: str | None | UnsetType = UNSET
    shipping_mobile_number: str | None | UnsetType = UNSET
    shipping_first_name: str | None | UnsetType = UNSET
    shipping_last_name: str | None | UnsetType = UNSET
    charges: Charges | None | UnsetType = UNSET
    metadata: Metadata | None | UnsetType = UNSET
    external_ids: ExternalIds | None | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.external_ids:
            force_setattr(self, "external_ids", {name: each.strip() for name, each in self.external_ids.items()})


class CreateOrder(ExtraFields, frozen=True, kw_only=True):
    key: Key | None | UnsetType = UNSET
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


class NewOrder(CreateOrder, frozen=True, kw_only=True):
    """An order that a client creates. `items` is required, and may be empty."""

    items: Annotated[tuple[AddItem, ...], Meta(max_length=ITEMS_MAX)]


class ChangeOrder(ExtraFields, frozen=True, kw_only=True):
    """Changes an order's details. A field that is left out stays as it is; null empties it."""

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


class SetCharges(Command, frozen=True, kw_only=True):
    charges: Charges


class AddCharge(NewCharge, frozen=True, kw_only=True):
    pass


class ChangedCharge(Command, frozen=True, kw_only=True):
    """The changed fields of a charge. A field that is left out stays as it is; null empties it."""

    kind: ChargeKind | UnsetType = UNSET
    amount: Amount | UnsetType = UNSET
    name: Annotated[str, Meta(max_length=NAME_LENGTH_MAX)] | None | UnsetType = UNSET
    rate: Amount | None | UnsetType = UNSET
    included: bool | UnsetType = UNSET
    item: int | None | UnsetType = UNSET


class ChangeCharge(Command, frozen=True, kw_only=True):
    """Changes a charge. `charge` is its place among the order's charges, counted from 0."""

    charge: int
    changed: ChangedCharge


class RemoveCharge(Command, frozen=True, kw_only=True):
    charge: int


class ChangedItem(Command, frozen=True, kw_only=True):
    """The changed fields of an item. A field that is left out stays as it is."""

    unit_price: Amount | UnsetType = UNSET
    quantity: Quantity | UnsetType = UNSET
    shipping: Amount | UnsetType = UNSET
    discount_amount: Amount | UnsetType = UNSET
    metadata: Metadata | None | UnsetType = UNSET


class ChangeItem(Command, frozen=True, kw_only=True):
    item: int
    changed: ChangedItem


class ChangeItemQuantity(Command, frozen=True, kw_only=True):
    """Changes an item's quantity alone. This was the first change of an item: its shape stays, so that a repeated
    request is still recognised."""

    item: int
    quantity: int


class RemoveItem(Command, frozen=True, kw_only=True):
    item: int


class ChangeStatus(Command, frozen=True, kw_only=True):
    status: Status
    reason: str | None = None


class DeleteOwnOrder(Command, frozen=True, kw_only=True):
    """A customer's delete (seed 002: a cancelled order 'can be deleted instead')."""


class Move(Command, frozen=True, kw_only=True):
    """The fields of every command that records a movement of money: the provider, and the provider's reference.

    White space around both is stripped, as it is in settlement files, so that a movement sent again is recognised.
    """

    reference: Reference
    provider: Reference

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if name.endswith(("reference", "provider")) and (given := getattr(self, name)) is not None:
                force_setattr(self, name, given.strip())


class ReceivePayment(Move, frozen=True, kw_only=True):
    amount: Amount
    method: str | None = None
    received_at: Moment | None = None
    force: bool = False


class RefundLine(Command, frozen=True, kw_only=True):
    """A line of a refund, for exactly one of an item, a charge (by its place, counted from 0) and the shipping."""

    item: int | None = None
    charge: int | None = None
    amount: Amount | None = None
    quantity: Quantity | None = None
    restock: bool = False
    shipping: Amount | None = None


class RefundPayment(Move, frozen=True, kw_only=True):
    amount: Amount
    payment_reference: str | None = None
    reason: str | None = None
    refunded_at: Moment | None = None
    owed_again: bool = False
    lines: Annotated[tuple[RefundLine, ...], Meta(max_length=ITEMS_MAX)] = ()


class TakeBack(Move, frozen=True, kw_only=True):
    """Takes a payment, a refund or a chargeback back, whole or in part."""

    amount: Amount
    reason: str | None = None
    force: bool = False


class FailPayment(TakeBack, frozen=True, kw_only=True):
    payment_reference: Reference | None = None
    failed_at: Moment | None = None


class FailRefund(TakeBack, frozen=True, kw_only=True):
    refund_reference: Reference | None = None
    failed_at: Moment | None = None


class ChargeBack(TakeBack, frozen=True, kw_only=True):
    payment_reference: Reference | None = None
    charged_back_at: Moment | None = None
    owed_again: bool = False


class ReverseChargeback(TakeBack, frozen=True, kw_only=True):
    chargeback_reference: Reference | None = None
    reversed_at: Moment | None = None


class VoidPayment(Move, frozen=True, kw_only=True):
    reason: Reference


class PastPayment(ReceivePayment, frozen=True, kw_only=True, tag_field="type", tag="payment"):
    at: Moment


class PastRefund(RefundPayment, frozen=True, kw_only=True, tag_field="type", tag="refund"):
    at: Moment


class PastPaymentFailure(FailPayment, frozen=True, kw_only=True, tag_field="type", tag="payment_failure"):
    at: Moment


class PastRefundFailure(FailRefund, frozen=True, kw_only=True, tag_field="type", tag="refund_failure"):
    at: Moment


class PastChargeback(ChargeBack, frozen=True, kw_only=True, tag_field="type", tag="chargeback"):
    at: Moment


class PastChargebackReversal(ReverseChargeback, frozen=True, kw_only=True, tag_field="type", tag="chargeback_reversal"):
    at: Moment


class PastVoid(VoidPayment, frozen=True, kw_only=True, tag_field="type", tag="void"):
    at: Moment


class PastStatus(ChangeStatus, frozen=True, kw_only=True, tag_field="type", tag="status"):
    at: Moment


class PastItem(AddItem, frozen=True, kw_only=True, tag_field="type", tag="item_added"):
    at: Moment


class PastItemChange(ChangedItem, frozen=True, kw_only=True, tag_field="type", tag="item_changed"):
    at: Moment
    item: int


class PastItemRemoval(RemoveItem, frozen=True, kw_only=True, tag_field="type", tag="item_removed"):
    at: Moment


class PastDetails(ChangeOrder, frozen=True, kw_only=True, tag_field="type", tag="details"):
    at: Moment


class PastVoucher(Command, frozen=True, kw_only=True, tag_field="type", tag="voucher"):
    at: Moment
    voucher: NewVoucher | None


class PastCharges(SetCharges, frozen=True, kw_only=True, tag_field="type", tag="charges"):
    at: Moment


class PastCharge(AddCharge, frozen=True, kw_only=True, tag_field="type", tag="charge_added"):
    at: Moment


class PastChargeChange(ChangedCharge, frozen=True, kw_only=True, tag_field="type", tag="charge_changed"):
    at: Moment
    charge: int


class PastChargeRemoval(RemoveCharge, frozen=True, kw_only=True, tag_field="type", tag="charge_removed"):
    at: Moment


class PastCustomer(GiveToCustomer, frozen=True, kw_only=True, tag_field="type", tag="customer"):
    at: Moment


# A command as an entry of an imported history, given at a time.
Past: TypeAlias = (
    PastPayment
    | PastRefund
    | PastPaymentFailure
    | PastRefundFailure
    | PastChargeback
    | PastChargebackReversal
    | PastVoid
    | PastStatus
    | PastItem
    | PastItemChange
    | PastItemRemoval
    | PastDetails
    | PastVoucher
    | PastCharges
    | PastCharge
    | PastChargeChange
    | PastChargeRemoval
    | PastCustomer
)
# The kind of movement that a command records.
MOVES: Final[dict[type[Move], Kind]] = {
    ReceivePayment: "payment",
    RefundPayment: "refund",
    FailPayment: "payment_failure",
    FailRefund: "refund_failure",
    ChargeBack: "chargeback",
    ReverseChargeback: "chargeback_reversal",
    VoidPayment: "void",
}
MOVES.update((past, MOVES[past.__base__]) for past in get_args(Past) if past.__base__ in MOVES)


class ImportOrder(CreateOrder, frozen=True, kw_only=True):
    """One line of the import format: an order and its history, oldest entry first."""

    id: Annotated[int, Meta(ge=1, le=ORDER_ID_MAX)] | None = None
    key: Key | None = None
    uuid: UUID | None = None
    created_at: Moment | None = None
    history: Annotated[tuple[Past, ...], Meta(max_length=HISTORY_MAX)] = ()
