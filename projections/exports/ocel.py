"""How do orders really flow? The log as an object-centric event log, which process-mining tools open.

OCEL 2.0 (ocel-standard.org) in its SQLite form. It can be written while the log is read, so memory does not grow with
the log. The same events give the same bytes (with the same release of SQLite).

Objects are orders, items, payments and customers. The event types are the log's. An event belongs to its order, and to
the item, payment or customer that it is about. An object's changes stand in its table with the time of the event that
changed it.

Amounts are whole numbers of the currency's minor units (`total_minor`: 7990 is 79.90 USD): they are exact, and tools
can sum them. Times are those of occurrence, not of recording. Tools that sort by time cannot order events of one
instant, such as those of an order's creation. So the digits behind the microseconds count these events: 000, 001 and so
on.

Personal data are left out: no field of an event's `personal` and no free text is exported, and a customer has the
number only. Reconciliations, which stand in the same log and are no orders, are left out too.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from msgspec import structs

from domain.aggregate import Event, step
from domain.ledger import LOG
from domain.log.log import Log
from domain.log.records import RawRecord
from domain.log.sqlite import sqlite3
from domain.moments import instant
from domain.money import minor_units
from domain.order import events as e
from domain.order.state import ORDER, Order
from projections.exports.events import histories
from projections.history import Entry, HistoryReader

ROWS_HELD: Final = 20_000
_RANKS: Final = 1_000
_AMOUNTS: Final = {"amount", "discount_amount", "shipping", "shipping_cost", "unit_price"}
_SQL_TYPES: Final = {
    "forced": "BOOLEAN",
    "id": "INTEGER",
    "owed_again": "BOOLEAN",
    "product_id": "INTEGER",
    "quantity": "INTEGER",
    "variant": "INTEGER",
    "version": "INTEGER",
    "charged_back_at": "TIMESTAMP",
    "failed_at": "TIMESTAMP",
    "received_at": "TIMESTAMP",
    "recorded_at": "TIMESTAMP",
    "refunded_at": "TIMESTAMP",
    "reversed_at": "TIMESTAMP",
}
# The attributes of every event, and then those of each type, by the names of the event's own fields.
_OF_EVERY_EVENT: Final = ("version", "actor", "recorded_at")
_OF_MOVEMENTS: Final = ("amount", "provider", "reference")
_OF_EVENTS: Final[dict[type[Event], tuple[str, ...]]] = {
    e.OrderCreated: ("currency", "shipping_cost"),
    e.ItemAdded: ("unit_price", "quantity", "shipping", "discount_amount"),
    e.ItemQuantityChanged: ("quantity",),
    e.ItemChanged: ("unit_price", "quantity", "shipping", "discount_amount"),
    e.ItemRemoved: (),
    e.VoucherApplied: ("code", "discount_amount"),
    e.VoucherRemoved: (),
    e.ChargesChanged: (),
    e.CustomerChanged: (),
    e.ExternalIdsChanged: (),
    e.MetadataChanged: (),
    e.BillingChanged: (),
    e.RecipientChanged: (),
    e.NotesChanged: (),
    e.PaymentMethodChanged: (),
    e.ShippingChanged: ("shipping_cost",),
    e.StatusChanged: ("status",),
    e.PaymentReceived: (*_OF_MOVEMENTS, "method", "received_at", "forced"),
    e.PaymentRefunded: (*_OF_MOVEMENTS, "payment_reference", "refunded_at", "owed_again"),
    e.PaymentFailed: (*_OF_MOVEMENTS, "payment_reference", "failed_at", "forced"),
    e.RefundFailed: (*_OF_MOVEMENTS, "refund_reference", "failed_at", "forced"),
    e.PaymentChargedBack: (*_OF_MOVEMENTS, "payment_reference", "charged_back_at", "owed_again", "forced"),
    e.ChargebackReversed: (*_OF_MOVEMENTS, "chargeback_reference", "reversed_at", "forced"),
    e.PaymentVoided: _OF_MOVEMENTS,
    e.PersonalErased: ("erasure", "basis", "reference"),
}
_OfAnItem: TypeAlias = e.ItemAdded | e.ItemQuantityChanged | e.ItemChanged | e.ItemRemoved
_OF_OBJECTS: Final = {
    "order": ("id", "key", "currency", "status", "total_minor", "paid_minor"),
    "item": ("product_id", "product", "variant", "unit_price", "quantity", "shipping", "discount_amount"),
    "payment": ("amount", "currency", "provider", "reference", "method", "forced"),
    "customer": ("id",),
}
# The attributes of an order that change with its events.
_CHANGING: Final[dict[str, Callable[[Order], str | int]]] = {
    "status": lambda order: order.status,
    "total_minor": lambda order: order.totals.total,
    "paid_minor": lambda order: order.received,
}
_TABLES: Final = """
CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE event (
  ocel_id TEXT PRIMARY KEY, ocel_type TEXT REFERENCES event_map_type(ocel_type));
