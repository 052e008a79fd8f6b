"""The events of a reconciliation: facts in the past tense, and the permanent topics under which they are stored.

As an order's: frozen structs, stored as plain JSON without what is null or empty; a topic, once used, keeps its meaning
for ever.
"""

from datetime import datetime
from typing import ClassVar, Final

from domain.aggregate import Event
from domain.reconciliation.report import Earlier


class ReconciliationStarted(Event, frozen=True, kw_only=True):
    """The reconciliation reads the log up to `position`; the file and the rules are kept under their SHA-256."""

    provider: str
    file: str
    file_sha256: str
    rules_sha256: str
    rules_version: str
    position: int
    earlier: Earlier | None = None


class MatchesSuggested(Event, frozen=True, kw_only=True):
    """How many results of each outcome the first report has, and the report's SHA-256.

    `until` is the time of the file's last line.
    """

    report_sha256: str
    until: datetime
    outcomes: dict[str, int]
    open: int


class Decided(Event, frozen=True, kw_only=True):
    """A person's decision about one result: `decision` is "confirmed", "broken" or "explained".

    `lines` are rows of the file, `entries` positions of the log; `open` counts the results that are open after it.
    """

    decision: ClassVar[str]

    result: str
    outcome: str
    lines: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()
    open: int


class MatchConfirmed(Decided, frozen=True, kw_only=True):
    decision: ClassVar[str] = "confirmed"


class MatchBroken(Decided, frozen=True, kw_only=True):
    decision: ClassVar[str] = "broken"

    reason: str


class DifferenceExplained(Decided, frozen=True, kw_only=True):
    decision: ClassVar[str] = "explained"

    reason: str


class ReconciliationRunAgain(Event, frozen=True, kw_only=True):
    """The same file by the same rules, compared with the log up to a later position."""

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
