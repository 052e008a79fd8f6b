"""The state of a reconciliation, and the fold of its events.

A reconciliation compares one settlement file by one set of rules with the journal; its UUID follows from provider, file
and rules. Its report (`reconciliation.report`) has the results. People's decisions name these results by their ids, and
are laid over the report. A result is open until it is matched, confirmed or explained; a payment in transit and a noted
line are not open. A broken match is open.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from domain.aggregate import Event, Kind, Record, ValueObject
from domain.order.personal import CONTACT
from domain.reconciliation import events as e
from domain.reconciliation.report import AT_REST, Pair

_NAMESPACE: Final = UUID("6f0b1c62-51f5-4b0e-9d0c-6f3f0a3d6c57")


# The part of the personal data that is the provider's file with all its reports.
FILE: Final = "file"
# The prefix of the subject to which a reconciliation's data keys belong.
SUBJECT: Final = "reconciliation:"
STATUSES: Final = ("open", "closed", "withdrawn")


def uuid_of(provider: str, file_sha256: str, rules_sha256: str) -> UUID:
    """The UUID of the one reconciliation of a provider's file by these rules."""
    return uuid5(_NAMESPACE, msgspec.json.encode((provider, file_sha256, rules_sha256)).decode())


class Decision(ValueObject, frozen=True):
    """A person's decision about a result: `kind` is "confirmed", "broken", "explained" or "matched".

    `entries` are the positions of the result's payments; `lines` the rows that the person matched with them by hand.
    `outcome` is the result's.
    """

    kind: str
    reason: str | None = None
    entries: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()
    outcome: str = ""


class Reconciliation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    uuid: UUID
    version: int
    provider: str
    file: str
    file_sha256: str
    # The SHA-256 of the file's sealed bytes, where the file is sealed; likewise for each report.
    file_sealed_sha256: str = ""
    rules_sha256: str
    rules_version: str
    position: int
    timezone: str = "UTC"
    started_at: datetime
    updated_at: datetime
    until: datetime | None = None
    # The version and the time of the event that recorded the report, and the SHA-256s of report and index.
    run_version: int = 1
    as_of: datetime
    report_sha256: str = ""
    report_sealed_sha256: str = ""
    index_sha256: str = ""
    # The report before the last run, kept so that the change can be shown.
    report_before_sha256: str | None = None
    report_before_sealed_sha256: str = ""
    index_before_sha256: str | None = None
    outcomes: dict[str, int] = {}
    open: int = 0
    # The latest decisions stand apart: a new decision copies only these few, and not all decisions before.
    decided: dict[str, Decision] = {}
    decided_last: dict[str, Decision] = {}
    is_closed: bool = False
    withdrawn: str | None = None
    # The erased parts of the personal data: FILE, and CONTACT, the reasons given until then.
    erased: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        return STATUSES[2 if self.is_withdrawn else self.is_closed]

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn is not None

    @property
    def is_in_work(self) -> bool:
        """Whether people have results left to decide, and so still need the file."""
        return self.status == STATUSES[0] and self.open > 0

    @property
    def by_hand(self) -> list[Pair]:
        """The rows and the positions that people matched, pair by pair."""
        matched = (decision for decision in self.decisions.values() if decision.kind == "matched")
        return sorted((decision.lines, decision.entries) for decision in matched)

    @property
    def decisions(self) -> Mapping[str, Decision]:
        """People's decisions, by the ids of the results."""
        return ChainMap(self.decided_last, self.decided)


def _started(record: Record, event: e.ReconciliationStarted) -> Reconciliation:
    return Reconciliation(
        uuid=record.originator_id,
        version=record.originator_version,
        provider=event.provider,
        file=event.file,
        file_sha256=event.file_sha256,
        file_sealed_sha256=event.file_sealed_sha256,
        rules_sha256=event.rules_sha256,
        rules_version=event.rules_version,
        position=event.position,
        timezone=event.timezone,
        started_at=event.occurred_at,
        updated_at=event.occurred_at,
        as_of=event.occurred_at,
    )


