"""What happened to an order, and how did it look at an earlier time? Answered from the log's records alone, with their
digests checked."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from msgspec import Raw

from domain.access.state import KEY
from domain.aggregate import BrokenHistory, Event, Record, step
from domain.ledger import LOG, OrderLedger, must_be_whole
from domain.log.mapper import EventMapper
from domain.log.records import RawRecord
from domain.order import events as e
from domain.order.state import ORDER, Order, evolve
from domain.period.events import PeriodClosed
from domain.privacy.sealing import OpenedPart, Place, sealed_parts
from domain.refusals import OrderNotFound
from domain.topics import TOPICS, kind_of
from projections.orders.documents import encoded, render, staff_document, staff_fields
from projections.words import key_summary, period_summary, reconciliation_summary, summary

READ_RECORDS: Final = 100
# The name of each topic's events; the versions of a topic share it.
EVENT_NAMES: Final = {topic.name: topic.shape.__name__ for topic in TOPICS.values()}


class Entry(NamedTuple):
    """A record as it is stored, and the event in it."""

    raw: RawRecord
    record: Record


class HistoryReader:
    """Reads an order's history and describes it. Of sealed personal data it opens the parts that `opens` names."""

    def __init__(self, ledger: OrderLedger, opens: Collection[str] = ()) -> None:
        self._ledger = ledger
        self.opens = opens
        self._mapper = EventMapper(ledger.keys, opens=opens)
        # The orders with an opened part.
        self.opened: dict[str, None] = {}
        # The two facts about an order that its later events do not repeat; they never change.
        self._identity = lru_cache(maxsize=4096)(self._read_identity)

    def entries(self, uuid: UUID) -> list[Entry]:
        """An order's records, first to last. Raises OrderNotFound, and the errors of `iter_entries`."""
        found = list(self.iter_entries(uuid))
        if not found:
            raise OrderNotFound
        return found

    def iter_entries(self, uuid: UUID, until: int | None = None) -> Iterator[Entry]:
        """An order's records one by one, from the first to the version `until`, or to the last.

        Raises DamagedEvent, UnknownTopic, BrokenHistory, IncompleteHistory, and OrderNotFound where the history is no
        order's.
        """
        known = self._ledger.known_version(uuid)
        order: Order | None = None
        for raw in self._raws(uuid, until=until):
            entry = self.entry(raw)
            order = step(ORDER, order, entry.record)
            yield entry
        must_be_whole(uuid, order.version if order else 0, known if until is None else min(until, known))

    def first_and_last(self, uuid: UUID) -> tuple[Entry, Entry]:
        """An order's first record and its last one. Raises OrderNotFound, and the errors of `iter_entries`."""
        known = self._ledger.known_version(uuid)
        if not known:
            raise OrderNotFound
        log = self._ledger.log_of_events
        found = [raw for at in (1, known) for raw in log.raw_records_of(str(uuid), gt=at - 1, lte=at)]
        must_be_whole(uuid, found[-1].version if found else 0, known)
        return self.entry(found[0]), self.entry(found[-1])

    def page(self, uuid: UUID, after: int, limit: int) -> Iterator[Entry]:
        """An order's records behind a position, at most `limit`, one by one. Raises the errors of `iter_entries`."""
        known = self._ledger.known_version(uuid)
        version = self._ledger.log_of_events.version_of(uuid, until=after)
        last = min(known, version + limit)
        for raw in self._raws(uuid, after=version, until=last):
            version += 1
            if raw.version != version:
                raise BrokenHistory(f"order {uuid}: version {raw.version} stands where {version} should")
            yield self.entry(raw)
        must_be_whole(uuid, version, last)

    def _raws(self, uuid: UUID, *, until: int | None, after: int = 0) -> Iterator[RawRecord]:
        """The records behind one version up to another, some at a time. A single long query would stay unfinished while
        a caller holds an exception raised meanwhile. This thread would then go on seeing the log, access keys included,
        as of the query's begin."""
        while True:
            raws = self._ledger.log_of_events.raw_records_of(str(uuid), gt=after, lte=until, limit=READ_RECORDS)
            found = list(raws)
            self._mapper.prefetch_keys(found)
            yield from found
            if len(found) < READ_RECORDS:
                return
            after = found[-1].version

    def entry(self, raw: RawRecord) -> Entry:
        """An order's record. Raises the errors of `record`, and OrderNotFound where the record is no order's."""
        record = self.record(raw)
        if kind_of(record) is not ORDER:
            raise OrderNotFound
        return Entry(raw, record)

    def entries_of(self, raws: Iterable[RawRecord]) -> list[Entry]:
        """The orders' entries among these records; other records are only checked. Raises the errors of `record`."""
        raws = list(raws)
        self._mapper.prefetch_keys(raws)
        records = [(raw, self.record(raw)) for raw in raws]
        return [Entry(raw, record) for raw, record in records if kind_of(record) is ORDER]

    def record(self, raw: RawRecord) -> Record:
        """The record, read. Raises UnknownTopic, and DamagedEvent where its digest does not match."""
        record = self._mapper.read(raw)
        if self.opens and TOPICS[raw.topic].is_sealed:
            self.opened[raw.order] = None
        return record

    def opened_parts(self, entry: Entry) -> dict[str, OpenedPart | None]:
        """The sealed parts of an event that this reader opens, with their salts; None for an erased part."""
        raw, record = entry
        if not self.opens or self._mapper.sealing is None or not TOPICS[raw.topic].is_sealed:
            return {}
        place = Place(record.originator_id, record.originator_version, raw.topic)
        parts = self._mapper.sealing.opened_parts(raw.payload, place)
        return {part: shown for part, shown in parts.items() if part in self.opens}

    def unopened_parts(self, entry: Entry) -> list[str]:
        """The sealed parts of an event that this reader does not open."""
        if not TOPICS[entry.raw.topic].is_sealed:
            return []
        return [part for part in sealed_parts(entry.raw.payload) if part not in self.opens]

    def _read_identity(self, uuid: str) -> tuple[int | None, str]:
        """An order's integer id and currency."""
        for raw in list(self._ledger.log_of_events.raw_records(originator_id=UUID(uuid), limit=1)):
            event = self.entry(raw).record.event
            if isinstance(event, e.OrderCreated):
                return event.id, event.currency
        return None, ""

    def audit_event(self, raw: RawRecord) -> dict[str, Any]:
        """Any record of the log, as the audit feed shows it. Raises the errors of `record`."""
        record = self.record(raw)
        if kind_of(record) is ORDER:
            return self.order_event(Entry(raw, record))
        nobody = {"order": None, "order_id": None}
        if kind_of(record) is KEY:
            subject = nobody | {"access_key": getattr(record.event, "name", None)}
            return _audit_event(raw, record.event, subject, key_summary(record.event))
        if isinstance(record.event, PeriodClosed):
            return _audit_event(
                raw, record.event, nobody | {"period": record.event.month}, period_summary(record.event)
            )
        document = _audit_event(
            raw, record.event, nobody | {"reconciliation": raw.order}, reconciliation_summary(record.event)
        )
        return document | self._personal(Entry(raw, record))

    def order_event(self, entry: Entry) -> dict[str, Any]:
        """An order's record as the audit feed shows it (the contract's section Audit), with a summary in words."""
        raw, record = entry
        order_id, currency = self._identity(raw.order)
        subject = {"order": raw.order, "order_id": order_id}
        document = _audit_event(
            raw, record.event, subject, summary(record.event, currency, is_sealed=TOPICS[raw.topic].is_sealed)
        )
        return document | self._personal(entry)

    def _personal(self, entry: Entry) -> dict[str, Any]:
        """The field `personal`: the text of each opened part, None for an erased one. No field where the reader opens
        no part."""
        if not self.opens:
            return {}
        shown = self.opened_parts(entry).items()
        return {"personal": {part: None if text is None else Raw(text.text) for part, text in shown}}


