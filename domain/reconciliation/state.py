"""What happened to a reconciliation, what is it then, and what may a person decide about it? Pure, like the orders'.

The events, the state and its fold, the decisions. A reconciliation looks at one settlement file by one set of rules, so
its UUID follows from those. What it finds is its report (`settlement.report`); people's decisions name the report's
results by their ids, and are laid over it. A result is open until it is matched, confirmed or explained; what is in
transit is not open. A match that was broken is open.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import reduce
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from domain.order.events import Part
from domain.order.state import BrokenHistory
from domain.reconciliation.report import AT_REST, Earlier
from domain.refusals import OrderMoved, Refusal

_NAMESPACE: Final = UUID("6f0b1c62-51f5-4b0e-9d0c-6f3f0a3d6c57")


class Event(Part, frozen=True, kw_only=True):
    occurred_at: datetime


class ReconciliationStarted(Event, frozen=True, kw_only=True):
    """`position` is how far in the log it looks; the file and the rules are kept under their SHA-256."""

    provider: str
    file: str
    file_sha256: str
    rules_sha256: str
    rules_version: str
    position: int
    earlier: Earlier | None = None


class MatchesSuggested(Event, frozen=True, kw_only=True):
    """What it finds: how many results of each outcome, and the SHA-256 of the report that has them. `until` is the time
    of the file's last line."""

    report_sha256: str
    until: datetime
    outcomes: dict[str, int]
    open: int


class Decided(Event, frozen=True, kw_only=True):
    """`lines` are rows of the file, `entries` positions of the log; `open` is how many results are open after it."""

    result: str
    outcome: str
    lines: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()
    open: int


class MatchConfirmed(Decided, frozen=True, kw_only=True):
    pass


class MatchBroken(Decided, frozen=True, kw_only=True):
    reason: str


class DifferenceExplained(Decided, frozen=True, kw_only=True):
    reason: str


class ReconciliationRunAgain(Event, frozen=True, kw_only=True):
    """The same file by the same rules, looking further in the log."""

    position: int
    report_sha256: str
    outcomes: dict[str, int]
    open: int


class ReconciliationClosed(Event, frozen=True, kw_only=True):
    pass


TOPICS: Final[dict[str, type[Event]]] = {
    "reconciliation.started.v1": ReconciliationStarted,
    "reconciliation.matches_suggested.v1": MatchesSuggested,
    "reconciliation.match_confirmed.v1": MatchConfirmed,
    "reconciliation.match_broken.v1": MatchBroken,
    "reconciliation.difference_explained.v1": DifferenceExplained,
    "reconciliation.run_again.v1": ReconciliationRunAgain,
    "reconciliation.closed.v1": ReconciliationClosed,
}


class Record(msgspec.Struct, frozen=True):
    """An event in its place: which reconciliation it is about, and the version that it brings that to."""

    originator_id: UUID
    originator_version: int
    event: Event


def uuid_of(provider: str, file_sha256: str, rules_sha256: str) -> UUID:
    """The one reconciliation of a provider's file by these rules."""
    return uuid5(_NAMESPACE, msgspec.json.encode((provider, file_sha256, rules_sha256)).decode())


# What an event says of its result.
KIND_OF: Final[Mapping[type[Event], str]] = {
    MatchConfirmed: "confirmed",
    MatchBroken: "broken",
    DifferenceExplained: "explained",
}


# --- the state ---


class Decision(Part, frozen=True):
    """What a person said of a result: `kind` is "confirmed", "broken" or "explained"."""

    kind: str
    reason: str | None = None


class Reconciliation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    uuid: UUID
    version: int
    provider: str
    file: str
    file_sha256: str
    rules_sha256: str
    rules_version: str
    position: int
    started_at: datetime
    updated_at: datetime
    earlier: Earlier | None = None
    until: datetime | None = None
    report_sha256: str = ""
    # The report before it was run again, so that the difference can be shown.
    report_before_sha256: str | None = None
    outcomes: dict[str, int] = {}
    open: int = 0
    decisions: dict[str, Decision] = {}
    is_closed: bool = False