def _decided(state: Reconciliation, event: e.Decided) -> dict[str, Any]:
    rows = event.lines if isinstance(event, e.MatchedByHand) else ()
    decision = Decision(event.decision, getattr(event, "reason", None), event.entries, rows, event.outcome)
    last = state.decided_last | {event.result: decision}
    if len(last) ** 2 < len(state.decided):
        return {"decided_last": last, "open": event.open}
    return {"decided": state.decided | last, "decided_last": {}, "open": event.open}


def _undone(state: Reconciliation, event: e.DecisionUndone) -> dict[str, Any]:
    left = {result: decision for result, decision in state.decisions.items() if result != event.result}
    return {"decided": left, "decided_last": {}, "open": event.open}


def _run_again(state: Reconciliation, event: e.ReconciliationRunAgain) -> dict[str, Any]:
    return {
        "position": event.position,
        "run_version": state.version + 1,
        "as_of": event.occurred_at,
        "report_before_sha256": state.report_sha256,
        "report_before_sealed_sha256": state.report_sealed_sha256,
        "index_before_sha256": state.index_sha256,
        "report_sha256": event.report_sha256,
        "report_sealed_sha256": event.report_sealed_sha256,
        "index_sha256": event.index_sha256,
        "outcomes": event.outcomes,
        "open": event.open,
    }


def _erased(state: Reconciliation, event: e.PersonalErased) -> dict[str, Any]:
    gone = _reasons_gone(state) if CONTACT in event.erased else {}
    return {**gone, "erased": tuple(dict.fromkeys((*state.erased, *event.erased)))}


def _reasons_gone(state: Reconciliation) -> dict[str, Any]:
    """The fields that change when all reasons are erased: a withdrawal stays, with an empty reason."""
    parts = {"decided": state.decided, "decided_last": state.decided_last}
    left = {
        name: {id_: replace(decision, reason=None) for id_, decision in decided.items()}
        for name, decided in parts.items()
    }
    return {**left, "withdrawn": "" if state.is_withdrawn else None}


def without_reasons(state: Reconciliation) -> Reconciliation:
    """The state without the reasons, which people wrote freely."""
    return replace(state, **_reasons_gone(state))


_CHANGES: Final[Mapping[type[Event], Callable[[Reconciliation, Any], dict[str, Any]]]] = {
    e.MatchesSuggested: lambda state, event: {
        "run_version": state.version + 1,
        "report_sha256": event.report_sha256,
        "report_sealed_sha256": event.report_sealed_sha256,
        "index_sha256": event.index_sha256,
        "until": event.until,
        "outcomes": event.outcomes,
        "open": event.open,
    },
    e.MatchConfirmed: _decided,
    e.MatchBroken: _decided,
    e.DifferenceExplained: _decided,
    e.MatchedByHand: _decided,
    e.DecisionUndone: _undone,
    e.ReconciliationRunAgain: _run_again,
    e.ReconciliationClosed: lambda _, __: {"is_closed": True},
    e.ReconciliationWithdrawn: lambda _, event: {"withdrawn": event.reason, "open": 0},
    e.PersonalErased: _erased,
}


def evolve(state: Reconciliation | None, record: Record) -> Reconciliation:
    """The reconciliation after the record's event. The records come in the order of their versions,
    e.ReconciliationStarted first."""
    event = record.event
    if isinstance(event, e.ReconciliationStarted):
        return _started(record, event)
    assert state is not None
    changes = _CHANGES[type(event)](state, event)
    # An erasure does not count as a change, since the retention of the rest would begin anew.
    if not isinstance(event, e.PersonalErased):
        changes["updated_at"] = max(state.updated_at, event.occurred_at)
    return replace(state, version=record.originator_version, **changes)


# The events with a reason: free text, and so personal data, like an order's reasons.
_REASONED: Final = (e.MatchBroken, e.DifferenceExplained, e.MatchedByHand, e.ReconciliationWithdrawn)
RECONCILIATION: Final = Kind(
    "reconciliation",
    topics=e.TOPICS,
    older=e.OLDER,
    first=e.ReconciliationStarted,
    evolve=evolve,
    personal={shape: {CONTACT: ("reason",)} for shape in _REASONED},
)


def is_open(outcome: str, decision: Decision | None) -> bool:
    """Whether a result with this outcome, and with this decision about it if there is one, waits for a decision."""
    return decision.kind == "broken" if decision else outcome not in AT_REST
