"""How are the columns of another shop's CSV read? By a description of it, as TOML.

    system = "etsy"                   # the system of the orders' ids, and the provider of payments without one
    delimiter = ","
    quotes = true                     # false where a quotation mark is a character like any other
    encoding = "utf-8"
    decimal = "."                     # $1,234.50 and (1.00) for -1.00 are read, too
    date_formats = ["%m/%d/%y"]       # strptime's, tried in turn; without them ISO 8601
    timezone = "America/New_York"     # the zone of times without an offset
    currency = "USD"                  # where there is no column for it
    paid = "always"                   # or "dated": where paid_at is filled; or "stated": by the amounts in `paid` alone
    unpaid = ["Pending"]              # the statuses of orders for which nothing was paid all the same
    ignored = ["Order Net"]           # columns that repeat other columns

    [columns]                         # of the order: from the first of its rows where the column is filled
    order = "Order ID"                # rows with the same value are one order; order and created_at must be there
    created_at = "Sale Date"          # or two columns side by side, ["Date", "Time"]

    [items]                           # of each row
    name = "Item Name"
    quantity = "Quantity"             # 1 unit without one
    price = "Price"                   # of a unit; or total, of all units

    [once]                            # amounts of the whole order, from its first row
    total = "Order Total"
    discount = ["Discount Amount", "Shipping Discount"]

    [each]                            # the same, but added up over the order's rows

    [[charges]]
    kind = "tax"                      # tax, tip, duty, fee or gift_wrap
    name = "Sales tax"
    once = ["Sales Tax"]              # or each
    included = "by_total"             # true, false, or whichever of both makes the order's total

    [statuses]                        # the file's words for ours, whatever their case
    Completed = "completed"

    [metadata]                        # columns kept with the order; those of items.metadata with each item
    buyer = "Buyer"

    [refunds]                         # rows that are no items but refunds of their order
    column = "Event Type"
    is = ["Refund"]
    amount = ["Total Collected"]

A minus before a column's name subtracts its amounts where others are added, whatever their sign in the file. Discounts
are subtracted whatever their sign. The tie-out names the columns that a description does not name. Of several columns
of one name the second is called like "Delivery city (2)".
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from domain.currencies import minor_digits
from domain.faults import refuse
from domain.moments import zone_named
from domain.order.commands import ChargeKind
from domain.order.statuses import Status
from domain.refusals import Refusal
from domain.settlement.lines import shown
from domain.settlement.tables.rows import Encoding
from domain.strict_json import convert

SHIPPED: Final = Path(__file__).parent / "mappings"
TEXT_CHARS_MAX: Final = 65_536
SomeColumns: TypeAlias = str | list[str]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Columns(_Part, frozen=True, kw_only=True):
    order: str
    created_at: SomeColumns
    number: str | None = None
    timezone: str | None = None
    currency: str | None = None
    status: str | None = None
    paid_at: SomeColumns | None = None
    shipped_at: SomeColumns | None = None
    ended_at: SomeColumns | None = None
    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    notes: SomeColumns | None = None
    voucher_code: str | None = None
    payment_method: str | None = None
    payment_reference: str | None = None
    shipping_method: str | None = None


class Place(_Part, frozen=True, kw_only=True):
    """The columns of an address."""

    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address: SomeColumns | None = None
    city: str | None = None
    postal_code: str | None = None
    state: str | None = None
    country: str | None = None
    phone: str | None = None


class Items(_Part, frozen=True, kw_only=True):
    name: SomeColumns
    quantity: str | None = None
    price: str | None = None
    total: str | None = None
    discount: SomeColumns | None = None
    metadata: dict[str, str] = {}


class Amounts(_Part, frozen=True, kw_only=True):
    total: SomeColumns | None = None
    paid: SomeColumns | None = None
    refunded: SomeColumns | None = None
    discount: SomeColumns | None = None
    shipping: SomeColumns | None = None


class MappedCharge(_Part, frozen=True, kw_only=True):
    kind: ChargeKind
    name: str
    once: SomeColumns | None = None
    each: SomeColumns | None = None
    included: bool | Literal["by_total"] = False


class RefundRows(_Part, frozen=True, kw_only=True):
    column: str
    words: list[str] = msgspec.field(name="is")
    amount: SomeColumns


class Mapping(_Part, frozen=True, kw_only=True):
    system: Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,40}\Z")]
    columns: Columns
    items: Items
    once: Amounts = Amounts()
    each: Amounts = Amounts()
    charges: list[MappedCharge] = []
    statuses: dict[str, Status] = {}
    timezones: dict[str, str] = {}
    metadata: dict[str, str] = {}
    billing: Place = Place()
    shipping: Place = Place()
    refunds: RefundRows | None = None
    paid: Literal["always", "dated", "stated"] = "dated"
    unpaid: list[str] = []
    ignored: list[str] = []
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    quotes: bool = True
    encoding: Encoding = "utf-8"
    decimal: Literal[".", ","] = "."
    date_formats: tuple[str, ...] = ()
    timezone: str = "UTC"
    currency: str | None = None
    status: Status | None = None
    header_row: Annotated[int, Meta(ge=1, le=1000)] = 1


class NoMapping(Exception):
    """No description of a CSV has this name, or the description has faults; the message names them with their
    places."""


def mapping_from(name: str) -> Mapping:
    """The description in a file, or the one with this name that comes with the program. Raises NoMapping."""
    own = SHIPPED / f"{name}.toml"
    path = own if re.fullmatch(r"[a-z0-9-]+", name) and own.is_file() else Path(name)
    try:
        toml = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        names = ", ".join(sorted(each.stem for each in SHIPPED.glob("*.toml")))
        raise NoMapping(f"{name} cannot be read ({error}); with the program come {names}") from None
    if len(toml) > TEXT_CHARS_MAX:
        raise NoMapping(f"{name}: at most {TEXT_CHARS_MAX} characters, these are {len(toml)}")
    try:
        return _checked(convert(tomllib.loads(toml, parse_float=str), Mapping))
    except tomllib.TOMLDecodeError as error:
        raise NoMapping(f"{name}: this is not TOML: {error}") from None
    except Refusal as refusal:
        raise NoMapping(f"{name}: {refusal.detail}") from None


def _checked(mapping: Mapping) -> Mapping:
    refuse(_faults(mapping))
    return mapping


def _faults(mapping: Mapping) -> Iterator[tuple[str, str]]:
    """The fields at fault, each with a message that says what would be right."""
    if bool(mapping.items.price) == bool(mapping.items.total):
        yield "items.price", "name the column of a unit's price, or of all units' total: one of both"
    if not mapping.columns.currency and not mapping.currency:
        yield "columns.currency", "name a column, or give one currency for the whole file"
    if mapping.currency and minor_digits(mapping.currency) is None:
        yield "currency", f"{mapping.currency!r} is not a currency of ISO 4217"
    if mapping.paid == "dated" and not mapping.columns.paid_at:
        yield "columns.paid_at", 'name the column, or say paid = "always" or "stated"'
    if mapping.paid == "stated" and not (mapping.once.paid or mapping.each.paid):
        yield "once.paid", 'name the column of what was paid, or say paid = "always" or "dated"'
    for field, zone in (("timezone", mapping.timezone), *((f"timezones.{k}", v) for k, v in mapping.timezones.items())):
        if zone_named(zone) is None:
            yield field, f"{shown(zone)} is not a time zone, like 'Europe/Berlin'"
