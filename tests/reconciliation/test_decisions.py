"""Which decisions does each state of a reconciliation allow? given(events).when(decision).then(events or refusal)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest

from domain.aggregate import BrokenHistory, Event, Record, fold, to_records
from domain.reconciliation import decide as d
from domain.reconciliation import events as e
from domain.reconciliation.refusals import (
    DecisionNotAllowed,
    ReconciliationIsClosed,
    ReconciliationIsOpen,
    ReconciliationIsWithdrawn,
)
from domain.reconciliation.state import RECONCILIATION, Reconciliation, is_open, uuid_of
from domain.refusals import Refusal

UUID_ = UUID("a06e0784-7b54-573d-b7db-902bbb437c93")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MATCHED = d.Result("m", "matched", (2,), (3,))
SUGGESTED = d.Result("s", "suggested", (3,), (4,))
MISSING = d.Result("x", "missing_in_settlement", (), (5,))
UNDERWAY = d.Result("t", "in_transit", (), (6,))
RESULTS = (MATCHED, SUGGESTED, MISSING, UNDERWAY)

STARTED = (
    e.ReconciliationStarted(
        occurred_at=NOON,
        provider="stripe",
        file="march.csv",
        file_sha256="f",
        rules_sha256="r",
        rules_version="1",
        timezone="UTC",
        position=7,
    ),
    e.MatchesSuggested(
        occurred_at=NOON, report_sha256="a", index_sha256="i", until=NOON, outcomes={"matched": 1}, open=2
    ),
)


def told(result: d.Result, open_: int) -> dict[str, Any]:
    names = {"result": result.id, "outcome": result.outcome, "lines": result.lines, "entries": result.entries}
    return {"occurred_at": NOON, "open": open_, **names}


def confirmed(result: d.Result, open_: int) -> Event:
    return e.MatchConfirmed(**told(result, open_))


def broken(result: d.Result, open_: int, reason: str = "so") -> Event:
    return e.MatchBroken(**told(result, open_), reason=reason)


def explained(result: d.Result, open_: int, reason: str = "so") -> Event:
    return e.DifferenceExplained(**told(result, open_), reason=reason)


CLOSED = e.ReconciliationClosed(occurred_at=NOON)


class Given:
    def __init__(self, *events: Event) -> None:
        self.state, _ = to_records(RECONCILIATION, None, UUID_, [*STARTED, *events])

    def when(self, decide: Callable[[Reconciliation], list[Event]]) -> "Given":
        self.outcome: list[Event] | Refusal
        try:
            self.outcome = decide(self.state)
        except Refusal as refusal:
            self.outcome = refusal
        return self

    def then(self, *events: Event) -> None:
        assert self.outcome == list(events)

    def then_refused(self, refusal: type[Refusal]) -> None:
        assert type(self.outcome) is refusal


def confirm(*results: d.Result) -> Callable[[Reconciliation], list[Event]]:
    return lambda state: d.confirm(state, results, now=NOON)


def break_match(*results: d.Result, reason: str = "so") -> Callable[[Reconciliation], list[Event]]:
    return lambda state: d.break_match(state, results, reason, now=NOON)


def explain(*results: d.Result, reason: str = "so") -> Callable[[Reconciliation], list[Event]]:
    return lambda state: d.explain(state, results, reason, now=NOON)


def close(state: Reconciliation) -> list[Event]:
    return d.close(state, now=NOON)


def test_suggested_and_missing_results_are_open_and_matched_or_in_transit_are_not() -> None:
    assert [is_open(result.outcome, None) for result in RESULTS] == [False, True, True, False]


def test_a_suggestion_is_confirmed() -> None:
    Given().when(confirm(SUGGESTED)).then(confirmed(SUGGESTED, 1))


def test_a_match_that_was_confirmed_already_records_nothing_more() -> None:
    Given(confirmed(SUGGESTED, 1)).when(confirm(SUGGESTED)).then()


@pytest.mark.parametrize("result", [MATCHED, MISSING, UNDERWAY])
def test_a_result_that_is_no_suggestion_is_not_confirmed(result: d.Result) -> None:
    Given().when(confirm(result)).then_refused(DecisionNotAllowed)


def test_a_match_that_is_broken_is_open_and_can_be_confirmed_or_explained() -> None:
    Given().when(break_match(MATCHED)).then(broken(MATCHED, 3))
    Given(broken(MATCHED, 3)).when(confirm(MATCHED)).then(confirmed(MATCHED, 2))
    Given(broken(MATCHED, 3)).when(explain(MATCHED)).then(explained(MATCHED, 2))


def test_a_confirmed_match_can_be_broken_and_is_open_again() -> None:
    Given(confirmed(SUGGESTED, 1)).when(break_match(SUGGESTED)).then(broken(SUGGESTED, 2))


def test_a_suggestion_that_is_broken_stays_open() -> None:
    Given().when(break_match(SUGGESTED)).then(broken(SUGGESTED, 2))


@pytest.mark.parametrize("result", [MISSING, UNDERWAY])
def test_a_result_that_is_no_match_cannot_be_broken(result: d.Result) -> None:
    Given().when(break_match(result)).then_refused(DecisionNotAllowed)


def test_a_difference_is_explained_and_explained_otherwise_later() -> None:
    Given().when(explain(MISSING)).then(explained(MISSING, 1))
    Given(explained(MISSING, 1)).when(explain(MISSING)).then()
    Given(explained(MISSING, 1)).when(explain(MISSING, reason="no")).then(explained(MISSING, 1, "no"))


@pytest.mark.parametrize("result", [MATCHED, UNDERWAY])
def test_a_result_that_is_not_open_takes_no_explanation(result: d.Result) -> None:
    Given().when(explain(result)).then_refused(DecisionNotAllowed)


def test_several_results_are_decided_together_and_each_event_says_how_many_are_left() -> None:
    Given().when(explain(SUGGESTED, MISSING)).then(explained(SUGGESTED, 1), explained(MISSING, 0))


def test_a_reconciliation_is_closed_when_nothing_is_open() -> None:
    Given(confirmed(SUGGESTED, 1), explained(MISSING, 0)).when(close).then(CLOSED)


def test_a_reconciliation_with_open_results_is_not_closed_and_says_how_many() -> None:
    given = Given(confirmed(SUGGESTED, 1)).when(close)
    given.then_refused(ReconciliationIsOpen)
    assert "1 result is open" in str(given.outcome)


@pytest.mark.parametrize("decide", [explain(MISSING, reason="other"), break_match(MATCHED), confirm(MISSING)])
def test_no_decision_changes_anything_after_closing(decide: Callable[[Reconciliation], list[Event]]) -> None:
    given = Given(confirmed(SUGGESTED, 1), explained(MISSING, 0), CLOSED)
    given.when(decide).then_refused(ReconciliationIsClosed)


@pytest.mark.parametrize("decide", [close, confirm(SUGGESTED), explain(MISSING)])
def test_a_decision_from_before_closing_can_be_given_again(
    decide: Callable[[Reconciliation], list[Event]],
) -> None:
    Given(confirmed(SUGGESTED, 1), explained(MISSING, 0), CLOSED).when(decide).then()


def withdraw(state: Reconciliation) -> list[Event]:
    return d.withdraw(state, "the wrong month", now=NOON)


WITHDRAWN = e.ReconciliationWithdrawn(occurred_at=NOON, reason="the wrong month")


@pytest.mark.parametrize("before", [(), (confirmed(SUGGESTED, 1), explained(MISSING, 0), CLOSED)])
def test_a_reconciliation_open_or_closed_is_withdrawn_and_has_nothing_open_then(before: tuple[Event, ...]) -> None:
    Given(*before).when(withdraw).then(WITHDRAWN)
    Given(*before, WITHDRAWN).when(withdraw).then()
    assert Given(*before, WITHDRAWN).state.open == 0


@pytest.mark.parametrize("decide", [explain(MISSING), break_match(MATCHED), close])
def test_no_decision_changes_anything_after_withdrawing(decide: Callable[[Reconciliation], list[Event]]) -> None:
    Given(WITHDRAWN).when(decide).then_refused(ReconciliationIsWithdrawn)


def undo(*results: d.Result) -> Callable[[Reconciliation], list[Event]]:
    return lambda state: d.undo(state, [(result.id, result.outcome) for result in results], now=NOON)


def test_a_decision_that_is_undone_leaves_the_result_as_it_was() -> None:
    undone = e.DecisionUndone(occurred_at=NOON, result=SUGGESTED.id, open=2)
    Given(confirmed(SUGGESTED, 1)).when(undo(SUGGESTED)).then(undone)
    assert not Given(confirmed(SUGGESTED, 1), undone).state.decisions


def test_a_result_without_a_decision_has_nothing_to_undo() -> None:
    Given().when(undo(MATCHED)).then_refused(DecisionNotAllowed)


@pytest.mark.parametrize(("amount", "reason"), [("", None), ("-0.50", "the bank's charge")])
def test_lines_are_matched_to_payments_by_hand_and_a_difference_is_named_and_explained(
    amount: str, reason: str | None
) -> None:
    apart = d.MatchDifference(amount, "EUR")
    Given().when(lambda state: d.match(state, MATCHED, apart, reason, now=NOON)).then(
        e.MatchedByHand(**told(MATCHED, 2), difference=amount, currency="EUR", reason=reason)
    )


def test_a_difference_that_nobody_explains_is_no_match() -> None:
    apart = d.MatchDifference("-0.50", "EUR")
    Given().when(lambda state: d.match(state, MATCHED, apart, None, now=NOON)).then_refused(DecisionNotAllowed)


def test_a_run_again_keeps_the_decisions_and_the_report_before() -> None:
    again = e.ReconciliationRunAgain(
        occurred_at=NOON, position=9, report_sha256="b", index_sha256="j", outcomes={}, open=0
    )
    state = Given(explained(MISSING, 1), again).state
    assert (state.position, state.report_before_sha256, state.report_sha256, state.open) == (9, "a", "b", 0)
    assert set(state.decisions) == {MISSING.id}


def test_a_version_that_is_missing_breaks_the_history() -> None:
    records = [Record(UUID_, version, event) for version, event in ((1, STARTED[0]), (3, STARTED[1]))]
    with pytest.raises(BrokenHistory, match="version 3 stands where 2 should"):
        fold(RECONCILIATION, None, records)


def test_one_file_by_one_set_of_rules_is_one_reconciliation() -> None:
    alike = {uuid_of("stripe", "f", "r"), uuid_of("stripe", "f", "r")}
    others = {uuid_of("paypal", "f", "r"), uuid_of("stripe", "g", "r"), uuid_of("stripe", "f", "s")}
    assert len(alike) == 1
    assert len(alike | others) == 4


def test_the_last_decision_on_a_result_holds_however_many_there_are() -> None:
    made = Random(7).choices(range(400), k=3_000)
    kinds = [(e.MatchConfirmed, {}), (e.MatchBroken, {"reason": "r"}), (e.DifferenceExplained, {"reason": "r"})]
    events = [
        shape(occurred_at=NOON, result=f"r{result}", outcome="suggested", open=1, **more)
        for number, result in enumerate(made)
        for shape, more in [kinds[number % 3]]
    ]
    state = fold(RECONCILIATION, None, [Record(UUID_, v, event) for v, event in enumerate([*STARTED, *events], 1)])
    assert state
    assert {result: decision.kind for result, decision in state.decisions.items()} == {
        event.result: event.decision for event in events
    }


def test_one_more_decision_does_not_cost_all_that_were_made_before() -> None:
    """50,000 decisions once took 20 s, while other commands waited to be written."""
    decisions = [e.MatchConfirmed(occurred_at=NOON, result=f"r{n}", outcome="suggested", open=1) for n in range(50_000)]
    began = time.process_time()
    to_records(RECONCILIATION, None, UUID_, [*STARTED, *decisions])
    assert time.process_time() - began < 3
