"""An order that comes with its history: one line of an import, by the same rules as any other order."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from domain.aggregate import Record
from domain.order import commands
from domain.order import events as e
from domain.order.decide import create, decide, place, utc
from domain.order.state import Order
from domain.refusals import InvalidField, Refusal


class Line(NamedTuple):
    """A line that was taken, as long as it is not recorded: the order and its history. The fingerprint is of the line's
    bytes, by which it is known again."""

    order: Order
    records: Sequence[Record]
    fingerprint: bytes | None = None

    def numbered(self, order_id: int) -> "Line":
        """The line as an order of this integer id."""
        first = self.records[0]
        assert isinstance(first.event, e.OrderCreated)
        begun = replace(first, event=replace(first.event, id=order_id))
        return self._replace(order=replace(self.order, id=order_id), records=[begun, *self.records[1:]])


def import_order(
    command: commands.ImportOrder,
    *,
    uuid: UUID,
    order_id: int,
    key: str,
    currency_default: str,
    now: datetime,
) -> Line:
    """The order with its history: each entry is decided like a command that was given at its time.

    Raises a Refusal that names the entry.
    """
    at = utc(command.created_at, now, "created_at")
    events = create(command, order_id=order_id, key=key, currency_default=currency_default, now=at)
    order, records = place(None, uuid, events)
    for i, entry in enumerate(command.history):
        previous, at = at, utc(entry.at, now, f"history[{i}].at")
        if at < previous:
            raise InvalidField(f"history[{i}].at", "earlier than what stands before it; the history goes oldest first")
        try:
            order, more = place(order, uuid, decide(order, entry, at))
        except InvalidField as refusal:
            first, *others = ((f"history[{i}].{field}", message) for field, message in refusal.faults)
            raise InvalidField(*first, *others) from None
        except Refusal as refusal:
            refusal.detail = f"history[{i}]: {refusal.detail}"
            raise
        records += more
    return Line(order, records)
