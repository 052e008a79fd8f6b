"""What do the orders come to in a bookkeeper's accounts? The log to one fixed position, as a Beancount file.

An order has a balance in each account, and it is a function of the order as it stands:

    Assets:Receivable:Orders     what is outstanding: its total less what was received and not refunded
    Liabilities:Customers        what was received beyond the total, as a negative number like all that is owed
    Assets:Providers:<provider>  payments less refunds by that provider: what it holds, until it pays out
    Income:Sales                 unit prices by quantity, negative as income is
    Income:Shipping              the order's shipping and its items', negative
    Income:Discounts             its items' discounts, positive: less income
    Income:Vouchers              its voucher, positive

Income less discounts is the total, and the total is either received, which the providers hold, or outstanding; so an
order's balances always add up to nothing, and so does every change of them. A transaction is such a change: that of the
events of one instant together (an order is created with its items in one), each payment and each refund by itself:

    created, items, voucher, shipping   receivable against income: an order is booked when it is placed, as an invoice
    payment                             provider against receivable, and against customers where it is more than due
    refund                              the other way round: what was given back is outstanding again, as in the lists
    cancelled, refunded, deleted        receivable against income: the order's total is nothing now, as it takes no
                                        payment any more; what was received and not yet refunded is owed to customers
    any other event                     none

Whoever counts revenue on delivery moves it on from Income, and whoever refunds out of goodwill writes off what that
leaves outstanding: the ledger does not know that it was.

A payment or refund is booked on the day it was received or refunded, all else on the day it occurred, in the
configured zone. Beancount sorts by day itself, so transactions stand order by order, and the directives that open the
accounts, each on the first day it is used, stand at the end: memory does not grow with the log. Each transaction names
the `position` of its last event. Personal data is left out.

What providers keep and pay out (fees, chargebacks, payouts) is no order's event. It is known to reconciliations, whose
transactions move it on from Assets:Providers.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from itertools import groupby, pairwise
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from domain import events as e
from domain.money import decimal_text, digits_of
from domain.order import UNPAYABLE, Order, Payment, step
from domain.recorder import RawRecord, SQLiteRecorder
from projections.exporting import RecordMissing
from projections.history import Entry, Reading, summary
from projections.orders import microseconds
from projections.payments import MOVEMENTS, local_day

RECEIVABLE: Final = "Assets:Receivable:Orders"
CUSTOMERS: Final = "Liabilities:Customers"
SALES: Final = "Income:Sales"
SHIPPING: Final = "Income:Shipping"
DISCOUNTS: Final = "Income:Discounts"
VOUCHERS: Final = "Income:Vouchers"
EVENTS_TOLD_MAX: Final = 3
_PLAIN: Final = re.compile(r"[a-z0-9]+")
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9]+")
_STEM_LETTERS_MAX: Final = 40
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def balances(order: Order) -> Mapping[str, int]:
    """An order's balance in each account, in minor units of its currency. They add up to nothing."""
    totals = order.totals
    found: defaultdict[str, int] = defaultdict(int)
    total = 0
    if order.status not in UNPAYABLE:
        total = totals.total
        found[SALES] = -totals.items_subtotal
        found[SHIPPING] = -totals.shipping
        found[DISCOUNTS] = totals.items_discount
        found[VOUCHERS] = totals.total_discount - totals.items_discount
    found[RECEIVABLE] = max(0, total - totals.paid)
    found[CUSTOMERS] = min(0, total - totals.paid)
    for movement in order.payments:
        amount = movement.amount if isinstance(movement, Payment) else -movement.amount
        found[provider_account(movement.provider)] += amount
    return found


@lru_cache(maxsize=1024)
def provider_account(provider: str) -> str:
    """An account for each provider. Beancount takes letters, digits and hyphens; a name of anything else than small
    letters and digits gets a mark made of all of it, so that no two names become one account."""
    if _PLAIN.fullmatch(provider):
        return f"Assets:Providers:{provider.capitalize()}"
    stem = _NOT_PLAIN.sub("-", provider).strip("-")[:_STEM_LETTERS_MAX] or "Provider"
    return f"Assets:Providers:{stem[0].upper()}{stem[1:]}-{sha256(provider.encode()).hexdigest()[:8]}"


