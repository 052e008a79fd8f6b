"""Decides people's commands on a reconciliation: state and command to events, or a refusal. Pure."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from domain.aggregate import Event
from domain.reconciliation import events as e
from domain.reconciliation.refusals import (
    DecisionNotAllowed,
    ReconciliationIsClosed,
    ReconciliationIsOpen,
    ReconciliationIsWithdrawn,
)
from domain.reconciliation.state import Decision, Reconciliation, is_open


class Result(msgspec.Struct, frozen=True):
    """The fields of a report's result that a decision needs: its id, its outcome, its rows and its positions."""

    id: str
    outcome: str
    lines: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()


class _Way(NamedTuple):
    """A way to decide on results: its event, whether it is allowed, by a result's outcome and its decision so far, and
    why not where it is not."""

    event: type[e.Decided]
    allows: Callable[[str, Decision | None], bool]
    otherwise: str


_CONFIRM: Final = _Way(
    e.MatchConfirmed,
    lambda outcome, before: outcome == "suggested" or (outcome == "matched" and before is not None),
    "only what is suggested can be confirmed; explain it instead",
)
_BREAK: Final = _Way(
    e.MatchBroken,
    lambda outcome, _: outcome in ("suggested", "matched"),
    "only a match, or what is suggested as one, can be broken",
)
_EXPLAIN: Final = _Way(
    e.DifferenceExplained,
    lambda outcome, before: is_open(outcome, before) or (before is not None and before.kind == "explained"),
    "it is not open, so there is nothing to explain",
)


def confirm(state: Reconciliation, results: Iterable[Result], *, now: datetime) -> list[Event]:
    """Confirms suggested matches and broken matches. Raises DecisionNotAllowed, ReconciliationIsClosed,
    ReconciliationIsWithdrawn."""
    return _decide(state, results, _CONFIRM, now)


def break_match(state: Reconciliation, results: Iterable[Result], reason: str, *, now: datetime) -> list[Event]:
    """Breaks matches and suggested matches. Raises DecisionNotAllowed, ReconciliationIsClosed,
    ReconciliationIsWithdrawn."""
    return _decide(state, results, _BREAK, now, reason)


def explain(state: Reconciliation, results: Iterable[Result], reason: str, *, now: datetime) -> list[Event]:
    """Gives open results a reason, or explained results another one. Raises DecisionNotAllowed, ReconciliationIsClosed,
    ReconciliationIsWithdrawn."""
    return _decide(state, results, _EXPLAIN, now, reason)


def match(
    state: Reconciliation, result: Result, difference: "MatchDifference", reason: str | None, *, now: datetime
) -> list[Event]:
    """Matches lines with payments by hand; `result` has their rows and positions. Raises DecisionNotAllowed where their
    sums differ and no reason is given, ReconciliationIsClosed, ReconciliationIsWithdrawn."""
    check_changes(state)
    if difference.amount and not reason:
        raise DecisionNotAllowed(
            f"The lines have {difference.amount} {difference.currency} more than the payments; give the reason for it."
        )
    return [
        e.MatchedByHand(
            occurred_at=now,
            open=state.open,
            difference=difference.amount,
            currency=difference.currency,
            reason=reason,
            **_named(result),
        )
    ]


class MatchDifference(NamedTuple):
    """The sum of lines less the sum of the payments matched with them, as decimal text; empty where it is zero."""

    amount: str
    currency: str


def undo(state: Reconciliation, results: Iterable[tuple[str, str | None]], *, now: datetime) -> list[Event]:
    """Takes decisions back. Each result comes as its id with its outcome, None where the report has the result no more.

    Raises DecisionNotAllowed, ReconciliationIsClosed, ReconciliationIsWithdrawn.
    """
    check_changes(state)
    events: list[Event] = []
    open_ = state.open
    for id_, outcome in results:
        decision = state.decisions.get(id_)
        if decision is None:
            raise DecisionNotAllowed(f"Nothing was decided on the result {id_}, so there is nothing to undo.")
        if outcome is not None:
            open_ += is_open(outcome, None) - is_open(outcome, decision)
        events.append(e.DecisionUndone(occurred_at=now, result=id_, open=open_))
    return events


def close(state: Reconciliation, *, now: datetime) -> list[Event]:
    """Closes a reconciliation; no event for a closed one. Raises ReconciliationIsOpen, ReconciliationIsWithdrawn."""
    if state.is_withdrawn:
        raise ReconciliationIsWithdrawn
    if state.is_closed:
        return []
    if state.open:
        raise ReconciliationIsOpen(state.open)
    return [e.ReconciliationClosed(occurred_at=now)]


def withdraw(state: Reconciliation, reason: str, *, now: datetime) -> list[Event]:
    """Withdraws a reconciliation, open or closed; no event for a withdrawn one."""
    return [] if state.is_withdrawn else [e.ReconciliationWithdrawn(occurred_at=now, reason=reason)]


def check_changes(state: Reconciliation) -> None:
    """Checks that decisions can still be taken. Raises ReconciliationIsClosed, ReconciliationIsWithdrawn."""
    if state.is_withdrawn:
        raise ReconciliationIsWithdrawn
    if state.is_closed:
        raise ReconciliationIsClosed


def _named(result: Result) -> dict[str, Any]:
    return {"result": result.id, "outcome": result.outcome, "lines": result.lines, "entries": result.entries}


def _decide(
    state: Reconciliation, results: Iterable[Result], way: _Way, now: datetime, reason: str | None = None
) -> list[Event]:
    """An event for each result that does not have this decision yet."""
    decision = Decision(way.event.decision, reason)
    said: dict[str, Any] = {} if reason is None else {"reason": reason}
    events: list[Event] = []
    open_ = state.open
    for result in results:
        before = state.decisions.get(result.id)
        if before and (before.kind, before.reason) == (decision.kind, decision.reason):
            continue
        check_changes(state)
        if not way.allows(result.outcome, before):
            stands = before.kind if before else result.outcome
            raise DecisionNotAllowed(f"The result {result.id} is {stands}: {way.otherwise}.")
        open_ += is_open(result.outcome, decision) - is_open(result.outcome, before)
        events.append(way.event(occurred_at=now, open=open_, **_named(result), **said))
    return events