def _audit_event(raw: RawRecord, event: Event, subject: dict[str, Any], in_words: str) -> dict[str, Any]:
    return {
        "log": LOG,
        "position": raw.position,
        **subject,
        "version": raw.version,
        "type": EVENT_NAMES[raw.topic.decode()],
        "topic": raw.topic.decode(),
        "occurred_at": event.occurred_at,
        "recorded_at": _moment(raw.recorded_at),
        "actor": raw.actor.decode(),
        "request_id": _text(raw.request_id),
        "idempotency_key": _text(raw.idempotency_key),
        "summary": in_words,
        "data": Raw(raw.payload),
        "digest": raw.digest.hex(),
    }


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _moment(text: bytes) -> datetime:
    return datetime.fromisoformat(text.decode())


def as_of(entries: Iterable[Entry]) -> tuple[Order, Entry] | None:
    """The order that these records make, and the last of them; None where the order's first record is not among them.

    Does not check as `step` does: selected by time of occurrence, a record between two others can be missing.
    """
    order: Order | None = None
    last: Entry | None = None
    for entry in entries:
        if order is None and entry.record.originator_version > 1:
            return None
        order, last = evolve(order, entry.record), entry
    return (order, last) if order is not None and last is not None else None


DOCUMENTS: Final[dict[str, Callable[[Order], bytes]]] = {
    "staff": staff_document,
    "shop": lambda order: render(order, order.totals).shop,
    "storefront": lambda order: render(order, order.totals).storefront,
}