CREATE TABLE object (
  ocel_id TEXT PRIMARY KEY, ocel_type TEXT REFERENCES object_map_type(ocel_type));
CREATE TABLE event_object (
  ocel_event_id TEXT REFERENCES event(ocel_id), ocel_object_id TEXT REFERENCES object(ocel_id), ocel_qualifier TEXT,
  PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier));
CREATE TABLE object_object (
  ocel_source_id TEXT REFERENCES object(ocel_id), ocel_target_id TEXT REFERENCES object(ocel_id), ocel_qualifier TEXT,
  PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier));
"""
# No event tells when a customer began; OCEL gives values without a time the beginning of 1970.
_CUSTOMERS: Final = (
    "INSERT INTO object_customer SELECT ocel_id, '1970-01-01T00:00:00.000000000Z', NULL, CAST(substr(ocel_id, 10) AS"
    " INTEGER) AS id FROM object WHERE ocel_type = 'customer' ORDER BY id"
)


def export_ocel(
    log: Log, reading: HistoryReader, file: Path, *, head: int, progress: Callable[[int, int], None]
) -> None:
    """Writes the file with the events up to the position `head`.

    Raises RecordMissing, and the errors of `HistoryReader.entries_of` and of the order's fold for a record that is
    damaged or unknown.
    """
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        # Until the file is whole it has another name, so it need not survive a crash.
        for statement in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -64000"):
            connection.execute(statement)
        connection.execute("BEGIN")
        _create(connection)
        rows = _Rows(connection)
        for raws in histories(log, head, progress):
            _OrderRows(rows).add(reading.entries_of(raws))
            rows.write_if_many()
        rows.write()
        connection.execute(_CUSTOMERS)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _create(connection: sqlite3.Connection) -> None:
    for statement in filter(None, map(str.strip, _TABLES.split(";"))):
        connection.execute(statement)
    for shape, fields in _OF_EVENTS.items():
        columns = _columns((*_OF_EVERY_EVENT, *fields))
        connection.execute(
            f"CREATE TABLE event_{shape.__name__} ("
            f"ocel_id TEXT PRIMARY KEY REFERENCES event(ocel_id), ocel_time TIMESTAMP{columns})"
        )
        connection.execute("INSERT INTO event_map_type VALUES (?, ?)", (shape.__name__, shape.__name__))
    for kind, fields in _OF_OBJECTS.items():
        connection.execute(
            f"CREATE TABLE object_{kind} (ocel_id TEXT REFERENCES object(ocel_id), ocel_time TIMESTAMP,"
            f" ocel_changed_field TEXT{_columns(fields)})"
        )
        connection.execute("INSERT INTO object_map_type VALUES (?, ?)", (kind, kind))


def _columns(fields: Iterable[str]) -> str:
    return "".join(f", {_column(field)} {_SQL_TYPES.get(field, _default_type(field))}" for field in fields)


def _column(field: str) -> str:
    return f"{field}_minor" if field in _AMOUNTS else field


def _default_type(field: str) -> str:
    return "INTEGER" if _column(field).endswith("_minor") else "TEXT"


def _values(of: Any, fields: Iterable[str]) -> tuple[Any, ...]:
    """The values of an event's fields, in the types of OCEL."""
    return tuple(_value(field, getattr(of, field)) for field in fields)


def _value(field: str, value: Any) -> Any:
    if field in _AMOUNTS:
        return minor_units(value)
    return instant(value) if isinstance(value, datetime) else value


def _items_refunded(event: Event) -> Iterable[int]:
    """The numbers of the items that a refund was for."""
    if isinstance(event, e.PaymentRefunded):
        return dict.fromkeys(line.item for line in event.lines if line.item is not None)
    return ()


