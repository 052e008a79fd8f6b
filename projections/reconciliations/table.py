"""Which settlement files were reconciled, and what is each of them like now?

The list is a view of the log. One reconciliation is its kept report with what people decided laid over it, read from
the log itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from domain.ledger import OrderLedger
from domain.log.records import RawRecord
from domain.log.sqlite import sqlite3
from domain.moments import microseconds
from domain.reconciliation import events as e
from domain.reconciliation.matching import Entry
from domain.reconciliation.report import Report, Result
from domain.reconciliation.state import Reconciliation, is_open
from domain.reconciling import Reconciling
from projections import csv_text
from projections.payments import table as payments

if TYPE_CHECKING:
    from sqlite_utils import Database

    from projections.views.views import Views

STATUSES: Final = ("open", "closed")
_COLUMNS: Final[dict[str, Any]] = {
    "uuid": str,
    "started": int,  # the position of its first event
    "provider": str,
    "until": int,
    "is_closed": int,
    "version": int,
    "state": bytes,
}
_encode_state = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(Reconciliation).decode

Row = tuple[Any, ...]


# --- the view ---


def create(database: "Database") -> None:
    """Makes the table in an empty file."""
    database.table("reconciliations").create(_COLUMNS, pk="uuid", not_null=_COLUMNS.keys(), strict=True)
    database.table("reconciliations").create_index(["started"], index_name="reconciliations_started", unique=True)


def state(connection: sqlite3.Connection, uuid: str) -> tuple[int, Reconciliation] | None:
    """Where it started and what it is, to fold the next events onto."""
    row = connection.execute("SELECT started, state FROM reconciliations WHERE uuid = ?", (uuid,)).fetchone()
    return (row[0], _decode_state(row[1])) if row else None


def row(started: int, of: Reconciliation) -> Row:
    until = 0 if of.until is None else microseconds(of.until)
    return (str(of.uuid), started, of.provider, until, of.is_closed, of.version, _encode_state(of))


def put(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Writes each reconciliation's row, over the one that was there."""
    if rows:
        connection.executemany("INSERT OR REPLACE INTO reconciliations VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def remove(connection: sqlite3.Connection, uuid: str) -> None:
    """Takes out one whose history cannot be read any more."""
    connection.execute("DELETE FROM reconciliations WHERE uuid = ?", (uuid,))


def row_of(connection: sqlite3.Connection, uuid: str) -> Row | None:
    found: Row | None = connection.execute("SELECT * FROM reconciliations WHERE uuid = ?", (uuid,)).fetchone()
    return found


def version(shown: Row) -> int:
    """The version that a row shows."""
    return int(shown[list(_COLUMNS).index("version")])


class Page(msgspec.Struct, frozen=True):
    """A part of the list as of one position of the log; `is_last` where nothing that is wanted comes behind it."""

    position: int
    found: list[tuple[int, Reconciliation]]
    is_last: bool


def page(
    connection: sqlite3.Connection, *, provider: str | None, is_closed: bool | None, after: int, limit: int
) -> Page:
    """What started behind the position `after`, in that order, at most so much of it."""
    rows = connection.execute(
        "SELECT p.position, found.* FROM positions AS p LEFT JOIN (SELECT started, state FROM reconciliations"
        " WHERE started > ? AND (? IS NULL OR provider = ?) AND (? IS NULL OR is_closed = ?)"
        " ORDER BY started LIMIT ?) AS found",
        (after, provider, provider, is_closed, is_closed, limit + 1),
    ).fetchall()
    found = [(started, _decode_state(state)) for _, started, state in rows if started is not None]
    return Page(rows[0][0], found[:limit], len(found) <= limit)


class Journal:
    """What `domain.reconciling` asks of the views."""

    def __init__(self, views: "Views") -> None:
        self._views = views

    def position(self) -> int:
        return self._views.catch_up()

    def entries(self, provider: str, position: int) -> Iterator[Entry]:
        wanted = payments.Filter(provider=provider)
        for part in payments.walk(lambda: self._views.reader, wanted, after=0, until=position):
            yield from map(_entry, part)

    def file_before(self, provider: str, until: datetime) -> UUID | None:
        found = self._views.reader.execute(
            "SELECT uuid FROM reconciliations WHERE provider = ? AND until < ?"
            " ORDER BY until DESC, started DESC LIMIT 1",
            (provider, microseconds(until)),
        ).fetchone()
        return UUID(found[0]) if found else None


def _entry(movement: payments.Movement) -> Entry:
    return Entry(
        position=movement.position,
        kind=movement.kind,
        order_id=movement.order_id,
        order_key=movement.key,
        provider=movement.provider,
        reference=movement.reference,
        amount=movement.amount,
        currency=movement.currency,
        received_at=movement.received_at,
        method=movement.method,
        payment_reference=movement.payment_reference,
    )


# --- what is shown ---


class Decision(msgspec.Struct, frozen=True):
    """What a person said of a result, and who that was."""

    kind: str
    reason: str | None
    actor: str
    decided_at: datetime


class Shown(msgspec.Struct, frozen=True):
    """A reconciliation as it is now: its state, its report, who decided what, and what running it again changed."""

    state: Reconciliation
    report: Report
    decisions: Mapping[str, Decision]
    before: Report | None

    def is_open(self, result: Result) -> bool:
        return is_open(result.outcome, self.state.decisions.get(result.id))


_decode_report = msgspec.json.Decoder(Report).decode


def shown(ledger: OrderLedger, reconciling: Reconciling, of: Reconciliation) -> Shown:
    """Raises OperationalError where the kept report is not what was kept."""
    before = of.report_before_sha256
    return Shown(
        of,
        _decode_report(reconciling.kept_report(of.report_sha256)),
        _decisions(ledger, of.uuid),
        None if before is None else _decode_report(reconciling.kept_report(before)),
    )


def _decisions(ledger: OrderLedger, uuid: UUID) -> dict[str, Decision]:
    found = {}
    for raw in ledger.log_of_events.raw_records(originator_id=uuid):
        decided = e.TOPICS[raw.topic.decode()]
        if issubclass(decided, e.Decided):
            event = msgspec.json.decode(raw.payload, type=decided)
            found[event.result] = _decision(raw, event)
    return found


def _decision(raw: RawRecord, event: e.Decided) -> Decision:
    reason = getattr(event, "reason", None)
    return Decision(event.decision, reason, raw.actor.decode(), event.occurred_at)


def head(of: Reconciliation) -> dict[str, Any]:
    """What the list says of one."""
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
    """All of it; of the results those whose outcome is wanted, where not all are."""
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
    """What one run found and the other did not."""
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
    """Open, or why not: what the report says of it or a person did."""
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
    return text[1:].replace(".", "", 1).isdigit()