def changes(reading: HistoryReader, entries: Iterable[Entry], first: int, last: int) -> Iterator[list[dict[str, Any]]]:
    """For each version behind `first` up to `last`, the fields of the order document that its event changed.

    Computed fields are included. A sealed part that is not opened is listed as `personal.contact`, from null to null.
    Version 0 is the order before its creation. The entries are an order's, from its first on. They are read one by one,
    so the caller can stop and later go on from the version reached.
    """
    order: Order | None = None
    before: dict[str, Any] = {}
    for entry in entries:
        version = entry.raw.version
        if version > last:
            return
        order = evolve(order, entry.record)
        if version < first:
            continue
        after = staff_fields(order)
        if version > first:
            differences = [
                *_differences(*(_leaves(part, order.digits) for part in _parts(before, after))),
                *((f"personal.{part}", None, None) for part in reading.unopened_parts(entry)),
            ]
            why = _why(reading.order_event(entry)) if differences else {}
            yield [{"field": field, "from": was, "to": now, **why} for field, was, now in differences]
        before = after


_SHOWN_OF_A_CHANGE: Final = (
    "version",
    "position",
    "type",
    "summary",
    "actor",
    "request_id",
    "occurred_at",
    "recorded_at",
)


def _why(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in _SHOWN_OF_A_CHANGE}


def _parts(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields in which two documents differ, from each of the two. An item stands under its number, `items[3]`."""
    return _apart(before, after), _apart(after, before)


def _apart(these: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """The fields of one document that are missing or different in the other."""
    found: dict[str, Any] = {}
    for name, value in these.items():
        if name == "items":
            found |= {f"items[{item.id}]": item for _, item in _between(value, others.get(name, ()))}
        elif name == "payments":
            found |= {f"payments[{i}]": payment for i, payment in _between(value, others.get(name, ()))}
        elif name not in others or value != others[name]:
            found[name] = value
    return found


def _between(these: tuple[Any, ...], others: tuple[Any, ...]) -> list[tuple[int, Any]]:
    """The elements between the common beginning and the common end of two sequences, each with its index.

    Compares by identity: a fold keeps the very objects that it does not change.
    """
    if these is others:
        return []
    shorter = min(len(these), len(others))
    start = next((i for i in range(shorter) if these[i] is not others[i]), shorter)
    end = next((i for i in range(shorter - start) if these[-1 - i] is not others[-1 - i]), shorter - start)
    return [(i, these[i]) for i in range(start, len(these) - end)]


def _leaves(fields: dict[str, Any], digits: int) -> dict[str, Any]:
    """The leaves of fields by their paths, as the order document prints them."""
    return _flat(json.loads(encoded(fields, digits), parse_float=Decimal))


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict) and value:
        return {
            where: leaf
            for name, inner in value.items()
            for where, leaf in _flat(inner, f"{path}.{name}" if path else name).items()
        }
    if isinstance(value, list) and value:
        return {where: leaf for i, inner in enumerate(value) for where, leaf in _flat(inner, f"{path}[{i}]").items()}
    return {path: None if value in ({}, []) else value}


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [
        (field, before.get(field), after.get(field))
        for field in dict.fromkeys([*before, *after])
        if field != "version" and before.get(field) != after.get(field)
    ]