class _Rows:
    """Rows that wait to be written, by table."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._count = 0

    def add(self, table: str, *values: Any) -> None:
        self._waiting[table].append(values)
        self._count += 1

    def write_if_many(self) -> None:
        if self._count >= ROWS_HELD:
            self.write()

    def write(self) -> None:
        for table, rows in self._waiting.items():
            # A customer is added with each of the customer's orders.
            insert = "INSERT OR IGNORE" if table == "object" else "INSERT"
            self._connection.executemany(f"{insert} INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        self._waiting.clear()
        self._count = 0


class _OrderRows:
    """Turns one order's events into rows, with the rows of their items, payments and customer."""

    def __init__(self, rows: _Rows) -> None:
        self._rows = rows
        self._order: Order | None = None
        self._order_id = ""
        self._payments: dict[tuple[str, str | None], str] = {}
        self._told: dict[str, str | int] = {}
        self._rank = 0
        self._at: datetime | None = None

    def add(self, entries: Iterable[Entry]) -> None:
        for raw, record in entries:
            self._order = step(ORDER, self._order, record)
            self._order_id = f"order:{raw.order}"
            event_id, at = f"{LOG}:{raw.position}", self._time(record.event.occurred_at)
            self._add_event(event_id, at, raw, record.event)
            if isinstance(record.event, e.OrderCreated):
                self._add_new_order(at, self._order)
            kind, other = self._besides_the_order(at, raw, record.event, self._order)
            self._rows.add("event_object", event_id, self._order_id, "order")
            if other is not None:
                self._rows.add("event_object", event_id, other, kind)
            for item in _items_refunded(record.event):
                self._rows.add("event_object", event_id, f"item:{raw.order}:{item}", "item")
            self._add_changes(at, self._order)

    def _time(self, occurred_at: datetime) -> str:
        """The time with nine digits, of which the last three count the events of one instant."""
        self._rank = self._rank + 1 if occurred_at == self._at else 0
        self._at = occurred_at
        return f"{instant(occurred_at)[:-1]}{min(self._rank, _RANKS - 1):03d}Z"

    def _add_event(self, event_id: str, at: str, raw: RawRecord, event: Event) -> None:
        kind = type(event)
        of_every_event = (raw.version, raw.actor.decode(), raw.recorded_at.decode())
        self._rows.add("event", event_id, kind.__name__)
        self._rows.add(f"event_{kind.__name__}", event_id, at, *of_every_event, *_values(event, _OF_EVENTS[kind]))

    def _add_new_order(self, at: str, order: Order) -> None:
        self._told = {field: read(order) for field, read in _CHANGING.items()}
        row = (order.id, order.key, order.currency, *self._told.values())
        self._rows.add("object", self._order_id, "order")
        self._rows.add("object_order", self._order_id, at, None, *row)

    def _besides_the_order(self, at: str, raw: RawRecord, event: Event, order: Order) -> tuple[str, str | None]:
        """The type and the id of the other object that the event is about. Adds the rows of a new object."""
        match event:
            case e.OrderCreated() | e.CustomerChanged():
                return "customer", self._add_customer(event)
            case e.ItemAdded() | e.ItemQuantityChanged() | e.ItemChanged() | e.ItemRemoved():
                return "item", self._add_item(at, raw, event)
            case e.PaymentReceived():
                return "payment", self._add_payment(at, raw, event)
            case e.Moved():
                return "payment", self._payments.get((event.provider, order.payments[-1].payment))
        return "", None

    def _add_customer(self, event: e.OrderCreated | e.CustomerChanged) -> str | None:
        if event.customer_id is None:
            return None
        customer = f"customer:{event.customer_id}"
        self._add_part("customer", customer, "placed by")
        return customer

    def _add_part(self, kind: str, object_id: str, qualifier: str) -> None:
        self._rows.add("object", object_id, kind)
        self._rows.add("object_object", self._order_id, object_id, qualifier)

    def _add_item(self, at: str, raw: RawRecord, event: _OfAnItem) -> str:
        item = f"item:{raw.order}:{event.item}"
        if isinstance(event, e.ItemAdded):
            product = event.product or e.Product()
            amounts = _values(event, ("unit_price", "quantity", "shipping", "discount_amount"))
            self._add_part("item", item, "contains")
            self._rows.add("object_item", item, at, None, product.id, product.name, event.variant, *amounts)
        elif not isinstance(event, e.ItemRemoved):
            for field in _OF_EVENTS[type(event)]:
                self._change("item", item, at, field, _value(field, getattr(event, field)))
        return item

    def _add_payment(self, at: str, raw: RawRecord, event: e.PaymentReceived) -> str:
        assert self._order is not None
        payment = f"payment:{raw.order}:{raw.version}"
        self._payments[event.provider, event.reference] = payment
        told = structs.asdict(event) | {"currency": self._order.currency}
        self._add_part("payment", payment, "paid by")
        self._rows.add(
            "object_payment", payment, at, None, *(_value(field, told[field]) for field in _OF_OBJECTS["payment"])
        )
        return payment

    def _add_changes(self, at: str, order: Order) -> None:
        for field, read in _CHANGING.items():
            value = read(order)
            if value != self._told[field]:
                self._told[field] = value
                self._change("order", self._order_id, at, field, value)

    def _change(self, kind: str, object_id: str, at: str, field: str, value: str | int) -> None:
        row = (value if name == field else None for name in _OF_OBJECTS[kind])
        self._rows.add(f"object_{kind}", object_id, at, _column(field), *row)
