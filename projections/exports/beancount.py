"""What do the orders come to in a bookkeeper's accounts? The log to one fixed position, as a Beancount file.

An order has a balance in each account, which is a function of the order's present state:

    Assets:Receivable:Orders     the outstanding amount: its total less credits, and less payments not refunded
    Liabilities:Customers        payments beyond the amount due, negative like every liability
    Assets:Providers:<provider>  payments less refunds by that provider, which holds them until it pays out
    Income:Sales                 unit prices by quantity, negative as income is
    Income:Shipping              the order's shipping and its items', negative
    Income:Discounts             its items' discounts, positive: less income
    Income:Vouchers              its voucher, positive
    Liabilities:Taxes            its taxes on top of the prices, negative: they are owed to an authority
    Liabilities:Duties           its duties on top, negative
    Income:Tips                  its tips on top, negative, as the next two are
    Income:Fees                  its fees on top
    Income:Gift-Wrap             its gift wrap on top
    Income:Refunds               the credits of refunds: beyond the overpaid amount, and not owed again; positive
    Expenses:Chargebacks         the credits of chargebacks, less those that reversals have given back

A charge that is included in the prices is part of the sales. Income and collected charges, less discounts, refunds and
chargebacks, are the amount due. The amount due is either received, and held by the providers, or outstanding. So an
order's balances always sum up to zero, and so does every change of them. A transaction is such a change. The events of
one instant are one transaction (an order's creation with its items), and each movement of money is one by itself:

    created, items, voucher, shipping,  receivable against income and collected charges: an order is booked when it is
    charges                             placed, as an invoice
    payment                             provider against receivable, and against customers where it is more than due
    refund                              provider against customers, up to the overpaid amount, and then against refunds;
                                        against receivable, where the refund is owed again
    failed refund                       as the refund, the other way round
    chargeback, its reversal            as a refund and a failed one, with chargebacks for refunds
    failed payment, void                as the payment, the other way round
    cancelled, refunded, deleted        the income is booked back: the order takes no payment any more, so its total is
                                        zero; payments not yet refunded are owed to customers, and chargebacks beyond
                                        them are lost
    any other event                     none

A shop that counts revenue on delivery moves it on from Income.

A movement of money is booked on the day it was received, refunded or pulled back, any other event on the day it
occurred, in the configured zone. Beancount sorts by day itself, so transactions are written order by order. The
directives that open the accounts, each on its first day of use, stand at the end: memory does not grow with the log.
Each transaction names the `position` of its last event. Personal data are left out.

Providers' fees and payouts are no order's events. They stand in the reconciled settlement files, and are booked from
Assets:Providers to these accounts:

    Expenses:Fees:<provider>           fees, of a line of their own or of another's
    Expenses:Adjustments:<provider>    adjustments; negative where the provider gave
    Expenses:Unclassified:<provider>   lines of an unknown kind
    Assets:Payouts:<provider>          payouts on their way to the bank, until its statement books them on from here, or
                                       until they fail
    Assets:Reserves:<provider>         amounts that it holds in reserve
    Assets:Transfers:<provider>        to and from other accounts with it
    Assets:Conversions:<provider>      out of one currency and into another
    Income:Exchange:<provider>         the gain of an exchange over the rate that the rules expect, negative as income
                                       is; positive for a loss

A file's payments, refunds and chargebacks, the failed and reversed ones too, are orders' movements, and are booked by
the orders. Only their fees are booked here, those of a day together. A movement settled in another currency than it was
paid in leaves the provider's account in the one and enters it in the other, by way of the conversions. A payment that
the file has and the ledger lacks is no order's yet: it is booked once it is recorded, and until then the reconciliation
shows it. A file reconciled several times is booked once, by its last reconciliation. A line that stands in two files of
a provider is booked once. Lines without a reference are told apart by their file, payout and row. Withdrawn
reconciliations are not booked.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from domain.aggregate import Event, fold, step
from domain.counted import counted
from domain.currencies import digits_of
from domain.ledger import OrderLedger
from domain.moments import day_of, microseconds
from domain.money import Unit, minor_units, readable
from domain.order import events as e
from domain.order.movements import EFFECTS, KIND_OF, credited_by_chargebacks
from domain.order.state import ORDER, Order
from domain.order.statuses import UNPAYABLE
from domain.reconciled import kept_report, read_again
from domain.reconciliation.report import Result
from domain.reconciliation.state import FILE, RECONCILIATION, Reconciliation
from domain.settlement.lines import Line
from domain.topics import kind_of
from projections.exports.events import histories
from projections.history import Entry, HistoryReader
from projections.words import summary

RECEIVABLE: Final = "Assets:Receivable:Orders"
CUSTOMERS: Final = "Liabilities:Customers"
SALES: Final = "Income:Sales"
SHIPPING: Final = "Income:Shipping"
DISCOUNTS: Final = "Income:Discounts"
VOUCHERS: Final = "Income:Vouchers"
REFUNDS: Final = "Income:Refunds"
CHARGEBACKS: Final = "Expenses:Chargebacks"
# The account of each kind of charge.
CHARGES: Final = {
    "tax": "Liabilities:Taxes",
    "duty": "Liabilities:Duties",
    "tip": "Income:Tips",
    "fee": "Income:Fees",
    "gift_wrap": "Income:Gift-Wrap",
}
# The accounts, under the provider's name, of settlement lines that are no order's movements.
_ACCOUNT_OF: Final = {
    "fee": "Expenses:Fees",
    "fee_refund": "Expenses:Fees",
    "adjustment": "Expenses:Adjustments",
    "reserve_held": "Assets:Reserves",
    "reserve_released": "Assets:Reserves",
    "payout": "Assets:Payouts",
    "payout_failure": "Assets:Payouts",
    "transfer": "Assets:Transfers",
    "conversion": "Assets:Conversions",
}
_UNCLASSIFIED: Final = "Expenses:Unclassified"
_OF_ORDERS: Final = frozenset(
    {"payment", "payment_failure", "refund", "refund_failure", "chargeback", "chargeback_reversal"}
)
# A merely possible match is booked only when a person confirms it; a line that another file settled is booked with that
# file.
_STANDS: Final = frozenset({"matched", "rate_differs", "amount_differs", "noted"})
_PART_RESULTS: Final = 5_000
EVENTS_TOLD_MAX: Final = 3
_PLAIN: Final = re.compile(r"[a-z0-9]+")
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9]+")
_STEM_LETTERS_MAX: Final = 40
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def balances(order: Order) -> Mapping[str, int]:
    """An order's balance in each account, in minor units of its currency. The balances sum up to zero."""
    totals = order.totals
    found: defaultdict[str, int] = defaultdict(int)
    charged_back = credited_by_chargebacks(order.payments)
    if order.status in UNPAYABLE:
        found[CHARGEBACKS] = max(0, min(charged_back, -totals.paid))
        due = -found[CHARGEBACKS]
    else:
        found[SALES] = -totals.items_subtotal
        found[SHIPPING] = -totals.shipping
        found[DISCOUNTS] = totals.items_discount
        found[VOUCHERS] = totals.total_discount - totals.items_discount
        found[REFUNDS] = totals.credited - charged_back
        found[CHARGEBACKS] = charged_back
        for charge in order.charges:
            if not charge.included:
                found[CHARGES[charge.kind]] -= minor_units(charge.amount)
        due = totals.due
    found[RECEIVABLE] = max(0, due - totals.paid)
    found[CUSTOMERS] = min(0, due - totals.paid)
    for movement in order.payments:
        found[provider_account(movement.provider)] += movement.signed
    return found


