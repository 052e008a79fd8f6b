"""Exports orders for another ledger. Each order is one line with its history, in the import's format.

The line is made of the order's events. The events of the order's creation make the line's body; each later event is an
entry of its history. A command's changes to the order's details are one entry, since a part of them might not be
allowed alone. The actor and the recording time belong to the ledger that recorded them, and are not exported. An order
with erased personal data is left out: its earlier state must not come back.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any, BinaryIO, Final

import msgspec
from msgspec import to_builtins
from msgspec.structs import asdict

from domain.aggregate import Event, step
from domain.log.log import Log
from domain.log.records import RawRecord
from domain.order import events as e
from domain.order.movements import EFFECTS, KIND_OF, original_time
from domain.order.state import ORDER, Order
from projections.exports.events import histories
from projections.history import Entry, HistoryReader

# The events of the command that creates an order, and of the one that changes its details, each in the order in which
# the command makes them.
_OF_CREATION: Final = (
    e.ItemAdded,
    e.VoucherApplied,
    e.RecipientChanged,
    e.ChargesChanged,
    e.ExternalIdsChanged,
    e.MetadataChanged,
)
_OF_DETAILS: Final = (
    e.NotesChanged,
    e.BillingChanged,
    e.RecipientChanged,
    e.PaymentMethodChanged,
    e.MetadataChanged,
    e.ExternalIdsChanged,
    e.ShippingChanged,
    e.VoucherApplied,
    e.ChargesChanged,
)
# Applying and removing the voucher share a place: one command does only one of them.
_PLACES: Final = {shape: place for place, shape in enumerate(_OF_DETAILS)} | {
    e.VoucherRemoved: _OF_DETAILS.index(e.VoucherApplied)
}
_encode: Final = msgspec.json.Encoder().encode

JsonObject = dict[str, Any]


def export_orders(
    log: Log, reading: HistoryReader, file: BinaryIO, *, head: int, progress: Callable[[int, int], None]
) -> int:
    """Writes the orders as of the position `head`, one a line. Returns the number of orders left out.

    Raises RecordMissing, and the errors of `HistoryReader.entries_of` and of the order's fold for a record that is
    damaged or unknown.
    """
    left_out = 0
    for raws in histories(log, head, progress):
        entries = reading.entries_of(raws)
        if any(isinstance(entry.record.event, e.PersonalErased) for entry in entries):
            left_out += 1
        elif entries:
            file.write(_encode(line_of(entries)) + b"\n")
    return left_out


def line_of(entries: list[Entry]) -> JsonObject:
    """An order's records as one line of an import."""
    first, *rest = entries
    created = first.record.event
    assert isinstance(created, e.OrderCreated)
    beginning = list(_beginning(first, rest))
    line = _body(created) | {"uuid": str(first.record.originator_id), "items": []}
    for entry in beginning:
        _add(line, entry.record.event)
    order: Order | None = None
    for entry in (first, *beginning):
        order = step(ORDER, order, entry.record)
    assert order is not None
    return line | {"history": list(_history(order, rest[len(beginning) :]))}


def _beginning(first: Entry, rest: Iterable[Entry]) -> Iterator[Entry]:
    """The records behind the first that the command creating the order made."""
    last = 0
    for entry in takewhile(lambda entry: _command(entry) == _command(first), rest):
        shape = type(entry.record.event)
        place = _OF_CREATION.index(shape) if shape in _OF_CREATION else -1
        if place < last or (place == last and place > 0):
            return
        last = place
        yield entry


def _command(entry: Entry) -> tuple[Any, ...]:
    """The fields that all records of one command share."""
    raw: RawRecord = entry.raw
    return entry.record.event.occurred_at, raw.recorded_at, raw.actor, raw.request_id, raw.idempotency_key


def _body(event: e.OrderCreated) -> JsonObject:
    personal = event.personal
    customer = {"id": event.customer_id, **to_builtins(personal.customer)}
    return {
        "id": event.id,
        "key": event.key,
        "created_at": event.occurred_at,
        "currency": event.currency,
        "customer": customer if event.customer_id is not None or len(customer) > 1 else None,
        "payment_method": to_builtins(event.payment_method),
        "shipping_method": to_builtins(event.shipping_method),
        "shipping_cost": event.shipping_cost,
        "notes": personal.notes,
        **_address("billing", personal.billing),
    }


def _address(of: str, address: e.Billing) -> JsonObject:
    return {f"{of}_{name}": to_builtins(value) for name, value in asdict(address).items()}


