"""An order imported with its history: one line of an import, decided by the same rules as any other order."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from msgspec.structs import replace

from domain.aggregate import Record
from domain.faults import invalid
from domain.misfits import Fault
from domain.order import commands
from domain.order import events as e
from domain.order.decide import create, decide, to_records, utc
from domain.order.state import Order
from domain.refusals import InvalidField, Refusal

C = TypeVar("C", bound=commands.Command)


class AcceptedLine(NamedTuple):
    """A line that was accepted and is not recorded yet: the order and its records. The fingerprint is of the line's
    bytes; a repeated line is recognised by it."""

    order: Order
    records: Sequence[Record]
    fingerprint: bytes | None = None

    def numbered(self, order_id: int) -> "AcceptedLine":
        """The line with this integer id for its order."""
        first = self.records[0]
        assert isinstance(first.event, e.OrderCreated)
        begun = replace(first, event=replace(first.event, id=order_id))
        return self._replace(order=replace(self.order, id=order_id), records=[begun, *self.records[1:]])


def import_order(
    command: commands.ImportOrder, *, uuid: UUID, order_id: int, key: str, currency_default: str, now: datetime
) -> AcceptedLine:
    """The order with its history: each entry is decided like a command given at the entry's time.

    A line without `created_at` creates its order at the time of the history's first entry.

    Raises InvalidField with every field at fault, or a Refusal that names the first refused entry.
    """
    times, faults = _times(command, now)
    try:
        events = create(command, order_id=order_id, key=key, currency_default=currency_default, now=times[0])
    except InvalidField as refusal:
        raise invalid([*faults, *refusal.faults]) from None
    order, records = to_records(None, uuid, events)
    for i, (entry, at) in enumerate(zip(command.history, times[1:], strict=True)):
        try:
            order, more = to_records(order, uuid, decide(order, _command(entry), at))
            records += more
        except InvalidField as refusal:
            faults += [(f"history[{i}].{field}", message) for field, message in refusal.faults]
        except Refusal as refusal:
            if not faults:  # else the faults before may be its cause
                refusal.detail = f"history[{i}]: {refusal.detail}"
                raise
    if faults:
        raise invalid(faults)
    return AcceptedLine(order, records)


def _times(command: commands.ImportOrder, now: datetime) -> tuple[list[datetime], list[Fault]]:
    """The time of the order's creation and of each history entry, and the faults of these times. A wrong time is
    replaced by the one before."""
    times: list[datetime] = []
    faults: list[Fault] = []
    last: datetime | None = None
    if command.created_at is not None or not command.history:
        last = _time(command.created_at, "created_at", None, now, faults)
        times.append(last or now)
    for i, entry in enumerate(command.history):
        last = _time(entry.at, f"history[{i}].at", last, now, faults)
        times += [last or now] * (2 if not times else 1)  # also the order's, without `created_at`
    return times, faults


def _time(
    given: datetime | None, field: str, last: datetime | None, now: datetime, faults: list[Fault]
) -> datetime | None:
    """A time in UTC; the time before it where it is wrong."""
    try:
        at = utc(given, now, field)
    except InvalidField as refusal:
        faults += refusal.faults
        return last
    if last is not None and at < last:
        faults.append((field, "earlier than what stands before it; the history goes oldest first"))
        return last
    return at


def _command(entry: commands.Past) -> commands.Command:
    """The command of a history entry: most entries are commands themselves, given at a time."""
    made = _COMMANDS.get(type(entry))
    return entry if made is None else made(entry)


def _part(entry: commands.Command, shape: type[C]) -> C:
    return shape(**{name: getattr(entry, name) for name in shape.__struct_fields__})


# The entries that are no commands themselves: the command also has a name from the address, or has more fields.
_COMMANDS: Final[dict[type[commands.Command], Callable[[Any], commands.Command]]] = {
    commands.PastItemChange: lambda entry: commands.ChangeItem(
        item=entry.item, changed=_part(entry, commands.ChangedItem)
    ),
    commands.PastChargeChange: lambda entry: commands.ChangeCharge(
        charge=entry.charge, changed=_part(entry, commands.ChangedCharge)
    ),
    commands.PastCharge: lambda entry: _part(entry, commands.AddCharge),
    commands.PastCharges: lambda entry: commands.ChangeOrder(charges=entry.charges),
    commands.PastVoucher: lambda entry: commands.ChangeOrder(voucher=entry.voucher),
    commands.PastCustomer: lambda entry: _part(entry, commands.GiveToCustomer),
}