def _started(record: Record, event: ReconciliationStarted) -> Reconciliation:
    return Reconciliation(
        uuid=record.originator_id,
        version=record.originator_version,
        provider=event.provider,
        file=event.file,
        file_sha256=event.file_sha256,
        rules_sha256=event.rules_sha256,
        rules_version=event.rules_version,
        position=event.position,
        started_at=event.occurred_at,
        updated_at=event.occurred_at,
        earlier=event.earlier,
    )


def _decided(kind: str) -> Callable[[Reconciliation, Any], dict[str, Any]]:
    def change(state: Reconciliation, event: Any) -> dict[str, Any]:
        decision = Decision(kind, getattr(event, "reason", None))
        return {"decisions": {**state.decisions, event.result: decision}, "open": event.open}

    return change


def _run_again(state: Reconciliation, event: ReconciliationRunAgain) -> dict[str, Any]:
    return {
        "position": event.position,
        "report_before_sha256": state.report_sha256,
        "report_sha256": event.report_sha256,
        "outcomes": event.outcomes,
        "open": event.open,
    }


_CHANGES: Final[Mapping[type[Event], Callable[[Reconciliation, Any], dict[str, Any]]]] = {
    MatchesSuggested: lambda _, event: {
        "report_sha256": event.report_sha256,
        "until": event.until,
        "outcomes": event.outcomes,
        "open": event.open,
    },
    MatchConfirmed: _decided("confirmed"),
    MatchBroken: _decided("broken"),
    DifferenceExplained: _decided("explained"),
    ReconciliationRunAgain: _run_again,
    ReconciliationClosed: lambda _, __: {"is_closed": True},
}


def evolve(state: Reconciliation | None, record: Record) -> Reconciliation:
    """The reconciliation after the record's event. Its events come by their versions, ReconciliationStarted first."""
    event = record.event
    if isinstance(event, ReconciliationStarted):
        return _started(record, event)
    assert state is not None
    return replace(
        state,
        version=record.originator_version,
        updated_at=max(state.updated_at, event.occurred_at),
        **_CHANGES[type(event)](state, event),
    )


def step(state: Reconciliation | None, record: Record) -> Reconciliation:
    """`evolve` for records that come from a log. Raises BrokenHistory where this is not the next one."""
    expected = 1 if state is None else state.version + 1
    if record.originator_version != expected or (state is None) != isinstance(record.event, ReconciliationStarted):
        raise BrokenHistory(f"reconciliation {record.originator_id}", record.originator_version, expected)
    return evolve(state, record)


def fold(state: Reconciliation | None, records: Iterable[Record]) -> Reconciliation | None:
    return reduce(step, records, state)


# --- the decisions ---


class ReconciliationNotFound(Refusal):
    code = "reconciliation-not-found"

    def __init__(self) -> None:
        super().__init__("There is no such reconciliation.")


class ReconciliationMoved(OrderMoved):
    """The reconciliation is not at the version that the decision was given for."""

    code = "reconciliation-moved"

    def __init__(self, current_version: int) -> None:
        Refusal.__init__(self, f"The reconciliation has moved on: it is at version {current_version} now.")
        self.current_version = current_version


class ResultNotFound(Refusal):
    code = "result-not-found"

    def __init__(self, result: str) -> None:
        super().__init__(f"The report has no result {result!r}; take the ids from the report as it is now.")


class ReconciliationIsClosed(Refusal):
    code = "reconciliation-closed"

    def __init__(self) -> None:
        super().__init__("The reconciliation is closed; nothing in it changes any more.")


class ReconciliationIsOpen(Refusal):
    code = "reconciliation-open"

    def __init__(self, count: int) -> None:
        what = "1 result is" if count == 1 else f"{count} results are"
        super().__init__(f"It cannot be closed: {what} open; confirm or explain first.")
        self.count = count


class DecisionNotAllowed(Refusal):
    code = "decision-not-allowed"


class Result(msgspec.Struct, frozen=True):
    """What a decision needs to know of a report's result."""

    id: str
    outcome: str
    lines: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()


def is_open(outcome: str, decision: Decision | None) -> bool:
    return decision.kind == "broken" if decision else outcome not in AT_REST