def _add(line: JsonObject, event: Event) -> None:
    """Adds the fields of an event of the order's creation to the line's body."""
    match event:
        case e.ItemAdded():
            line["items"].append(_item(event))
        case e.MetadataChanged():
            if event.personal.metadata is not None:
                line["metadata"] = event.personal.metadata
            for number, metadata in event.personal.items.items():
                line["items"][number - 1]["metadata"] = metadata
        case e.ExternalIdsChanged():
            line["external_ids"] = event.given | event.given_again
        case _:
            line.update(_details(event, None))


def _item(event: e.ItemAdded) -> JsonObject:
    said: JsonObject = to_builtins(event)
    del said["occurred_at"], said["item"]
    return said


def _details(event: Event, after: Order | None) -> JsonObject:
    """The fields of the order's details that an event changed, with their values after it."""
    if isinstance(event, e.ExternalIdsChanged):
        assert after is not None
        return {"external_ids": after.external_ids or {}}
    return _DETAILS[type(event)](event)


_DETAILS: Final[dict[type[Event], Callable[[Any], JsonObject]]] = {
    e.NotesChanged: lambda event: {"notes": event.personal.notes},
    e.BillingChanged: lambda event: _address("billing", event.personal.billing),
    e.RecipientChanged: lambda event: _address("shipping", event.personal.shipping),
    e.PaymentMethodChanged: lambda event: {"payment_method": to_builtins(event.payment_method)},
    e.MetadataChanged: lambda event: {"metadata": event.personal.metadata},
    e.ShippingChanged: lambda event: {
        "shipping_method": to_builtins(event.shipping_method),
        "shipping_cost": event.shipping_cost,
    },
    e.VoucherApplied: lambda event: {"voucher": {"code": event.code, "discount_amount": event.discount_amount}},
    e.VoucherRemoved: lambda _: {"voucher": None},
    e.ChargesChanged: lambda event: {"charges": to_builtins(event.charges)},
}


def _history(order: Order, entries: Iterable[Entry]) -> Iterator[JsonObject]:
    """The entries of the history behind an order's creation."""
    waiting: JsonObject = {}  # the entry of details, while the events of its command go on
    command: tuple[Any, ...] = ()
    place = -1
    for entry in entries:
        event = entry.record.event
        order = step(ORDER, order, entry.record)
        at = {
            "at": order.updated_at
        }  # its own time, but behind an entry that was dated ahead: times never go back there
        of_items = isinstance(event, e.MetadataChanged) and event.personal.items
        here = -1 if of_items else _PLACES.get(type(event), -1)
        is_of_details = here >= 0
        if waiting and not (is_of_details and _command(entry) == command and here > place):
            yield waiting
            waiting = {}
        place = here
        if is_of_details:
            command = _command(entry)
            waiting = (waiting or at | {"type": "details"}) | _details(event, order)
        else:
            yield from ({**at, **said} for said in _history_entries(event, order))
    if waiting:
        yield waiting


def _history_entries(event: Event, after: Order) -> Iterator[JsonObject]:
    """The history entries of an event, one or more. `after` is the order behind it."""
    match event:
        case e.ItemAdded():
            yield {"type": "item_added", **_item(event)}
        case e.ItemQuantityChanged() | e.ItemChanged():
            yield {"type": "item_changed", **_fields(event)}
        case e.ItemRemoved():
            yield {"type": "item_removed", "item": event.item}
        case e.MetadataChanged():
            for number, metadata in event.personal.items.items():
                yield {"type": "item_changed", "item": number, "metadata": metadata}
        case e.CustomerChanged():
            yield {"type": "customer", "id": event.customer_id, **_of_everyone, **to_builtins(event.personal.customer)}
        case e.StatusChanged():
            yield {"type": "status", **_fields(event)}
        case e.Moved():
            yield {"type": KIND_OF[type(event)], **_movement(event, after)}


# A detail that the event lacks is null, so that the import does not keep the guest's.
_of_everyone: Final = dict.fromkeys(e.CustomerDetails.__struct_fields__)


def _fields(event: Event) -> JsonObject:
    said: JsonObject = to_builtins(event)
    del said["occurred_at"]
    return said


def _movement(event: e.Moved, after: Order) -> Mapping[str, Any]:
    said = _fields(event)
    said.pop("number", None)
    *before, made = after.payments
    first = original_time(made.kind, made.provider, made.of, before, made.at)
    if made.at == after.updated_at or made.at < first:
        said.pop(EFFECTS[made.kind].at, None)  # the entry's own time stands for it; one before the other's is refused
    if isinstance(event, e.PaymentVoided):
        del said["amount"]
    if said.pop("forced", False):
        said["force"] = True
    return said
