"""Reads the CSV of any other shop, by a description of its columns (`mapping.py`)."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from domain.settlement.formats.mapping import zone_of
from domain.settlement.lines import shown
from domain.shops.draft import Address, Draft
from domain.shops.found import Amounts, ExportedOrder, Unreadable, UnreadableOrder
from domain.shops.mapping import Columns, Mapping, Place, SomeColumns
from domain.shops.tables import TAKEN_ONCE, Form, Row, Rows, Source, orders
from domain.shops.values import is_shortened, minor, moment, shortened, unquoted
from domain.strict_json import INTEGER_DIGITS_MAX

# An amount with its sign, and a sign or code of its currency, on either side.
_AMOUNT: Final = re.compile(
    r"([+-]?)\s*(?:CURRENCY\s*)?([+-]?)\s*([0-9][0-9.,'’\s]*?)\s*(?:CURRENCY)?\s*(-?)".replace(
        "CURRENCY", r"[^0-9.,'’\s()%+-]{1,4}"
    )
)
_AMOUNT_CHARS_MAX: Final = 60
_PLAIN: Final = re.compile(r"[0-9]{1,15}(\.[0-9]*)?")
_GROUPED: Final = {
    ".": re.compile(r"[0-9]{1,3}(?:[,'’   ][0-9]{3})+(?:\.[0-9]*)?"),
    ",": re.compile(r"[0-9]{1,3}(?:[.'’   ][0-9]{3})+(?:,[0-9]*)?"),
}


def read(
    sources: Sequence[Source], mapping: Mapping, prefix: str = "", on_bytes: Callable[[int], None] = lambda _: None
) -> Iterator[ExportedOrder | UnreadableOrder]:
    """The orders of the files. Raises Malformed, before the first order."""
    columns, items = mapping.columns, mapping.items
    required = [columns.order, *_some(columns.created_at), items.price or items.total or ""]
    form = Form(
        columns.order,
        tuple(required),
        delimiter=mapping.delimiter,
        has_quotes=mapping.quotes,
        encoding=mapping.encoding,
        header_row=mapping.header_row,
    )
    return map(_Reader(mapping, prefix), orders(sources, form, on_bytes))


def _some(columns: SomeColumns | None) -> list[str]:
    return [columns] if isinstance(columns, str) else list(columns or ())


def _named_in(part: object) -> Iterator[str]:
    """Every text in a part of a mapping, the names of columns among them."""
    if isinstance(part, str):
        yield part.removeprefix("-")
    elif isinstance(part, list | tuple):
        for each in part:
            yield from _named_in(each)
    elif isinstance(part, dict):
        yield from _named_in(list(part.values()))


def _columns_of(mapping: Mapping) -> Iterator[str]:
    """The columns that a mapping names."""
    refunds = mapping.refunds
    parts = (mapping.columns, mapping.items, mapping.once, mapping.each, mapping.metadata, mapping.billing)
    yield from _named_in(msgspec.to_builtins((*parts, mapping.shipping)))
    yield from _named_in([(charge.once, charge.each) for charge in mapping.charges])
    yield from _named_in([refunds.column, refunds.amount] if refunds else [])


class _Reader:
    def __init__(self, mapping: Mapping, prefix: str) -> None:
        self._mapping = mapping
        self._prefix = prefix
        self._named = list(dict.fromkeys(_columns_of(mapping)))
        self._known = {*self._named, *mapping.ignored}
        self._statuses = {word.casefold(): status for word, status in mapping.statuses.items()}
        self._zones: dict[str, tzinfo | None] = {"": None}
        self._unpaid = {word.casefold() for word in mapping.unpaid}
        self._refunds = {word.casefold() for word in mapping.refunds.words} if mapping.refunds else set()

    def __call__(self, found: Rows) -> ExportedOrder | UnreadableOrder:
        place = f"{found.file}, row {found.rows[0].number}"
        try:
            return self._order(found, place)
        except Unreadable as fault:
            return UnreadableOrder(found.order, place, str(fault))

    def _order(self, found: Rows, place: str) -> ExportedOrder:
        mapping, columns = self._mapping, self._mapping.columns
        identity = unquoted(found.order)
        if not identity:
            raise Unreadable(f"{columns.order}: it is empty, so nobody can tell which order this is of")
        if is_shortened(identity):
            raise Unreadable(f"{columns.order}: {shortened(identity)}")
        self._must_stand_once(found)
        returned = [row for row in found.rows if self._is_refund(row)]
        rows = [row for row in found.rows if not self._is_refund(row)]
        if not rows:
            raise Unreadable("a refund that does not say of which order it is: nothing else has its id")
        currency = _first(rows, columns.currency) or mapping.currency or ""
        number = unquoted(_first(rows, columns.number)) or identity
        draft = Draft(mapping.system, number, place, identity=identity, currency=currency, prefix=self._prefix)
        created_at = self._moment(rows, columns.created_at)
        if created_at is None:
            raise Unreadable(f"{', '.join(_some(columns.created_at))}: it is empty")
        if found.copies:
            draft.remark(TAKEN_ONCE)
        if columns.currency and not _first(rows, columns.currency):
            draft.remark(f"an order without a currency: taken as {currency}")
        if (word := _first(rows, columns.timezone)) and self._zone(word) is None:
            draft.remark(f"the time zone {shown(word)}: not known, taken as {mapping.timezone}", word)
        self._set_customer(draft, rows)
        total = self._costs(draft, rows)
        stated = self._money(draft, rows, returned, total=total, created_at=created_at)
        self._rest(draft, found, rows)
        return draft.finish(created_at, stated)

    def _must_stand_once(self, found: Rows) -> None:
        """Raises Unreadable where rows that stand apart have the same lines, and differ in other columns."""
        items = self._mapping.items
        columns = [column for column in (*_some(items.name), items.quantity, items.price, items.total) if column]
        places: dict[tuple[str, ...], int] = {}
        for part in found.parts if len(found.parts) > 1 else ():
            lines = tuple(row[column] for row in part for column in columns)
            if lines in places:
                rows = f"rows {places[lines]}, {part[0].number}"
                raise Unreadable(f"it stands in the files more than once ({rows}), and says different things")
            places[lines] = part[0].number

    def _is_refund(self, row: Row) -> bool:
        refunds = self._mapping.refunds
        return refunds is not None and row[refunds.column].casefold() in self._refunds

    # --- single values ---

    def _amount(self, draft: Draft, row: Row, column: str) -> int:
        text = row[column.removeprefix("-")]
        if not text:
            return 0
        where = f"row {row.number}, {column.removeprefix('-')}"
        amount = minor(self._plain(text, where), draft.unit.digits, where)
        return -abs(amount) if column.startswith("-") else amount

    def _plain(self, text: str, where: str) -> str:
        if is_shortened(text):
            raise Unreadable(f"{where}: {shortened(text)}")
        found = plain(text, self._mapping.decimal)
        if found is None:
            raise Unreadable(f"{where}: {shown(text)} is not a number written like 1234{self._mapping.decimal}56")
        return found

    def _sum(self, draft: Draft, rows: Sequence[Row], columns: SomeColumns | None) -> int:
        return sum(self._amount(draft, row, column) for row in rows for column in _some(columns))

    def _of_order(self, draft: Draft, rows: Sequence[Row], field: str) -> int | None:
        """One of the order's amounts; None where the mapping names no column for it."""
        once, each = (getattr(amounts, field) for amounts in (self._mapping.once, self._mapping.each))
        if not once and not each:
            return None
        if field == "discount":  # some files have negative discounts, others positive ones
            taken = [(rows[:1], column) for column in _some(once)] + [(rows, column) for column in _some(each)]
            return sum(abs(self._amount(draft, row, column)) for some, column in taken for row in some)
        return self._sum(draft, rows[:1], once) + self._sum(draft, rows, each)

    def _zone(self, word: str) -> tzinfo | None:
        if word not in self._zones:
            self._zones[word] = zone_of(word, self._mapping.timezones)
        return self._zones[word]

    def _moment(self, rows: Sequence[Row], columns: SomeColumns | None) -> datetime | None:
        mapping = self._mapping
        names = _some(columns)
        for row in rows:
            if text := " ".join(filter(None, (row[name] for name in names))):
                zone = self._zone(row[mapping.columns.timezone]) if mapping.columns.timezone else None
                field = f"row {row.number}, {', '.join(names)}"
                return _moment(text, field, mapping.date_formats, zone or ZoneInfo(mapping.timezone))
        return None

    # --- the order ---

    def _set_customer(self, draft: Draft, rows: Sequence[Row]) -> None:
        columns = self._mapping.columns
        first, last = _names(rows, columns)
        identity = unquoted(_first(rows, columns.customer_id))
        is_number = identity.isdecimal() and len(identity) <= INTEGER_DIGITS_MAX
        draft.set_customer(
            _first(rows, columns.email),
            first,
            last,
            unquoted(_first(rows, columns.phone)),
            int(identity) if is_number else 0,
        )
        if identity and not is_number:
            draft.keep_metadata("customer_id", identity)
        for which, place in (("billing", self._mapping.billing), ("shipping", self._mapping.shipping)):
            given = _address(rows, place)
            if any(given):
                draft.set_address(which, given)

    def _costs(self, draft: Draft, rows: Sequence[Row]) -> int | None:
        for row in rows:
            self._item(draft, row)
        draft.discount += self._of_order(draft, rows, "discount") or 0
        draft.shipping = self._of_order(draft, rows, "shipping") or 0
        if code := _first(rows, self._mapping.columns.voucher_code):
            draft.codes.append(code)
        total = self._of_order(draft, rows, "total")
        charges = [
            (charge, self._sum(draft, rows[:1], charge.once) + self._sum(draft, rows, charge.each))
            for charge in self._mapping.charges
        ]
        bare = draft.total
        # Whether each is within the prices: the first way by which the total comes out, else the last one.
        for way in product(*((True, False) if of.included == "by_total" else (of.included,) for of, _ in charges)):
            chosen = list(zip(charges, way, strict=True))
            if bare + sum(amount for (_, amount), is_inside in chosen if not is_inside) == total:
                break
        for (charge, amount), is_inside in chosen:
            draft.add_charge(charge.kind, charge.name, amount, included=is_inside)
        if total is not None and draft.total != total:
            draft.why = f"its columns come to {draft.decimal(draft.total)}"
        return total

    def _item(self, draft: Draft, row: Row) -> None:
        items = self._mapping.items
        price = items.price or items.total or ""
        name = " ".join(filter(None, (row[column] for column in _some(items.name))))
        given = row[items.quantity] if items.quantity else ""
        quantity = self._plain(given, f"row {row.number}, {items.quantity}") if given else "1"
        discount = sum(abs(self._amount(draft, row, column)) for column in _some(items.discount))
        metadata: dict[str, str] = {}
        for key, column in items.metadata.items():
            draft.keep_metadata_in(metadata, key, row[column], f"the column {column}")
        units = quantity.rstrip("0").rstrip(".") if "." in quantity else quantity
        if int(units.partition(".")[0] or 0) == 0 and "." not in units:
            draft.remark("an item of which none is left: left out", name)
            return
        if not row[price]:
            draft.remark("an item without a price: taken as nothing", name)
        amount = self._amount(draft, row, price)
        if items.total:
            draft.add_item_of_total(name, amount, units, discount, metadata=metadata)
        elif units.isdecimal():
            draft.add_item(name, amount, int(units), discount, metadata=metadata)
        else:
            parts = 10 ** len(units.partition(".")[2])
            gross = (2 * amount * int(units.replace(".", "")) + parts) // (2 * parts)
            draft.add_item_of_total(name, gross, units, discount, metadata=metadata)

    def _money(
        self, draft: Draft, rows: Sequence[Row], returned: Sequence[Row], *, total: int | None, created_at: datetime
    ) -> Amounts:
        mapping, columns = self._mapping, self._mapping.columns
        word = _first(rows, columns.status)
        draft.status = word or "-"
        paid_at, ended_at = self._moment(rows, columns.paid_at), self._moment(rows, columns.ended_at)
        shipped_at = self._moment(rows, columns.shipped_at)
        paid = self._paid(draft, rows, word, paid_at, draft.total if total is None else total)
        method = _first(rows, columns.payment_method)
        reference = unquoted(_first(rows, columns.payment_reference)) or draft.reference
        reference = draft.unshortened("payment's reference", reference) or draft.reference
        payment = draft.add_payment(paid_at, paid, mapping.system, reference, method)
        refunded = self._of_order(draft, rows, "refunded") or 0
        if refunded := abs(refunded):
            draft.remark(
                "a refund without a date: taken as of the last time that the order has", draft.decimal(refunded)
            )
            last = max(filter(None, (created_at, paid_at, shipped_at, ended_at)))
            draft.add_refund(last, refunded, mapping.system, f"{reference}-refund", payment=payment)
        for row in returned:
            assert mapping.refunds is not None
            amount = abs(self._sum(draft, [row], mapping.refunds.amount))
            refunded += amount
            at = self._moment([row], columns.created_at)
            draft.add_refund(at, amount, mapping.system, f"{reference}-refund", payment=payment)
        status = self._statuses.get(word.casefold())
        if status is None:
            otherwise = mapping.status or ("processing" if paid else "new")
            status = "completed" if shipped_at and paid else "shipped" if shipped_at else otherwise
            if word:
                draft.remark(f"the status {shown(word)}: not known, taken as {status}", word)
        draft.set_status(
            status,
            paid_at=paid_at or (created_at if paid else None),
            shipped_at=shipped_at,
            ended_at=ended_at or shipped_at,
        )
        return Amounts(total, paid, refunded)

    def _paid(self, draft: Draft, rows: Sequence[Row], word: str, paid_at: datetime | None, total: int) -> int:
        stated = self._of_order(draft, rows, "paid")
        if word.casefold() in self._unpaid:
            return 0
        if stated is not None:
            return stated
        if self._mapping.paid == "always" or paid_at:
            return total
        return 0

    def _rest(self, draft: Draft, found: Rows, rows: Sequence[Row]) -> None:
        """Puts the fields that are left into the draft: notes, methods and metadata, and a remark about each column
        without a place."""
        columns = self._mapping.columns
        if notes := "\n".join(filter(None, (_first(rows, column) for column in _some(columns.notes)))):
            draft.line["notes"] = notes
        for field in ("payment_method", "shipping_method"):
            if name := _first(rows, getattr(columns, field)):
                draft.line[field] = {"name": name}
        for key, column in self._mapping.metadata.items():
            draft.keep_metadata(key, _first(rows, column))
        for column in (name for name in self._named if name not in found.columns):
            draft.remark(f"the column {shown(column)} of the mapping, which the file does not have: read as empty")
        unknown = [column for column in found.columns if column and column not in self._known]
        for row in found.rows:
            for column, value in row.filled(unknown):
                draft.remark_unplaced(f"the column {column}", value)


