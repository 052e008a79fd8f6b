"""What do followers of the log receive live? Frames of server-sent events, each with its position as id.

Auditors receive every record as the audit feed shows it. A customer receives each change of their orders, as the
storefront showed the order after it. The events of one command are one change, since nobody ever saw the order in
between. Of a deleted order the customer receives the deletion only, and none of the changes before.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterable, Set
from contextlib import closing, suppress
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import msgspec
from eventsourcing.persistence import PersistenceError

from domain.aggregate import BrokenHistory
from domain.ledger import LOG, OrderLedger
from domain.log.records import RawRecord, uuid_of
from domain.log.sqlite import sqlite3
from domain.order.state import Order, evolve, without
from domain.refusals import OrderNotFound
from projections.history import DOCUMENTS, HistoryReader
from projections.orders.list import changed_uuids, owner_and_status
from projections.orders.table import kept_state
from projections.views.views import Views, ViewsUnavailable

# The most records, and the most bytes of their payloads, that are read at once.
RECORDS_MAX: Final = 250
PAYLOADS_BYTES_MAX: Final = 256 * 1024
# The number of orders whose states are kept in memory, so that a long history is not read again for each event.
_ORDERS_MAX: Final = 256
_DELETED: Final = "deleted"
# Decimals, which are amounts, are written as exact JSON numbers.
_encode = msgspec.json.Encoder(decimal_format="number").encode
_log = logging.getLogger("order_ledger")


class LiveFrames:
    """Makes the frames. Several threads use it, each for a span of the log of its own."""

    def __init__(self, ledger: OrderLedger, views: Views) -> None:
        self._ledger = ledger
        self._views = views
        self._reading = HistoryReader(ledger)
        self._orders: OrderedDict[UUID, Order] = OrderedDict()
        if ledger.keys is not None:
            ledger.keys.on_forgotten.append(self.forget)

    def forget(self) -> None:
        self._orders.clear()

    def records(self, after: int, until: int) -> tuple[list[RawRecord], int]:
        """The records of a span, as many as are read at once, and the position up to which they are complete."""
        with closing(self._ledger.log_of_events.raw_records(after=after, until=until, limit=RECORDS_MAX)) as coming:
            return _some(coming, until)

    def frames_behind(self, after: int, until: int, customer_id: int | None) -> tuple[int, bytes]:
        """One follower's frames for a span that was not read for all followers, and the position reached. An auditor
        has no customer's id. Raises the errors of `HistoryReader.audit_event`, and ViewsUnavailable."""
        if customer_id is None:
            raws, reached = self.records(after, until)
            return reached, self.audit_frames(raws)
        until = min(until, self._views.position())
        if until <= after:
            return after, b""
        orders = changed_uuids(self._views.reader, customer_id, after)
        coming = self._ledger.log_of_events.raw_records_elsewhere(orders, 1, after, until, limit=RECORDS_MAX)
        raws, reached = _some(coming, until)
        return reached, self.customer_frames(raws, {customer_id}).get(customer_id, b"")

    def audit_frames(self, raws: Iterable[RawRecord]) -> bytes:
        """The auditors' frames of these records. Raises the errors of `HistoryReader.audit_event`."""
        return b"".join(_frame(raw.position, _encode(self._reading.audit_event(raw))) for raw in raws)

    def customer_frames(self, raws: Iterable[RawRecord], customers: Set[int | None]) -> dict[int | None, bytes]:
        """The frames of changes in these customers' orders, by customer."""
        told: dict[int | None, list[bytes]] = {}
        if not customers - {None}:
            return {}
        groups = [list(group) for _, group in groupby(raws, key=_command)]
        for group in groups:
            found = self._change(group, customers)
            if found is not None and not (group is groups[-1] and self._goes_on(group[-1])):
                told.setdefault(found[0], []).append(found[1])
        return {customer_id: b"".join(frames) for customer_id, frames in told.items()}

    def _change(self, raws: list[RawRecord], customers: Set[int | None]) -> tuple[int, bytes] | None:
        """The frame of one command's change, with its customer's id; None where the order is none of these
        customers'."""
        last = raws[-1]
        known = self._owner_and_status(last.order)
        if known is not None and known[0] not in customers and (known[0] >= 0 or self._are_fed(last.position)):
            return None
        order = self._order(raws)
        order = order and without(order, self._restricted(order))
        customer_id = None if order is None else order.customer_id
        if order is None or customer_id is None or customer_id not in customers:
            return None
        if order.status == _DELETED:
            return customer_id, _frame(last.position, _encode({"id": order.uuid}), event=b"event: deleted\n")
        if known is not None and known[1] == _DELETED:
            return None
        return customer_id, _frame(last.position, DOCUMENTS["storefront"](order))

    def _goes_on(self, raw: RawRecord) -> bool:
        """Whether the record's command has a later event of the order: the change is then told with that one."""
        coming = self._ledger.log_of_events.raw_records_of(raw.order, gt=raw.version, lte=raw.version + 1)
        return _command(raw) in map(_command, coming)

    def _are_fed(self, position: int) -> bool:
        """Whether the views have reached a position: else they may not know who was given a guest's order."""
        with suppress(ViewsUnavailable, sqlite3.Error):
            return self._views.position() >= position
        return False

    def _owner_and_status(self, uuid: str) -> tuple[int, str] | None:
        with suppress(ViewsUnavailable, sqlite3.Error):
            return owner_and_status(self._views.reader, uuid)
        return None

    def _restricted(self, order: Order) -> tuple[str, ...]:
        """The parts of the order's personal data that an erasure behind this version has restricted."""
        with suppress(ViewsUnavailable, sqlite3.Error):
            kept = kept_state(self._views.reader, str(order.uuid))
            latest = kept.order(kept.digest) if kept is not None and kept.version > order.version else None
            return () if latest is None else latest.restricted
        return ()

    def _order(self, raws: list[RawRecord]) -> Order | None:
        """The order after these records; None where they are no order's, or cannot be read."""
        try:
            return self._folded(raws)
        except OrderNotFound:
            return None
        except (PersistenceError, BrokenHistory, ValueError) as error:
            _log.error("a customer is not told of position %d: %s", raws[-1].position, error)
            return None

    def _folded(self, raws: list[RawRecord]) -> Order:
        uuid, version = uuid_of(raws[-1].originator_id), raws[-1].version
        order = self._orders.pop(uuid, None)
        if order is not None and order.version == raws[0].version - 1:
            for raw in raws:
                order = evolve(order, self._ledger.mapper.read(raw))
        else:
            order = self._ledger.order(uuid, version)
        self._orders[uuid] = order
        while len(self._orders) > _ORDERS_MAX:
            self._orders.popitem(last=False)
        return order


def _command(raw: RawRecord) -> tuple[Any, ...]:
    """The order and the command of a record."""
    return raw.originator_id, raw.recorded_at, raw.request_id


def _some(coming: Iterable[RawRecord], until: int) -> tuple[list[RawRecord], int]:
    """The first of these records, and the position up to which they are complete."""
    raws: list[RawRecord] = []
    size = 0
    for raw in coming:
        raws.append(raw)
        size += len(raw.payload)
        if len(raws) == RECORDS_MAX or size > PAYLOADS_BYTES_MAX:
            return raws, raw.position
    return raws, until


def _frame(position: int, data: bytes, *, event: bytes = b"") -> bytes:
    """A frame of `text/event-stream`. The data need no escaping: JSON has no line breaks."""
    return b"%sid: %s:%d\ndata: %s\n\n" % (event, LOG.encode(), position, data)
