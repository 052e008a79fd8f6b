"""An order of an export in the making, until it is a line of our import.

The readers of all exports fill drafts, so their common work is done once. A value that does not fit our rules gets a
remark and is never lost in silence. The history goes oldest first, through the statuses of our table. A payment that
our rules would not take at its time is marked as forced.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from domain.currencies import minor_digits
from domain.money import Unit, decimal_text
from domain.order.billing import check
from domain.order.commands import (
    KEY_LENGTH_MAX,
    METADATA_KEY_LENGTH_MAX,
    METADATA_MAX,
    METADATA_TEXT_LENGTH_MAX,
    NAME_LENGTH_MAX,
    QUANTITY_MAX,
    REFERENCE_LENGTH_MAX,
)
from domain.order.events import Billing, Country
from domain.order.statuses import UNPAYABLE
from domain.refusals import InvalidField
from domain.settlement.lines import shown
from domain.shops.found import Amounts, ExportedOrder, Unreadable
from domain.shops.values import has_offset, is_shortened, moment, shortened

_QUANTITY: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_UNFIT_IN_KEY: Final = re.compile(r"[^A-Za-z0-9._#/-]+")
# The statuses of an order on which work has begun, and those that an order can have after it was shipped.
_BEGUN: Final = frozenset({"processing", "shipped", "completed", "refunded"})
_AFTER_SHIPPED: Final = frozenset({"completed", "failed", "cancelled", "refunded"})
# The order of entries with the same time.
_RANKS: Final = {"payment": 0, "status": 1, "refund": 2}


class Address(NamedTuple):
    """A billing or shipping address of an export; a field is empty where the export has nothing."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    postal_code: str = ""
    state: str = ""
    state_code: str = ""
    country: str = ""
    country_code: str = ""
    phone: str = ""


def unit_of(currency: str) -> Unit:
    """The unit of a currency. Raises Unreadable where the code is no currency."""
    code = currency.strip().upper()
    if not code:
        raise Unreadable("currency: it is empty")
    digits = minor_digits(code)
    if digits is None:
        raise Unreadable(f"{shown(currency)} is not a currency of ISO 4217")
    return Unit(code, digits)