def _first(rows: Sequence[Row], column: str | None) -> str:
    return next(filter(None, (row[column] for row in rows)), "") if column else ""


def _names(rows: Sequence[Row], columns: Columns | Place) -> tuple[str, str]:
    """The first names and the last one, by columns of their own or by the one that has them all."""
    first, last = _first(rows, columns.first_name), _first(rows, columns.last_name)
    if not (first or last):
        first, _, last = _first(rows, columns.name).rpartition(" ")
    return first, last


def _address(rows: Sequence[Row], place: Place) -> Address:
    first, last = _names(rows, place)
    state, country = _first(rows, place.state), _first(rows, place.country)
    return Address(
        first,
        last,
        _first(rows, place.company),
        tuple(filter(None, (_first(rows, column) for column in _some(place.address)))),
        _first(rows, place.city),
        unquoted(_first(rows, place.postal_code)),
        *((state, "") if len(state) > 3 else ("", state)),
        *((country, "") if len(country) > 2 else ("", country)),
        unquoted(_first(rows, place.phone)),
    )


# Most amounts of a file stand in it many times.
@lru_cache(maxsize=4_096)
def plain(text: str, decimal: str) -> str | None:
    """An amount as digits and a point: '$1,234.50' and '(1.00)' are '1234.50' and '-1.00'; None where the text is no
    amount."""
    if len(text) > _AMOUNT_CHARS_MAX:
        return None
    bare = text.strip().replace("−", "-")
    in_brackets = bare.startswith("(") and bare.endswith(")")
    found = _AMOUNT.fullmatch(bare[1:-1].strip() if in_brackets else bare)
    if found is None or in_brackets + sum(map(bool, found.group(1, 2, 4))) > 1:
        return None
    is_negative = in_brackets or "-" in found.group(1, 2, 4)
    bare = found[3]
    if _GROUPED[decimal].fullmatch(bare):
        bare = re.sub(r"[^0-9" + decimal + "]", "", bare)
    if decimal == ",":
        bare = bare.replace(".", "?").replace(",", ".")
    if not _PLAIN.fullmatch(bare):
        return None
    return f"-{bare}" if is_negative else bare


@lru_cache(maxsize=256)  # the reader needs each time of an order several times
def _local(text: str, formats: tuple[str, ...]) -> str | None:
    """The time by the first of the formats that fits, as ISO 8601 without an offset; None where no format fits."""
    for pattern in formats:
        try:
            return datetime.strptime(text, pattern).isoformat()  # noqa: DTZ007  (it gets its zone later)
        except ValueError:
            continue
    return None


def _moment(text: str, field: str, formats: tuple[str, ...], zone: tzinfo) -> datetime | None:
    if local := _local(text, formats):
        return moment(local, field, zone)
    try:
        return moment(text, field, zone)
    except Unreadable:
        if formats:
            raise Unreadable(f"{field}: {shown(text)} is not a time written like {' or '.join(formats)}") from None
        raise