def count_open(results: Iterable[Result], decisions: Mapping[str, Decision]) -> int:
    return sum(is_open(result.outcome, decisions.get(result.id)) for result in results)


def confirm(state: Reconciliation, results: Iterable[Result], *, now: datetime) -> list[Event]:
    """A match that was suggested, or one that was broken, is one. Raises DecisionNotAllowed, ReconciliationIsClosed."""

    def confirmed(result: Result, open_: int) -> Event:
        return MatchConfirmed(occurred_at=now, open=open_, **_named(result))

    allowed = _Allowed(_confirmable, "only what is suggested can be confirmed; explain it instead")
    return _decide(state, results, Decision("confirmed"), allowed, confirmed)


def break_match(state: Reconciliation, results: Iterable[Result], reason: str, *, now: datetime) -> list[Event]:
    """A match, or what is suggested as one, is none. Raises DecisionNotAllowed, ReconciliationIsClosed."""

    def broken(result: Result, open_: int) -> Event:
        return MatchBroken(occurred_at=now, open=open_, reason=reason, **_named(result))

    allowed = _Allowed(_breakable, "only a match, or what is suggested as one, can be broken")
    return _decide(state, results, Decision("broken", reason), allowed, broken)


def explain(state: Reconciliation, results: Iterable[Result], reason: str, *, now: datetime) -> list[Event]:
    """What is open has a reason. Raises DecisionNotAllowed, ReconciliationIsClosed."""

    def explained(result: Result, open_: int) -> Event:
        return DifferenceExplained(occurred_at=now, open=open_, reason=reason, **_named(result))

    allowed = _Allowed(_explainable, "it is not open, so there is nothing to explain")
    return _decide(state, results, Decision("explained", reason), allowed, explained)


def close(state: Reconciliation, *, now: datetime) -> list[Event]:
    """Raises ReconciliationIsOpen. What is closed already stays as it is."""
    if state.is_closed:
        return []
    if state.open:
        raise ReconciliationIsOpen(state.open)
    return [ReconciliationClosed(occurred_at=now)]


def check_runs_again(state: Reconciliation) -> None:
    """Raises ReconciliationIsClosed."""
    if state.is_closed:
        raise ReconciliationIsClosed


def _confirmable(outcome: str, decision: Decision | None) -> bool:
    return outcome == "suggested" or (outcome == "matched" and decision is not None)


def _breakable(outcome: str, _: Decision | None) -> bool:
    return outcome in ("suggested", "matched")


def _explainable(outcome: str, decision: Decision | None) -> bool:
    return is_open(outcome, decision) or (decision is not None and decision.kind == "explained")


class _Allowed(NamedTuple):
    """Of which results something can be said, by outcome and what was said before; and why of no other."""

    allows: Callable[[str, Decision | None], bool]
    refusal: str


def _named(result: Result) -> dict[str, Any]:
    return {"result": result.id, "outcome": result.outcome, "lines": result.lines, "entries": result.entries}


def _decide(
    state: Reconciliation,
    results: Iterable[Result],
    decision: Decision,
    allowed: _Allowed,
    event: Callable[[Result, int], Event],
) -> list[Event]:
    """An event for each result of which this was not said before; `event` is told how many are open after it."""
    events: list[Event] = []
    open_ = state.open
    for result in results:
        before = state.decisions.get(result.id)
        if before == decision:
            continue
        if state.is_closed:
            raise ReconciliationIsClosed
        if not allowed.allows(result.outcome, before):
            stands = before.kind if before else result.outcome
            raise DecisionNotAllowed(f"The result {result.id} is {stands}: {allowed.refusal}.")
        open_ += is_open(result.outcome, decision) - is_open(result.outcome, before)
        events.append(event(result, open_))
    return events


def place(state: Reconciliation | None, uuid: UUID, events: Iterable[Event]) -> tuple[Reconciliation, list[Record]]:
    """The reconciliation after the events, and their records."""
    records: list[Record] = []
    for event in events:
        record = Record(uuid, (state.version if state else 0) + 1, event)
        state = step(state, record)
        records.append(record)
    assert state is not None
    return state, records