class Draft:
    """An order in the making. Amounts are in minor units of `unit`. Items are numbered from 1 and charges from 0, as in
    our import."""

    def __init__(self, system: str, number: str, place: str, *, identity: str, currency: str, prefix: str) -> None:
        """`identity` is the order's id in its system; empty where that is not known.

        `prefix` tells the shop from another one that numbers its orders alike. Raises Unreadable.
        """
        if is_shortened(number):
            raise Unreadable(f"its number {shortened(number)}")
        self.system = system
        self.number = number
        self.place = place
        self.unit = unit_of(currency)
        self.line: dict[str, Any] = {"currency": self.unit.currency}
        self.metadata: dict[str, str] = {}
        if fit := _UNFIT_IN_KEY.sub("-", number).strip("-"):
            self.line["key"] = (prefix + fit)[:KEY_LENGTH_MAX]
        # The reference of a payment that has none of its own.
        self.reference = prefix + (identity or number)
        if identity:
            self.line["external_ids"] = {prefix + system: identity}
        if self.line.get("key") != prefix + number:
            self.keep_metadata("number", number)
        self.items: list[dict[str, Any]] = []
        self.charges: list[dict[str, Any]] = []
        self._charged: dict[tuple[str, str, str | None, bool], int] = {}
        self._items_total = 0
        self.shipping = 0
        self.discount = 0
        # What is sold and not refunded yet: amounts of items, charges and shipping, and units of items.
        self._left: dict[tuple[str, int], int] = {}
        self._units: dict[int, int] = {}
        self.codes: list[str] = []
        self.entries: list[tuple[datetime | None, dict[str, Any]]] = []
        self._statuses: list[tuple[datetime | None, dict[str, Any]]] = []
        self._references: set[tuple[str, str, str]] = set()
        self.remarks: list[tuple[str, str]] = []
        self.status = ""
        self.why = ""

    # --- remarks and metadata ---

    def remark(self, kind: str, own: str = "") -> None:
        self.remarks.append((kind, own))

    def remark_unplaced(self, field: str, value: object) -> None:
        """Remarks that our model has no place for a value."""
        self.remark(f"no place for {field}", str(value))

    def unshortened(self, field: str, text: str) -> str:
        """The text; empty, with a remark, where a spreadsheet has shortened the text and so lost a part of it."""
        if not is_shortened(text):
            return text
        self.remark(f"a {field} that a spreadsheet has shortened: left out", text)
        return ""

    def moment(self, text: str, field: str) -> datetime | None:
        """A time in UTC; a time without an offset is read as UTC, with a remark. None for empty text."""
        if text and not has_offset(text):
            self.remark("times that do not say their offset: taken as UTC", text)
        return moment(text, field)

    def keep_metadata(self, key: str, value: object) -> None:
        """Keeps a value without a field of its own as metadata, as far as it fits."""
        self.keep_metadata_in(self.metadata, key, value, key)

    def keep_metadata_in(self, metadata: dict[str, str], key: str, value: object, called: str) -> None:
        """Keeps a text as metadata. A text that does not fit gets a remark, under the name `called`."""
        text = self.unshortened(called, str(value).strip())
        fits = 0 < len(key) <= METADATA_KEY_LENGTH_MAX and len(text) <= METADATA_TEXT_LENGTH_MAX
        if fits and text and len(metadata) < METADATA_MAX and key not in metadata:
            metadata[key] = text
        elif text:
            self.remark_unplaced(called, text if called == key else f"{key}: {text}")

    # --- customer and addresses ---

    def set_customer(
        self, email: str = "", first: str = "", last: str = "", phone: str = "", customer_id: int = 0
    ) -> None:
        """Sets the customer: by the id, or as a guest with a contact."""
        reached = "" if customer_id else self.unshortened("phone", phone)
        known = _filled(id=customer_id, email=email, first_name=first, last_name=last, phone=reached)
        if known:
            self.line["customer"] = known

    def set_address(self, which: str, given: Address) -> None:
        """Sets the billing or shipping address. A value that our rules for addresses refuse gets a remark, and is kept
        as metadata."""
        fields: dict[str, Any] = {
            "country": _filled(name=given.country, code=given.country_code),
            "state": _filled(name=given.state, code=given.state_code),
            "city": _filled(name=given.city),
            "address": "\n".join(filter(None, (given.company, *given.lines))),
            "postal_code": self.unshortened(f"{which} postal code", given.postal_code),
            "mobile_number": self.unshortened(f"{which} phone", given.phone),
            "first_name": given.first_name,
            "last_name": given.last_name,
        }
        country = Country(code=given.country_code) if given.country_code else None
        codes = {name: fields[name] or None for name in ("postal_code", "mobile_number")}
        try:
            check(Billing(country=country, **codes), "")
        except InvalidField as refusal:
            for name, message in refusal.faults:
                value, fields[name] = fields[name], None
                called = f"a {which} {name.replace('_', ' ')} ({message})"
                self.remark(f"no place for {called}, but in metadata", value)
                self.keep_metadata_in(self.metadata, f"{which}_{name}", value, called)
        self.line.update((f"{which}_{name}", value) for name, value in fields.items() if value)

    # --- costs ---

    def decimal(self, minor: int) -> str:
        return decimal_text(minor, self.unit.digits)

    def add_item(
        self,
        name: str,
        price: int,
        quantity: int,
        discount: int = 0,
        *,
        product_id: int | None = None,
        variant: int | None = None,
        metadata: dict[str, str] | None = None,
    ) -> int:
        """Adds an item and returns its number. A discount beyond the item's price goes to the whole order. Raises
        Unreadable."""
        if not 1 <= quantity <= QUANTITY_MAX:
            raise Unreadable(f"{shown(name)}: a quantity of {quantity}; it is from 1 to {QUANTITY_MAX}")
        if price < 0:
            raise Unreadable(f"{shown(name)}: a price below nothing, {self.decimal(price)}")
        if discount < 0:
            raise Unreadable(f"{shown(name)}: a discount below nothing, {self.decimal(discount)}")
        gross = price * quantity
        if discount > gross:
            self.discount += discount - gross
            self.remark("a discount larger than its line: the rest is the whole order's", name)
            discount = gross
        off, product = self.decimal(discount) if discount else "", _filled(id=product_id, name=name)
        more = _filled(discount_amount=off, product=product, variant=variant, metadata=metadata)
        self.items.append({"unit_price": self.decimal(price), "quantity": quantity} | more)
        self._items_total += gross - discount
        self._left["item", len(self.items)] = gross - discount
        self._units[len(self.items)] = quantity
        return len(self.items)

    def add_item_of_total(self, name: str, gross: int, quantity: str, discount: int, **more: Any) -> int:
        """Adds an item whose line has one price for all units, and returns its number. The quantity may have fractions,
        or not divide the price. Raises Unreadable."""
        if not _QUANTITY.fullmatch(quantity):
            raise Unreadable(f"{shown(name)}: {shown(quantity)} is not a quantity")
        whole, _, part = quantity.partition(".")
        metadata = dict(more.pop("metadata", None) or {})
        if part.strip("0"):
            self.remark("a quantity in fractions: one unit at the line's price, the quantity in its metadata", quantity)
            return self.add_item(name, gross, 1, discount, metadata=metadata | {"quantity": quantity}, **more)
        units = int(whole)
        price, rest = divmod(gross, units) if units else (gross, 0)
        if rest:
            price, rest = price + 1, units - rest
            self.remark("a line's price that its quantity does not divide: rounded up, the rest is discount", name)
        return self.add_item(name, price, units, discount + rest, metadata=metadata, **more)

    def add_charge(self, kind: str, name: str, amount: int, *, included: bool = False, rate: str | None = None) -> int:
        """Adds a tax, tip, duty or fee, to an equal one where there is one. Returns its place, -1 where the amount is
        0, or negative and so a discount."""
        if amount < 0 and not included:
            self.discount -= amount
            self.remark(f"a {kind} below nothing: taken as a discount", f"{name} {self.decimal(amount)}")
            return -1
        if not amount:
            return -1
        alike = (kind, name, rate, included)
        place = self._charged.get(alike)
        if place is None:
            place = self._charged[alike] = len(self.charges)
            charge = {"kind": kind, "name": name[:NAME_LENGTH_MAX], "rate": rate, "included": included}
            self.charges.append(charge | {"amount": 0})
        self.charges[place]["amount"] += amount
        return place

    def tax_refunded(self, amount: int) -> list[dict[str, Any]]:
        """The line of a refund for the only tax on top of the prices; none where there is not exactly one, or no
        amount."""
        places = [i for i, each in enumerate(self.charges) if each["kind"] == "tax" and not each["included"]]
        return [{"charge": places[0], "amount": amount}] if amount and len(places) == 1 else []

    @property
    def total(self) -> int:
        """The order's total, as our ledger will compute it."""
        on_top: int = sum(charge["amount"] for charge in self.charges if not charge["included"])
        return self._items_total + self.shipping - self.discount + on_top

    # --- payments, refunds and statuses ---

    def add_payment(
        self, at: datetime | None, amount: int, provider: str, reference: str, method: str = ""
    ) -> dict[str, Any] | None:
        """Adds a payment and returns its entry; None where the amount is not positive. A payment without a time gets
        the time of the order's creation."""
        if amount <= 0:
            return None
        provider = _name(provider, self.system)
        reference = self.unshortened("payment's reference", reference) or self.reference
        reference = self._reference("payment", provider, reference)
        entry = {"type": "payment", "amount": amount, "provider": provider, "reference": reference}
        entry |= _filled(method=method)
        self.entries.append((at, entry))
        return entry

    def add_refund(
        self,
        at: datetime | None,
        amount: int,
        provider: str,
        reference: str,
        *,
        payment: dict[str, Any] | None = None,
        reason: str = "",
        lines: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Adds a refund, of a payment where that is known. Lines that do not add up to the refund are left out."""
        if amount <= 0:
            return
        provider = _name(provider, self.system)
        entry: dict[str, Any] = {"type": "refund", "amount": amount, "provider": provider}
        entry["reference"] = self._reference("refund", provider, reference)
        entry |= _filled(payment=payment if payment and payment["provider"] == provider else None, reason=reason)
        if lines and sum(_amount_of(line) for line in lines) == amount and all(_amount_of(line) > 0 for line in lines):
            entry["lines"] = lines
        elif lines:
            self.remark("a refund that is not the sum of its lines: taken without them", reference)
        self.entries.append((at, entry))

    def _reference(self, kind: str, provider: str, reference: str) -> str:
        """The reference, with a number behind it where another entry of the order has it: references are unique by
        provider."""
        reference = _name(reference, self.reference)
        unique, count = reference, 1
        while (kind, provider, unique) in self._references:
            count += 1
            unique = f"{reference}-{count}"
        self._references.add((kind, provider, unique))
        return unique

    def set_status(
        self,
        final: str,
        *,
        paid_at: datetime | None = None,
        shipped_at: datetime | None = None,
        ended_at: datetime | None = None,
        reason: str = "",
    ) -> None:
        """Sets the order's last status, with the statuses before it that our table of transitions asks for.

        `ended_at` is the time of the last status. A time that is not known is the time of the status before.
        """
        steps: list[tuple[str, datetime | None]] = []
        if final != "new":
            known = [at for at in (paid_at, shipped_at) if at and not (ended_at and at > ended_at)]
            begun_at = min(known, default=None)
            is_shipped = final == "shipped" or (shipped_at is not None and final in _AFTER_SHIPPED)
            if begun_at or is_shipped or final in _BEGUN:
                steps.append(("processing", begun_at))
            if is_shipped:
                steps.append(("shipped", shipped_at))
                if final == "cancelled":  # a shipped order cannot be cancelled: it fails first
                    steps.append(("failed", ended_at))
            if final not in (status for status, _ in steps):
                steps.append((final, ended_at))
        self._statuses = [(at, {"type": "status", "status": status}) for status, at in steps]
        if reason and steps:
            self._statuses[-1][1]["reason"] = reason

    # --- the finished order ---

    def finish(self, created_at: datetime, stated: Amounts) -> ExportedOrder:
        if self.shipping < 0:
            self.discount, self.shipping = self.discount - self.shipping, 0
        self._left["shipping", 0] = self.shipping
        self._left |= {("charge", place): charge["amount"] for place, charge in enumerate(self.charges)}
        voucher = {"discount_amount": self.decimal(max(0, self.discount))} | _filled(code=", ".join(self.codes))
        line = self.line | {"created_at": _stamp(created_at)}
        line |= _filled(
            shipping_cost=self.decimal(self.shipping) if self.shipping else "",
            voucher=voucher if self.discount or self.codes else None,
            items=self.items,
            charges=[self._written(charge) for charge in self.charges],
            history=self._history(created_at),
            metadata=self.metadata,
        )
        return ExportedOrder(
            number=self.number,
            place=self.place,
            unit=self.unit,
            key=line.get("key", ""),
            external_ids=line.get("external_ids", {}),
            line=line,
            stated=stated,
            status=self.status,
            remarks=tuple(self.remarks),
            why=self.why,
        )

    def _written(self, entry: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in entry.items() if value is not None and value is not False} | {
            "amount": self.decimal(entry["amount"])
        }

    def _history(self, created_at: datetime) -> list[dict[str, Any]]:
        """The order's history, oldest first, each entry as our rules take it."""
        money = [(created_at if at is None else max(at, created_at), entry) for at, entry in self.entries]
        paid_at = {id(entry): at for at, entry in money if entry["type"] == "payment"}
        first_paid_at = min(paid_at.values(), default=created_at)
        timed: list[tuple[datetime, int, dict[str, Any]]] = []
        last = created_at
        for at, entry in money:
            # A refund follows the payment that it refunds, whatever its date.
            paid = paid_at.get(id(entry.get("payment")), first_paid_at) if entry["type"] == "refund" else at
            timed.append((max(at, paid), _RANKS[entry["type"]], entry))
        for at_or_none, entry in self._statuses:
            last = max(last, at_or_none or last)
            if entry["status"] == "refunded":
                last = max([last, *(at for at, _, _ in timed)])
            timed.append((last, 3 if entry["status"] == "refunded" else _RANKS["status"], entry))
        timed.sort(key=lambda each: each[:2])
        return list(self._allowed(timed))

    def _allowed(self, timed: Iterable[tuple[datetime, int, dict[str, Any]]]) -> Iterable[dict[str, Any]]:
        """The entries, checked by the sums that the ledger will compute: a payment beyond these sums is forced, a
        refund beyond them is left out."""
        status, received, credited = "new", 0, 0
        left: dict[int, int] = {}
        for at, _, entry in timed:
            written: dict[str, Any] = {"at": _stamp(at)} | entry
            if entry["type"] == "status":
                if entry["status"] == "refunded" and received:
                    self.remark("refunded, but not all of what was received: the status before it stays")
                    continue
                status = entry["status"]
            elif entry["type"] == "payment":
                owed = self.total - credited - received
                if entry["amount"] > max(0, owed) or status in UNPAYABLE:
                    written["force"] = True
                received += entry["amount"]
                left[id(entry)] = entry["amount"]
                written["amount"] = self.decimal(entry["amount"])
            else:
                amount, payment = entry["amount"], written.pop("payment", None)
                if amount > received:
                    self.remark("a refund of more than was received: left out", self.decimal(amount))
                    self.why = self.why or f"a refund of {self.decimal(amount)} is more than was received, and left out"
                    continue
                if payment is not None and left.get(id(payment), 0) >= amount:
                    left[id(payment)] -= amount
                    written["payment_reference"] = payment["reference"]
                credited += max(0, amount - max(0, received - (self.total - credited)))
                received -= amount
                written["amount"] = self.decimal(amount)
                if "lines" in entry:
                    lines = written.pop("lines")
                    if self._is_left(lines):
                        written["lines"] = [self._refund_line(line) for line in lines]
                    else:
                        self.remark("a refund for more than was sold: taken without its lines", entry["reference"])
            yield written

    def _is_left(self, lines: Sequence[dict[str, Any]]) -> bool:
        """Whether the lines refund only amounts and units that were sold and not refunded yet; if so, they count as
        refunded."""
        left, units = dict(self._left), dict(self._units)
        for line in lines:
            what = (
                ("shipping", 0) if "shipping" in line else next((k, line[k]) for k in ("item", "charge") if k in line)
            )
            left[what] = left.get(what, 0) - _amount_of(line)
            if "quantity" in line:
                units[line["item"]] = units.get(line["item"], 0) - line["quantity"]
        if min(left.values()) < 0 or min(units.values(), default=0) < 0:
            return False
        self._left, self._units = left, units
        return True

    def _refund_line(self, line: dict[str, Any]) -> dict[str, Any]:
        return {name: self.decimal(value) if name in ("amount", "shipping") else value for name, value in line.items()}


def _amount_of(line: dict[str, Any]) -> int:
    amount: int = line["shipping"] if "shipping" in line else line["amount"]
    return amount


def _filled(**fields: Any) -> dict[str, Any]:
    """The fields that have something."""
    return {name: value for name, value in fields.items() if value}


def _name(given: str, otherwise: str) -> str:
    return given.strip()[:REFERENCE_LENGTH_MAX] or otherwise


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