def export_beancount(
    log: SQLiteRecorder,
    reading: Reading,
    file: BinaryIO,
    *,
    head: int,
    zone: ZoneInfo,
    progress: Callable[[int, int], None],
) -> None:
    """Writes the books of the events to the position `head`.

    Raises RecordMissing, or what `Reading.entry` and the order's fold raise of a record that they cannot trust.
    """
    file.write(f'; The orders, to position {head} of the log.\noption "title" "Orders"\n'.encode())
    books = _Books(zone)
    exported = 0
    for raws in _histories(log, head):
        file.write("".join(books.transactions(reading.entries_of(raws))).encode())
        exported += len(raws)
        progress(exported, head)
    if exported < head:
        raise RecordMissing(_first_missing(log, head))
    file.write("".join(books.openings()).encode())


def _histories(log: SQLiteRecorder, head: int) -> Iterator[list[RawRecord]]:
    """Each order's or reconciliation's records to the head, by their UUIDs; read in parts, so that no statement runs
    for long."""
    ends = ["", *(f"{i:02x}" for i in range(1, 256)), "~"]
    for low, high in pairwise(ends):
        for _, raws in groupby(log.raw_records_by_order(low, high), key=lambda raw: raw.originator_id):
            if known := [raw for raw in raws if raw.position <= head]:
                yield known


def _first_missing(log: SQLiteRecorder, head: int) -> int:
    positions = (raw.position for raw in log.raw_records(until=head))
    return next((expected for expected, found in enumerate(positions, 1) if found != expected), head)


class _Books:
    """Makes transactions, and remembers of each account and currency the first day on which it was used."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._first_used: dict[str, str] = {}
        self._providers: dict[str, str] = {}

    def transactions(self, entries: list[Entry]) -> Iterator[str]:
        """Those of one order's history."""
        order: Order | None = None
        before: Mapping[str, int] = {}
        for _, group in groupby(entries, key=_booked_together):
            part = list(group)
            for entry in part:
                order = step(order, entry.record)
            assert order is not None
            after = balances(order)
            changes = {account: after.get(account, 0) - before.get(account, 0) for account in {**before, **after}}
            before = after
            if any(changes.values()):
                yield self._transaction(order, part, changes)

    def _transaction(self, order: Order, part: list[Entry], changes: Mapping[str, int]) -> str:
        assert sum(changes.values()) == 0
        event, digits = part[-1].record.event, digits_of(order.currency)
        day = self._day(event)
        if isinstance(event, MOVEMENTS):
            self._providers[provider_account(event.provider)] = event.provider
        lines = [
            f"\n{day} * {_quoted(_narration(part, order.currency))} ^order-{order.id}",
            f"  position: {part[-1].raw.position}",
        ]
        for account, minor in changes.items():
            if minor:
                self._use(account, day)
                lines.append(f"  {account}  {decimal_text(minor, digits)} {order.currency}")
        self._use(order.currency, day)
        return "\n".join(lines) + "\n"

    def _day(self, event: e.Event) -> str:
        at = event.occurred_at
        if isinstance(event, e.PaymentReceived):
            at = event.received_at
        elif isinstance(event, e.PaymentRefunded):
            at = event.refunded_at
        return local_day(microseconds(at), self._zone)

    def _use(self, name: str, day: str) -> None:
        self._first_used[name] = min(day, self._first_used.get(name, day))

    def openings(self) -> Iterator[str]:
        """The directives that Beancount wants of each currency and account; a provider's tells its exact name."""
        for name, day in sorted(self._first_used.items()):
            yield f"\n{day} {'open' if ':' in name else 'commodity'} {name}\n"
            if name in self._providers:
                yield f"  provider: {_quoted(self._providers[name])}\n"


def _booked_together(entry: Entry) -> tuple[datetime, int]:
    event = entry.record.event
    return event.occurred_at, entry.raw.position if isinstance(event, MOVEMENTS) else 0


def _narration(part: list[Entry], currency: str) -> str:
    told = [summary(entry.record.event, currency) for entry in part[:EVENTS_TOLD_MAX]]
    more = [f"and {len(part) - len(told)} more"] if len(part) > len(told) else []
    return "; ".join(told + more)


def _quoted(text: str) -> str:
    """A string of Beancount's, on one line."""
    return '"' + _CONTROL.sub(" ", text).replace("\\", "\\\\").replace('"', '\\"') + '"'
