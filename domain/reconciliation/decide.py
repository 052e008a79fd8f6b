"""Decides people's commands on a reconciliation: state and command to events, or a refusal. Pure."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

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


def confirm(state: Reconciliation, results: Iterable[Result], *, now: datetime) -> list[Event]:
    """Confirms suggested matches and broken matches. Raises DecisionNotAllowed, ReconciliationIsClosed,
    ReconciliationIsWithdrawn."""

    def confirmed(result: Result, open_: int) -> Event:
        return e.MatchConfirmed(occurred_at=now, open=open_, **_named(result))

    allowed = _Allowed(_confirmable, "only what is suggested can be confirmed; explain it instead")
    return _decide(state, results, Decision("confirmed"), allowed, confirmed)


def break_match(state: Reconciliation, results: Iterable[Result], reason: str, *, now: datetime) -> list[Event]:
    """Breaks matches and suggested matches. Raises DecisionNotAllowed, ReconciliationIsClosed,
    ReconciliationIsWithdrawn."""

    def broken(result: Result, open_: int) -> Event:
        return e.MatchBroken(occurred_at=now, open=open_, reason=reason, **_named(result))

    allowed = _Allowed(_breakable, "only a match, or what is suggested as one, can be broken")
    return _decide(state, results, Decision("broken", reason), allowed, broken)


def explain(state: Reconciliation, results: Iterable[Result], reason: str, *, now: datetime) -> list[Event]:
    """Gives open results a reason, or explained results another one. Raises DecisionNotAllowed, ReconciliationIsClosed,
    ReconciliationIsWithdrawn."""

    def explained(result: Result, open_: int) -> Event:
        return e.DifferenceExplained(occurred_at=now, open=open_, reason=reason, **_named(result))

    allowed = _Allowed(_explainable, "it is not open, so there is nothing to explain")
    return _decide(state, results, Decision("explained", reason), allowed, explained)


def match(
    state: Reconciliation, result: Result, difference: "Apart", reason: str | None, *, now: datetime
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


class Apart(NamedTuple):
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


def _confirmable(outcome: str, decision: Decision | None) -> bool:
    return outcome == "suggested" or (outcome == "matched" and decision is not None)


def _breakable(outcome: str, _: Decision | None) -> bool:
    return outcome in ("suggested", "matched")


def _explainable(outcome: str, decision: Decision | None) -> bool:
    return is_open(outcome, decision) or (decision is not None and decision.kind == "explained")


class _Allowed(NamedTuple):
    """The rule of a decision: whether a result's outcome and its decision so far allow the decision, and the refusal's
    words."""

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
    """An event for each result that does not have this decision yet. `event` makes the event of a result and of the
    number of results that are open after the decision."""
    events: list[Event] = []
    open_ = state.open
    for result in results:
        before = state.decisions.get(result.id)
        if before and (before.kind, before.reason) == (decision.kind, decision.reason):
            continue
        check_changes(state)
        if not allowed.allows(result.outcome, before):
            stands = before.kind if before else result.outcome
            raise DecisionNotAllowed(f"The result {result.id} is {stands}: {allowed.refusal}.")
        open_ += is_open(result.outcome, decision) - is_open(result.outcome, before)
        events.append(event(result, open_))
    return events
