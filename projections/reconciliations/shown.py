"""How is a reconciliation shown? Its kept report, with people's decisions from the log laid over it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.ledger import OrderLedger
from domain.log.records import RawRecord
from domain.reconciled import Reconciled
from domain.reconciliation import events as e
from domain.reconciliation.kept import ERASED, KeptReport
from domain.reconciliation.report import Report, Result
from domain.reconciliation.state import FILE, Reconciliation, is_open
from domain.topics import TOPICS
from projections import csv_text

# The most results of each side that the difference between two runs shows.
DIFFERENCE_RESULTS_MAX: Final = 1_000
_AMOUNT: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WITHDRAWN: Final = tuple(name.decode() for name, topic in TOPICS.items() if topic.shape is e.ReconciliationWithdrawn)


class Decision(msgspec.Struct, frozen=True):
    """A person's decision on a result, and its actor."""

    kind: str
    reason: str | None
    actor: str
    decided_at: datetime


class ShownReconciliation(msgspec.Struct, frozen=True):
    """A reconciliation as of now: its state, its report, the decisions, and the report of the run before.

    `head` is the report without its results. A reconciliation with an erased file has an empty report.
    """

    state: Reconciliation
    head: Report
    kept: KeptReport
    decisions: Mapping[str, Decision]
    before: KeptReport | None

    def results(self) -> Sequence[Result]:
        """All results, for the command line and for files."""
        return self.kept.results(0, len(self.kept))

    def is_open(self, result: Result) -> bool:
        return not self.state.is_withdrawn and is_open(result.outcome, self.state.decisions.get(result.id))


def show(ledger: OrderLedger, reconciling: Reconciled, of: Reconciliation) -> ShownReconciliation:
    """A reconciliation with its kept report. Raises OperationalError where the report is damaged."""
    decisions = _decisions(ledger, of.uuid) if of.decisions else {}
    if FILE in of.erased:
        return ShownReconciliation(of, ERASED.head, ERASED, decisions, None)
    kept = reconciling.report(of)
    return ShownReconciliation(of, kept.head, kept, decisions, reconciling.report_before(of))


def _decisions(ledger: OrderLedger, uuid: UUID) -> dict[str, Decision]:
    found = {}
    for raw in list(ledger.log_of_events.raw_records(originator_id=uuid)):
        event = ledger.mapper.read(raw).event
        if isinstance(event, e.Decided):
            found[event.result] = _decision(raw, event)
        elif isinstance(event, e.DecisionUndone):
            found.pop(event.result, None)
    return found


def _decision(raw: RawRecord, event: e.Decided) -> Decision:
    reason = getattr(event, "reason", None) or None  # an erased reason leaves an empty text
    return Decision(event.decision, reason, raw.actor.decode(), event.occurred_at)


def with_its_reason(ledger: OrderLedger, of: Reconciliation) -> Reconciliation:
    """A reconciliation from the views, with the reason of its withdrawal, if it was withdrawn."""
    if not of.is_withdrawn:
        return of
    raws = list(ledger.log_of_events.raw_records(originator_id=of.uuid, topics=_WITHDRAWN))
    events = [ledger.mapper.read(raw).event for raw in raws]
    return msgspec.structs.replace(
        of, withdrawn=next((event.reason for event in events if isinstance(event, e.ReconciliationWithdrawn)), "")
    )


def summary(of: Reconciliation) -> dict[str, Any]:
    """The fields of a reconciliation in the list."""
    return {
        "id": of.uuid,
        "version": of.version,
        "status": of.status,
        "open": of.open,
        "provider": of.provider,
        "file": of.file,
        "file_sha256": of.file_sha256,
        "rules_sha256": of.rules_sha256,
        "rules_version": of.rules_version,
        "report_sha256": of.report_sha256,
        "position": of.position,
        "until": of.until,
        "outcomes": of.outcomes,
        "started_at": of.started_at,
        "updated_at": of.updated_at,
        "withdrawn": of.withdrawn or None,
        "erased": of.erased,
    }


def document(one: ShownReconciliation) -> dict[str, Any]:
    """The fields of a reconciliation, without its results."""
    told = {name: getattr(one.head, name) for name in ("lines", "entries", "tie_out")}
    return {**summary(one.state), **(dict.fromkeys(told) if one.kept is ERASED else told)}


def result_document(one: ShownReconciliation, result: Result) -> dict[str, Any]:
    """A result, with the decision on it."""
    told = {name: value for name, value in msgspec.structs.asdict(result).items() if value is not msgspec.UNSET}
    return {**told, "is_open": one.is_open(result), "decision": one.decisions.get(result.id)}


