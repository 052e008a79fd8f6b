"""How is a reconciliation shown? Its kept report, with what people decided laid over it, read from the log itself."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.ledger import OrderLedger
from domain.log.records import RawRecord
from domain.reconciliation import events as e
from domain.reconciliation.report import Report, Result
from domain.reconciliation.state import Reconciliation, is_open
from domain.reconciling import Reconciling
from projections import csv_text

STATUSES: Final = ("open", "closed")
_decode_report = msgspec.json.Decoder(Report).decode


class Decision(msgspec.Struct, frozen=True):
    """A person's decision on a result, and its actor."""

    kind: str
    reason: str | None
    actor: str
    decided_at: datetime


class Shown(msgspec.Struct, frozen=True):
    """A reconciliation as it is now: its state, its report, the decisions, and the report before it was run again."""

    state: Reconciliation
    report: Report
    decisions: Mapping[str, Decision]
    before: Report | None

    def is_open(self, result: Result) -> bool:
        return is_open(result.outcome, self.state.decisions.get(result.id))


def show(ledger: OrderLedger, reconciling: Reconciling, of: Reconciliation) -> Shown:
    """A reconciliation with its kept report. Raises OperationalError where that is damaged."""
    before = of.report_before_sha256
    return Shown(
        of,
        _decode_report(reconciling.kept_report(of.report_sha256)),
        _decisions(ledger, of.uuid),
        None if before is None else _decode_report(reconciling.kept_report(before)),
    )


def _decisions(ledger: OrderLedger, uuid: UUID) -> dict[str, Decision]:
    found = {}
    for raw in list(ledger.log_of_events.raw_records(originator_id=uuid)):
        decided = e.TOPICS[raw.topic.decode()]
        if issubclass(decided, e.Decided):
            event = msgspec.json.decode(raw.payload, type=decided)
            found[event.result] = _decision(raw, event)
    return found


def _decision(raw: RawRecord, event: e.Decided) -> Decision:
    reason = getattr(event, "reason", None)
    return Decision(event.decision, reason, raw.actor.decode(), event.occurred_at)


def head(of: Reconciliation) -> dict[str, Any]:
    """A reconciliation as the list has it."""
    return {
        "id": of.uuid,
        "version": of.version,
        "status": STATUSES[of.is_closed],
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
    }


def document(one: Shown, wanted: frozenset[str] | None = None) -> dict[str, Any]:
    """A reconciliation whole; of its results, where `wanted` names outcomes, those with one of these."""
    return {
        **head(one.state),
        "lines": one.report.lines,
        "entries": one.report.entries,
        "tie_out": one.report.tie_out,
        "since_last_run": None if one.before is None else difference(one.before, one.report),
        "results": [
            {
                **msgspec.structs.asdict(result),
                "is_open": one.is_open(result),
                "decision": one.decisions.get(result.id),
            }
            for result in one.report.results
            if wanted is None or result.outcome in wanted
        ],
    }


def difference(before: Report, after: Report) -> dict[str, list[Result]]:
    """The results of either run that the other has not."""
    known, found = {result.id for result in before.results}, {result.id for result in after.results}
    return {
        "gone": [result for result in before.results if result.id not in found],
        "appeared": [result for result in after.results if result.id not in known],
    }


TABLE_COLUMNS: Final = (
    *("result", "outcome", "state", "rule", "row", "kind", "reference", "gross", "fee", "net", "currency"),
    *("occurred_at", "order", "position", "order_id", "order_key", "booked_reference", "booked_amount"),
    *("booked_currency", "received_at", "differs", "reason", "actor"),
)


def table(one: Shown, results: Iterable[Result]) -> Iterator[list[Any]]:
    """The results for a table: a row for each line or entry, a result's lines beside its entries."""
    for result in results:
        decision = one.decisions.get(result.id)
        last = [differing(result), decision.reason if decision else None, decision.actor if decision else None]
        first = [result.id, result.outcome, standing(one, result), result.rule]
        pairs = zip_longest(result.lines, result.entries) if result.lines or result.entries else [(None, None)]
        for line, entry in pairs:
            settled: list[Any] = [None] * 9
            if line:
                settled = [line.row, line.kind if line.kind == line.raw_kind else f"{line.kind} ({line.raw_kind})"]
                settled += [line.reference, line.gross, line.fee, line.net, line.currency, line.occurred_at, line.order]
            booked: list[Any] = [None] * 7
            if entry:
                booked = [entry.position, entry.order_id, entry.order_key, entry.reference, entry.amount]
                booked += [entry.currency, entry.received_at]
            yield [*first, *settled, *booked, *last]


def standing(one: Shown, result: Result) -> str:
    """How a result stands: 'open', a person's decision, or its outcome."""
    decision = one.decisions.get(result.id)
    if decision:
        return decision.kind
    return "open" if one.is_open(result) else result.outcome


def differing(result: Result) -> str:
    return "; ".join(f"{of.field}: {of.expected} expected, {of.actual} settled" for of in result.differs)


def plain_cell(value: Any) -> str:
    """A cell of CSV; text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if isinstance(value, datetime):
        return str(msgspec.to_builtins(value))
    text = "" if value is None else str(value)
    return text if _is_amount(text) else csv_text.harmless(text)


def _is_amount(text: str) -> bool:
    return bool(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text))
