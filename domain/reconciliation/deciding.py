"""Takes several decisions about one reconciliation at once: all of them, or none and a refusal that names each
fault."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

from domain.aggregate import Event, to_records
from domain.reconciliation import decide, matching
from domain.reconciliation.kept import KeptReport
from domain.reconciliation.others import DECIDED, SurestClaim
from domain.reconciliation.refusals import DecisionNotAllowed, DecisionsRefused, ResultNotFound
from domain.reconciliation.report import Pair, Result
from domain.reconciliation.state import RECONCILIATION, Reconciliation, is_open
from domain.refusals import Refusal

Kind: TypeAlias = Literal["confirm", "break", "explain", "match", "undo"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
REASON_CHARS_MAX: Final = 1_000
# A payment in transit can be matched with a line; the other results at rest cannot.
_WAITS: Final = "in_transit"


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person's decision: `results` are ids; for a match, `lines` are rows of the file and `entries` positions of the
    log."""

    decision: Kind
    results: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS_MAX)] | None = None


class DecisionBatch:
    """A batch of decisions. `pairs` are its matches by hand; `held` are the payments that lines of other files settle,
    by their positions."""

    def __init__(
        self, state: Reconciliation, report: KeptReport, held: Mapping[int, SurestClaim], now: datetime
    ) -> None:
        self.pairs: list[Pair] = []
        self._held = held
        self._state = state
        self._report = report
        self._now = now
        self._matches: list[tuple[int, Wanted]] = []
        self._refused: list[tuple[int, Refusal]] = []

    def events(self, wanted: Sequence[Wanted]) -> tuple[list[Event], Reconciliation]:
        """The events of all decisions but the matches, and the state after them. Raises the refusal of a decision that
        is alone, or DecisionsRefused for several."""
        events: list[Event] = []
        state = self._state
        for number, one in enumerate(wanted, 1):
            try:
                new = self._of(state, one)
            except Refusal as refusal:
                self._refused.append((number, refusal))
                continue
            if one.decision == "match":
                self._matches.append((number, one))
                self.pairs.append((tuple(sorted(set(one.lines))), tuple(sorted(set(one.entries)))))
            if new:
                state, _ = to_records(RECONCILIATION, state, state.uuid, new)
                events += new
        self._raise(len(wanted))
        return events, state

    def _of(self, state: Reconciliation, one: Wanted) -> list[Event]:
        if one.decision == "match":
            decide.check_changes(state)
            return []
        if one.decision == "undo":
            outcomes = [(id_, self._outcome(id_)) for id_ in dict.fromkeys(one.results)]
            return decide.undo(state, outcomes, now=self._now)
        results = [self._plain(id_) for id_ in dict.fromkeys(one.results)]
        if one.decision == "confirm":
            if wrong := [said for result in results for said in self._given(result.entries)]:
                raise DecisionNotAllowed(f"These cannot be confirmed: {'; '.join(wrong)}.")
            return decide.confirm(state, results, now=self._now)
        if not one.reason:
            raise DecisionNotAllowed(f"To {one.decision} takes a reason.")
        change = decide.break_match if one.decision == "break" else decide.explain
        return change(state, results, one.reason, now=self._now)

    def _outcome(self, id_: str) -> str | None:
        result = self._report.result(id_)
        return None if result is None else result.outcome

    def _plain(self, id_: str) -> decide.Result:
        if (result := self._report.result(id_)) is None:
            raise ResultNotFound(id_)
        return _plain(result)

    def _given(self, positions: Iterable[int]) -> list[str]:
        """A message for each of the payments that a person gave to a line of another file."""
        found = ((position, self._held.get(position)) for position in positions)
        return [
            f"position {position} was given to row {held.by.row} of {held.by.file}, reconciliation"
            f" {held.by.reconciliation}"
            for position, held in found
            if held is not None and held.strength == DECIDED
        ]

    def check_open(self, elsewhere: Callable[[int], matching.Entry | None]) -> None:
        """Raises DecisionNotAllowed where a match has lines or payments that are not open, or several currencies;
        DecisionsRefused for several matches.

        `elsewhere` finds an open payment of the journal that the report does not have.
        """
        rows: Counter[int] = Counter()
        currencies_of_row: dict[int, set[str]] = {}
        currency_of: dict[int, str] = {}
        for result in self._open_results():
            for line in result.lines:
                rows[line.row] += 1
                currencies_of_row[line.row] = {line.currency, line.original_currency or line.currency}
            currency_of |= {entry.position: entry.currency for entry in result.entries}
        taken: Counter[object] = Counter(("row", row) for rows_, _ in self.pairs for row in rows_)
        taken.update(("position", position) for _, positions in self.pairs for position in positions)
        for (number, _), (rows_, positions) in zip(self._matches, self.pairs, strict=True):
            wrong = [f"row {row} is no open line" for row in rows_ if not rows[row]]
            wrong += [f"row {row} has several lines" for row in rows_ if rows[row] > 1]
            for position in positions:
                if position not in currency_of and (found := elsewhere(position)) is not None:
                    currency_of[position] = found.currency
                if position not in currency_of:
                    wrong.append(f"position {position} is no open payment of this provider")
            wrong += self._given(position for position in positions if position in currency_of)
            wrong += [f"row {row} is matched twice" for row in rows_ if taken["row", row] > 1]
            wrong += [f"position {at} is matched twice" for at in positions if taken["position", at] > 1]
            said = [currencies_of_row[row] for row in rows_ if row in currencies_of_row]
            said += [{currency_of[at]} for at in positions if at in currency_of]
            if said and not set.intersection(*said):
                currencies = " and ".join(sorted(set.union(*said)))
                wrong.append(f"the currencies are {currencies}, where one is right")
            if not rows_ or not positions:
                wrong.append("a match takes one line and one payment at least")
            if wrong:
                self._refused.append((number, DecisionNotAllowed(f"These cannot be matched: {'; '.join(wrong)}.")))
        self._raise(len(self._matches))

    def _open_results(self) -> Iterator[Result]:
        first, decisions = 0, self._state.decisions
        for outcome, count in self._report.head.outcomes.items():
            if outcome != "matched":
                found = self._report.results(first, first + count)
                yield from (of for of in found if of.outcome == _WAITS or is_open(of.outcome, decisions.get(of.id)))
            first += count
        for id_, decision in decisions.items():
            broken = self._report.result(id_) if decision.kind == "broken" else None
            if broken is not None and broken.outcome == "matched":
                yield broken

    def matched(self, state: Reconciliation, found: Sequence[Result]) -> tuple[list[Event], list[str]]:
        """The events of the matches, and the ids of their results in the report that was made with them. Raises as
        `events`."""
        events: list[Event] = []
        ids: list[str] = []
        self._refused = []  # the writer may do this twice
        of_positions = {_plain(result).entries: result for result in found}
        for (number, one), (rows, positions) in zip(self._matches, self.pairs, strict=True):
            result = of_positions.get(positions)
            if result is None:  # the new report has no payment that is void, and `check_open` asked the one before
                void = DecisionNotAllowed("These cannot be matched: one of the payments is void.")
                self._refused.append((number, void))
                continue
            amounts = [Decimal(of.actual) - Decimal(of.expected) for of in result.differs]
            apart = decide.MatchDifference(str(amounts[0]) if amounts else "", result.entries[0].currency)
            plain = msgspec.structs.replace(_plain(result), lines=rows)
            try:
                events += decide.match(state, plain, apart, one.reason, now=self._now)
            except Refusal as refusal:
                self._refused.append((number, refusal))
            ids.append(result.id)
        self._raise(len(self._matches))
        return events, ids

    def _raise(self, count: int) -> None:
        if self._refused and count == 1:
            raise self._refused[0][1]
        if self._refused:
            raise DecisionsRefused([(number, refusal.detail) for number, refusal in self._refused])


def _plain(result: Result) -> decide.Result:
    rows = tuple(line.row for line in result.lines)
    return decide.Result(result.id, result.outcome, rows, tuple(entry.position for entry in result.entries))