def provider_account(provider: str) -> str:
    """The account of the money that a provider holds."""
    return f"Assets:Providers:{_named_after(provider)}"


@lru_cache(maxsize=1024)
def _named_after(provider: str) -> str:
    """The provider's part in the name of an account.

    Beancount takes letters, digits and hyphens. A name with any other character than small letters and digits gets a
    hash of the whole name appended, so that no two names share an account.
    """
    if _PLAIN.fullmatch(provider):
        return provider.capitalize()
    stem = _NOT_PLAIN.sub("-", provider).strip("-")[:_STEM_LETTERS_MAX] or "Provider"
    return f"{stem[0].upper()}{stem[1:]}-{sha256(provider.encode()).hexdigest()[:8]}"


def export_beancount(
    ledger: OrderLedger, file: BinaryIO, *, head: int, zone: ZoneInfo, progress: Callable[[int, int], None]
) -> list[str]:
    """Writes the books of the events up to the position `head`. Returns the names of the erased settlement files: the
    books lack the entries that only these files had.

    Raises RecordMissing, and the errors of `Reading.record` and of the order's fold for a record that is damaged or
    unknown.
    """
    file.write(f'; The orders, to position {head} of the log.\noption "title" "Orders"\n'.encode())
    books, reading, erased = _Books(zone), HistoryReader(ledger), list[str]()
    files: dict[tuple[str, str], tuple[int, Reconciliation]] = {}
    for raws in histories(ledger.log_of_events, head, progress):
        records = [reading.record(raw) for raw in raws]
        entries = [Entry(raw, record) for raw, record in zip(raws, records, strict=True) if kind_of(record) is ORDER]
        file.write("".join(books.transactions(entries)).encode())
        state = fold(RECONCILIATION, None, (one for one in records if kind_of(one) is RECONCILIATION))
        if state is not None and not state.is_withdrawn:
            last = files.get((state.provider, state.file_sha256), (0, state))
            files[state.provider, state.file_sha256] = max((raws[-1].position, state), last, key=itemgetter(0))
    for position, state in sorted(files.values(), key=itemgetter(0)):
        if FILE in state.erased:
            erased.append(f"{state.file} of {state.provider}")
            continue
        rules, settled = read_again(ledger, state)
        file.write("".join(books.settled(state, position, settled.lines)).encode())
        if rules.rates or any(line.original for line in settled.lines):
            file.write("".join(books.exchanged(state, position, _results(ledger, state))).encode())
    file.write("".join(books.openings()).encode())
    return erased


