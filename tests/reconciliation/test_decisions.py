"""What may be decided about a reconciliation, in which state? given(events).when(decision).then(events or refusal)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain.order.state import BrokenHistory
from domain.reconciliation import state as r
from domain.refusals import Refusal

UUID_ = UUID("a06e0784-7b54-573d-b7db-902bbb437c93")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MATCHED = r.Result("m", "matched", (2,), (3,))
SUGGESTED = r.Result("s", "suggested", (3,), (4,))
MISSING = r.Result("x", "missing_in_settlement", (), (5,))
UNDERWAY = r.Result("t", "in_transit", (), (6,))
RESULTS = (MATCHED, SUGGESTED, MISSING, UNDERWAY)

STARTED = (
    r.ReconciliationStarted(
        occurred_at=NOON,
        provider="stripe",
        file="march.csv",
        file_sha256="f",
        rules_sha256="r",
        rules_version="1",
        position=7,
    ),
    r.MatchesSuggested(
        occurred_at=NOON, report_sha256="a", until=NOON, outcomes={"matched": 1}, open=r.count_open(RESULTS, {})
    ),
)


def told(result: r.Result, open_: int) -> dict[str, Any]:
    names = {"result": result.id, "outcome": result.outcome, "lines": result.lines, "entries": result.entries}
    return {"occurred_at": NOON, "open": open_, **names}


def confirmed(result: r.Result, open_: int) -> r.Event:
    return r.MatchConfirmed(**told(result, open_))


def broken(result: r.Result, open_: int, reason: str = "so") -> r.Event:
    return r.MatchBroken(**told(result, open_), reason=reason)


def explained(result: r.Result, open_: int, reason: str = "so") -> r.Event:
    return r.DifferenceExplained(**told(result, open_), reason=reason)


CLOSED = r.ReconciliationClosed(occurred_at=NOON)


class Given:
    def __init__(self, *events: r.Event) -> None:
        self.state, _ = r.place(None, UUID_, [*STARTED, *events])

    def when(self, decide: Callable[[r.Reconciliation], list[r.Event]]) -> "Given":
        self.outcome: list[r.Event] | Refusal
        try:
            self.outcome = decide(self.state)
        except Refusal as refusal:
            self.outcome = refusal
        return self

    def then(self, *events: r.Event) -> None:
        assert self.outcome == list(events)

    def then_refused(self, refusal: type[Refusal]) -> None:
        assert type(self.outcome) is refusal


def confirm(*results: r.Result) -> Callable[[r.Reconciliation], list[r.Event]]:
    return lambda state: r.confirm(state, results, now=NOON)


def break_match(*results: r.Result, reason: str = "so") -> Callable[[r.Reconciliation], list[r.Event]]:
    return lambda state: r.break_match(state, results, reason, now=NOON)


def explain(*results: r.Result, reason: str = "so") -> Callable[[r.Reconciliation], list[r.Event]]:
    return lambda state: r.explain(state, results, reason, now=NOON)


def close(state: r.Reconciliation) -> list[r.Event]:
    return r.close(state, now=NOON)


def test_what_is_suggested_and_what_is_missing_is_open_and_what_is_matched_or_in_transit_is_not() -> None:
    assert [r.is_open(result.outcome, None) for result in RESULTS] == [False, True, True, False]


def test_a_suggestion_is_confirmed() -> None:
    Given().when(confirm(SUGGESTED)).then(confirmed(SUGGESTED, 1))


def test_what_was_confirmed_already_records_nothing_more() -> None:
    Given(confirmed(SUGGESTED, 1)).when(confirm(SUGGESTED)).then()


@pytest.mark.parametrize("result", [MATCHED, MISSING, UNDERWAY])
def test_nothing_else_is_confirmed(result: r.Result) -> None:
    Given().when(confirm(result)).then_refused(r.DecisionNotAllowed)


def test_a_match_that_is_broken_is_open_and_can_be_confirmed_or_explained() -> None:
    Given().when(break_match(MATCHED)).then(broken(MATCHED, 3))
    Given(broken(MATCHED, 3)).when(confirm(MATCHED)).then(confirmed(MATCHED, 2))
    Given(broken(MATCHED, 3)).when(explain(MATCHED)).then(explained(MATCHED, 2))


def test_a_confirmed_match_can_be_broken_and_is_open_again() -> None:
    Given(confirmed(SUGGESTED, 1)).when(break_match(SUGGESTED)).then(broken(SUGGESTED, 2))


def test_a_suggestion_that_is_broken_stays_open() -> None:
    Given().when(break_match(SUGGESTED)).then(broken(SUGGESTED, 2))


@pytest.mark.parametrize("result", [MISSING, UNDERWAY])
def test_what_is_no_match_cannot_be_broken(result: r.Result) -> None:
    Given().when(break_match(result)).then_refused(r.DecisionNotAllowed)


def test_a_difference_is_explained_and_explained_otherwise_later() -> None:
    Given().when(explain(MISSING)).then(explained(MISSING, 1))
    Given(explained(MISSING, 1)).when(explain(MISSING)).then()
    Given(explained(MISSING, 1)).when(explain(MISSING, reason="no")).then(explained(MISSING, 1, "no"))


@pytest.mark.parametrize("result", [MATCHED, UNDERWAY])
def test_what_is_not_open_needs_no_reason(result: r.Result) -> None:
    Given().when(explain(result)).then_refused(r.DecisionNotAllowed)


def test_several_are_decided_together_and_each_says_how_many_are_left() -> None:
    Given().when(explain(SUGGESTED, MISSING)).then(explained(SUGGESTED, 1), explained(MISSING, 0))


def test_it_is_closed_when_nothing_is_open() -> None:
    Given(confirmed(SUGGESTED, 1), explained(MISSING, 0)).when(close).then(CLOSED)


def test_it_is_not_closed_while_something_is_open_and_says_how_much() -> None:
    given = Given(confirmed(SUGGESTED, 1)).when(close)
    given.then_refused(r.ReconciliationIsOpen)
    assert "1 result is open" in str(given.outcome)


@pytest.mark.parametrize("decide", [explain(MISSING, reason="other"), break_match(MATCHED), confirm(MISSING)])
def test_nothing_changes_after_closing(decide: Callable[[r.Reconciliation], list[r.Event]]) -> None:
    given = Given(confirmed(SUGGESTED, 1), explained(MISSING, 0), CLOSED)
    given.when(decide).then_refused(r.ReconciliationIsClosed)


@pytest.mark.parametrize("decide", [close, confirm(SUGGESTED), explain(MISSING)])
def test_what_was_said_before_closing_can_be_said_again(
    decide: Callable[[r.Reconciliation], list[r.Event]],
) -> None:
    Given(confirmed(SUGGESTED, 1), explained(MISSING, 0), CLOSED).when(decide).then()


def test_running_it_again_keeps_what_was_decided_and_the_report_before() -> None:
    again = r.ReconciliationRunAgain(occurred_at=NOON, position=9, report_sha256="b", outcomes={}, open=0)
    state = Given(explained(MISSING, 1), again).state
    assert (state.position, state.report_before_sha256, state.report_sha256, state.open) == (9, "a", "b", 0)
    assert set(state.decisions) == {MISSING.id}


def test_a_version_that_is_missing_breaks_the_history() -> None:
    records = [r.Record(UUID_, version, event) for version, event in ((1, STARTED[0]), (3, STARTED[1]))]
    with pytest.raises(BrokenHistory, match="version 3 stands where 2 should"):
        r.fold(None, records)


def test_one_file_by_one_set_of_rules_is_one_reconciliation() -> None:
    alike = {r.uuid_of("stripe", "f", "r"), r.uuid_of("stripe", "f", "r")}
    others = {r.uuid_of("paypal", "f", "r"), r.uuid_of("stripe", "g", "r"), r.uuid_of("stripe", "f", "s")}
    assert len(alike) == 1
    assert len(alike | others) == 4
