"""Which data does the ledger have of a customer? All of them, as one zip: for the customer to read, and for other
programs.

`index.html` is for people. Beside it stand, as JSON, the order documents, every event in words with its personal data,
the payments, the erasures, and until when each part is kept. Decisions on the payments in reconciliations are among the
events, where they are about this customer's alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from domain.ledger import OrderLedger
from domain.order.personal import PARTS
from domain.order.state import Order
from domain.privacy.periods import RetentionPeriods
from projections import privacy
from projections.history import HistoryReader
from projections.orders.documents import staff_document
from projections.views.views import Views

_encode: Final = msgspec.json.Encoder().encode
_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}"
)


def export_person(
    ledger: OrderLedger, views: Views, customer_id: int, orders: Sequence[Order], keep: RetentionPeriods
) -> bytes:
    """The zip. Raises the errors of `HistoryReader.iter_entries`."""
    reading = HistoryReader(ledger, PARTS)
    events = [reading.order_event(entry) for order in orders for entry in reading.iter_entries(order.uuid)]
    events += map(reading.audit_event, privacy.decided_on(ledger, views, {event["position"] for event in events}))
    documents = [msgspec.json.decode(staff_document(order)) for order in orders]
    kept = list(privacy.retained_parts(ledger, orders, keep))
    erasures = privacy.erasures(ledger, [str(order.uuid) for order in orders])
    payments = [{"order": document["id"], **payment} for document in documents for payment in document["payments"]]
    parts = {
        "index.html": _page(customer_id, documents, events, kept).encode(),
        "orders.json": _encode(documents),
        "events.json": _encode(events),
        "payments.json": _encode(payments),
        "erasures.json": _encode(erasures),
        "kept.json": _encode(kept),
    }
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _page(
    customer_id: int, documents: Sequence[dict[str, Any]], events: Sequence[dict[str, Any]], kept: Sequence[Any]
) -> str:
    """All data on one HTML page, without scripts and without external resources."""
    events_of, kept_of = _by(events, "order_id"), _by(kept, "order")
    lines = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Customer {customer_id}</title>",
        f"<style>{_STYLE}</style>",
        f"<h1>What is kept of customer {customer_id}</h1>",
    ]
    for document in documents:
        lines.append(f"<h2>Order {document['id']} of {escape(str(document['created_at']))}</h2><table>")
        lines += [_row(name, value) for name, value in _shown(document)]
        lines.append("</table><h3>What happened</h3><table>")
        lines += _happened(events_of[document["id"]])
        lines.append("</table><h3>Until when it is kept</h3><table>")
        lines += [_row(each["part"], _until(each)) for each in kept_of[document["id"]]]
        lines.append("</table>")
    if decisions := events_of[None]:
        lines += ["<h2>Decisions on payments</h2><table>", *_happened(decisions), "</table>"]
    return "\n".join([*lines, "</html>\n"])


def _happened(events: Iterable[dict[str, Any]]) -> Iterator[str]:
    for event in events:
        yield _row(msgspec.to_builtins(event["occurred_at"]), event["summary"])
        yield from (_row("", f"{name}: {value}") for name, value in _personal(event))


def _by(things: Sequence[dict[str, Any]], name: str) -> defaultdict[Any, list[dict[str, Any]]]:
    found: defaultdict[Any, list[dict[str, Any]]] = defaultdict(list)
    for thing in things:
        found[thing[name]].append(thing)
    return found


def _until(each: dict[str, Any]) -> str:
    return "erased" if each["until"] is None else f"{each['state']} until {msgspec.to_builtins(each['until'])[:10]}"


def _row(name: str, value: Any) -> str:
    return f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>"


def _personal(event: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """An event's personal data, by field, also those that the order has no more or its document lacks. Without sealed
    parts, they are read from the event's data."""
    parts = event["personal"]
    for text in parts.values() if parts else [event["data"]]:
        of_event = {} if text is None else msgspec.json.decode(text)
        yield from _shown({name: of_event[name] for name in ("reason",) if name in of_event})
        yield from _shown(of_event.get("personal", {}))


def _shown(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A document's fields that are not null; fields of nested objects by their paths."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", of) for inner, of in _shown(value))
        elif isinstance(value, list):
            for i, each in enumerate(value, 1):
                fields = _shown(each) if isinstance(each, dict) else [("", each)]
                yield from ((f"{name}.{i}.{inner}".rstrip("."), of) for inner, of in fields)
        elif value is not None:
            yield name, value