def page(
    one: ShownReconciliation, wanted: frozenset[str] | None, *, after: int, limit: int
) -> Iterator[tuple[int, Result]]:
    """The results behind the first `after`, at most `limit`, each with its number; only those with an outcome in
    `wanted`, unless `wanted` is None. Results are ordered by outcome, so results with the same outcome are
    neighbours."""
    first = 0
    for outcome, count in one.head.outcomes.items():
        start, end = max(first, after), first + count
        first = end
        if (wanted is None or outcome in wanted) and start < end and limit > 0:
            found = one.kept.results(start, min(end, start + limit))
            limit -= len(found)
            yield from enumerate(found, start + 1)


def is_last(one: ShownReconciliation, wanted: frozenset[str] | None, place: int) -> bool:
    """Whether no wanted result comes behind the first `place` results."""
    counts = list(one.head.outcomes.items())
    ends = [sum(count for _, count in counts[: number + 1]) for number in range(len(counts))]
    left = zip(counts, ends, strict=True)
    return not any(count and end > place and (wanted is None or of in wanted) for (of, count), end in left)


def difference(one: ShownReconciliation) -> dict[str, list[Result]] | None:
    """The results of the previous run that the last one lacks, and those new in the last run; None where there was one
    run only."""
    if one.before is None:
        return None
    known, found = one.before.ids(), one.kept.ids()
    return {"gone": _some(one.before, known - found), "appeared": _some(one.kept, found - known)}


def _some(of: KeptReport, ids: Set[str]) -> list[Result]:
    places = sorted(place for id_ in ids if (place := of.place(id_)) is not None)[:DIFFERENCE_RESULTS_MAX]
    return [result for place in places for result in of.results(place, place + 1)]


TABLE_COLUMNS: Final = (
    *("result", "outcome", "state", "rule", "row", "kind", "reference", "gross", "fee", "net", "currency"),
    *("occurred_at", "order", "position", "order_id", "order_key", "booked_reference", "booked_amount"),
    *("booked_currency", "received_at", "differs", "reason", "actor", "original", "original_currency", "exchange_rate"),
)


def table(one: ShownReconciliation, results: Iterable[Result]) -> Iterator[list[Any]]:
    """The results for a table: a row for each line or entry, a result's lines beside its entries."""
    for result in results:
        decision = one.decisions.get(result.id)
        last = [
            differences_in_words(result),
            decision.reason if decision else None,
            decision.actor if decision else None,
        ]
        first = [result.id, result.outcome, result_status(one, result), result.rule]
        pairs = zip_longest(result.lines, result.entries) if result.lines or result.entries else [(None, None)]
        for line, entry in pairs:
            settled: list[Any] = [None] * 9
            paid: list[Any] = [None] * 3
            if line:
                settled = [line.row, line.kind if line.kind == line.raw_kind else f"{line.kind} ({line.raw_kind})"]
                settled += [line.reference, line.gross, line.fee, line.net, line.currency, line.occurred_at, line.order]
                paid = [value or None for value in (line.original, line.original_currency, line.exchange_rate)]
            booked: list[Any] = [None] * 7
            if entry:
                booked = [entry.position, entry.order_id, entry.order_key, entry.reference, entry.amount]
                booked += [entry.currency, entry.received_at]
            yield [*first, *settled, *booked, *last, *paid]


def result_status(one: ShownReconciliation, result: Result) -> str:
    """The status of a result: 'open', a person's decision, or its outcome."""
    decision = one.decisions.get(result.id)
    if decision:
        return decision.kind
    return "open" if one.is_open(result) else result.outcome


def differences_in_words(result: Result) -> str:
    """In words, the differences between settlement and journal, and the earlier row that settled the payment, if
    any."""
    told = [f"{of.field}: {of.expected} expected, {of.actual} settled" for of in result.differs]
    if first := result.settled_by:
        told.append(f"settled by row {first.row} of {first.file}, reconciliation {first.reconciliation}")
    return "; ".join(told)


def plain_cell(value: Any, *, long: bool = True) -> str:
    """A cell of CSV. Text that a spreadsheet would run as a formula gets an apostrophe in front. Unless `long`, so do
    digits too long for a spreadsheet's number."""
    if isinstance(value, datetime):
        return str(msgspec.to_builtins(value))
    text = "" if value is None else str(value)
    if _AMOUNT.fullmatch(text) and (long or "." in text):
        return text
    return csv_text.harmless(text) if long else csv_text.for_spreadsheets(text)