def _results(ledger: OrderLedger, state: Reconciliation) -> Iterator[Result]:
    """The results of a file that stand: matches that no person broke, and results that a person confirmed."""
    kept = kept_report(ledger, state)
    for first in range(0, len(kept), _PART_RESULTS):
        for result in kept.results(first, first + _PART_RESULTS):
            decision = state.decisions.get(result.id)
            is_confirmed = decision is not None and decision.kind == "confirmed"
            is_broken = decision is not None and decision.kind == "broken"
            if is_confirmed or (result.outcome in _STANDS and not is_broken):
                yield result


class _Books:
    """Makes transactions, and remembers the first day on which each account and currency was used."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._first_used: dict[str, str] = {}
        self._providers: dict[str, str] = {}
        self._settled: set[tuple[object, ...]] = set()

    def transactions(self, entries: list[Entry]) -> Iterator[str]:
        """The transactions of one order's history."""
        order: Order | None = None
        before: Mapping[str, int] = {}
        for _, group in groupby(entries, key=_booked_together):
            part = list(group)
            for entry in part:
                order = step(ORDER, order, entry.record)
            assert order is not None
            after = balances(order)
            changes = {account: after.get(account, 0) - before.get(account, 0) for account in {**before, **after}}
            before = after
            if any(changes.values()):
                yield self._transaction(order, part, changes)

    def _transaction(self, order: Order, part: list[Entry], changes: Mapping[str, int]) -> str:
        event = part[-1].record.event
        if isinstance(event, e.Moved):
            self._providers[provider_account(event.provider)] = event.provider
        told = f"{_quoted(_narration(part, order.currency))} ^order-{order.id}"
        return self._written(self._day(event), told, part[-1].raw.position, {order.unit: changes})

    def _written(self, day: str, told: str, position: int, changes: Mapping[Unit, Mapping[str, int]]) -> str:
        """A transaction. Its changes sum up to zero in each currency."""
        lines = [f"\n{day} * {told}", f"  position: {position}"]
        for unit, of_unit in changes.items():
            assert sum(of_unit.values()) == 0
            for account, minor in of_unit.items():
                if minor:
                    self._use(account, day)
                    lines.append(f"  {account}  {readable(minor, unit)}")
            self._use(unit.currency, day)
        return "\n".join(lines) + "\n"

    def settled(self, state: Reconciliation, position: int, lines: Sequence[Line]) -> Iterator[str]:
        """The transactions of a settlement file's lines, without lines that an earlier file had."""
        provider, file = state.provider, state.file
        known = frozenset(self._settled)
        name, holds = _named_after(provider), provider_account(provider)
        self._providers[holds] = provider
        fees: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for line in lines:
            reference = line.reference or (state.file_sha256, line.payout, line.row)
            said = (provider, line.kind, reference, line.currency, line.net, line.occurred_at)
            self._settled.add(said)
            if said in known or not (line.gross or line.fee):
                continue
            day = day_of(microseconds(line.occurred_at), self._zone)
            if line.kind in _OF_ORDERS:
                if line.fee:
                    fees[day, line.currency].append(line.fee)
                continue
            account = f"{_ACCOUNT_OF.get(line.kind, _UNCLASSIFIED)}:{name}"
            changes = {holds: line.net, account: -line.gross}
            changes[f"Expenses:Fees:{name}"] = changes.get(f"Expenses:Fees:{name}", 0) + line.fee
            told = _quoted(f"{line.raw_kind} {line.reference} by {provider}, row {line.row} of {file}")
            yield self._written(day, told, position, {_unit(line.currency): changes})
        for (day, currency), of_day in fees.items():
            movements = counted(len(of_day), "payment, refund or chargeback", "payments, refunds and chargebacks")
            told = _quoted(f"fees of {movements} by {provider}, of {file}")
            changes = {holds: -sum(of_day), f"Expenses:Fees:{name}": sum(of_day)}
            yield self._written(day, told, position, {_unit(currency): changes})

    def exchanged(self, state: Reconciliation, position: int, results: Iterable[Result]) -> Iterator[str]:
        """The transactions of payments that were settled in another currency than they were paid in."""
        provider = state.provider
        name, holds = _named_after(provider), provider_account(provider)
        conversions, gains = f"Assets:Conversions:{name}", f"Income:Exchange:{name}"
        for result in results:
            if not (of := result.exchange):
                continue
            line = result.lines[0]
            said = (provider, "exchange", line.reference or (state.file_sha256, line.row), line.occurred_at, of)
            if said in self._settled:
                continue
            self._settled.add(said)
            paid, settled, gain = _minor(of.paid, of.currency), _minor(of.settled, of.settled_currency), 0
            if of.gain:
                gain = _minor(of.gain, of.settled_currency)
            changes = {_unit(of.settled_currency): {conversions: gain, gains: -gain}}
            if result.entries:
                changes = {
                    _unit(of.currency): {holds: -paid, conversions: paid},
                    _unit(of.settled_currency): {holds: settled, conversions: gain - settled, gains: -gain},
                }
            if any(any(of_unit.values()) for of_unit in changes.values()):
                day = day_of(microseconds(line.occurred_at), self._zone)
                told = (
                    f"{line.raw_kind} {line.reference} in {of.currency} by {provider}, row {line.row} of {state.file}"
                )
                yield self._written(day, _quoted(told), position, changes)

    def _day(self, event: Event) -> str:
        at = EFFECTS[KIND_OF[type(event)]].at if isinstance(event, e.Moved) else "occurred_at"
        return day_of(microseconds(getattr(event, at)), self._zone)

    def _use(self, name: str, day: str) -> None:
        self._first_used[name] = min(day, self._first_used.get(name, day))

    def openings(self) -> Iterator[str]:
        """The directives that Beancount needs for each currency and account. A provider's account has the provider's
        exact name."""
        for name, day in sorted(self._first_used.items()):
            yield f"\n{day} {'open' if ':' in name else 'commodity'} {name}\n"
            if name in self._providers:
                yield f"  provider: {_quoted(self._providers[name])}\n"


def _unit(currency: str) -> Unit:
    return Unit(currency, digits_of(currency))


def _minor(amount: str, currency: str) -> int:
    """An amount of a report, in minor units."""
    return int(Decimal(amount).scaleb(digits_of(currency)))


def _booked_together(entry: Entry) -> tuple[datetime, int]:
    event = entry.record.event
    return event.occurred_at, entry.raw.position if isinstance(event, e.Moved) else 0


def _narration(part: list[Entry], currency: str) -> str:
    told = [summary(entry.record.event, currency) for entry in part[:EVENTS_TOLD_MAX]]
    more = [f"and {len(part) - len(told)} more"] if len(part) > len(told) else []
    return "; ".join(told + more)


def _quoted(text: str) -> str:
    """A Beancount string, on one line."""
    return '"' + _CONTROL.sub(" ", text).replace("\\", "\\\\").replace('"', '\\"') + '"'
