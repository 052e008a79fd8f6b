"""The events of a reconciliation: facts in the past tense, and the permanent topics under which they are stored.

Like an order's events they are frozen structs, stored as plain JSON without null or empty fields. A topic, once used,
keeps its meaning for ever.
"""

from datetime import datetime
from typing import ClassVar, Final

from msgspec.structs import asdict

from domain.aggregate import Event, Upcaster
from domain.reconciliation.report import PreviousFile


class ReconciliationStarted(Event, frozen=True, kw_only=True):
    """A reconciliation began, which reads the log up to `position`. The rules are kept under their SHA-256, the file
    under its own or, where the file is sealed, under the SHA-256 of its sealed bytes. Days are days in `timezone`."""

    provider: str
    file: str
    file_sha256: str
    file_sealed_sha256: str = ""
    rules_sha256: str
    rules_version: str
    position: int
    timezone: str = "UTC"
    earlier: PreviousFile | None = None


class ReconciliationStartedV1(Event, frozen=True, kw_only=True):
    """The first version of ReconciliationStarted, from before files were sealed, when days were days in UTC."""

    provider: str
    file: str
    file_sha256: str
    rules_sha256: str
    rules_version: str
    position: int
    earlier: PreviousFile | None = None


class MatchesSuggested(Event, frozen=True, kw_only=True):
    """The first report was made: the number of its results by outcome, and the SHA-256s of the report, of its sealed
    bytes and of its index.

    `until` is the time of the file's last line. A report older than indexes has none.
    """

    report_sha256: str
    report_sealed_sha256: str = ""
    index_sha256: str
    until: datetime
    outcomes: dict[str, int]
    open: int


class MatchesSuggestedV2(Event, frozen=True, kw_only=True):
    """The second version of MatchesSuggested, from before reports were sealed."""

    report_sha256: str
    index_sha256: str
    until: datetime
    outcomes: dict[str, int]
    open: int


class MatchesSuggestedV1(Event, frozen=True, kw_only=True):
    """The first version of MatchesSuggested, from before reports had indexes."""

    report_sha256: str
    until: datetime
    outcomes: dict[str, int]
    open: int

    def upcast(self) -> MatchesSuggested:
        return MatchesSuggested(**asdict(self), index_sha256="")


class Decided(Event, frozen=True, kw_only=True):
    """A person's decision about one result: `decision` is "confirmed", "broken", "explained" or "matched".

    `lines` are rows of the file, `entries` positions of the log; `open` counts the results that are open after the
    decision.
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


class MatchedByHand(Decided, frozen=True, kw_only=True):
    """A person matched lines with payments; the report that is made with this event has the match. `difference` is the
    lines' sum less the payments' sum, in `currency`, and empty where the sums are equal; `reason` explains the
    difference."""

    decision: ClassVar[str] = "matched"

    difference: str
    currency: str
    reason: str | None = None


class DecisionUndone(Event, frozen=True, kw_only=True):
    """A person took back the decision about a result."""

    result: str
    open: int


class ReconciliationRunAgain(Event, frozen=True, kw_only=True):
    """The same file was compared again by the same rules, with the log up to a later position and with the provider's
    other files."""

    position: int
    report_sha256: str
    report_sealed_sha256: str = ""
    index_sha256: str
    outcomes: dict[str, int]
    open: int


class ReconciliationRunAgainV2(Event, frozen=True, kw_only=True):
    """The second version of ReconciliationRunAgain, from before reports were sealed."""

    position: int
    report_sha256: str
    index_sha256: str
    outcomes: dict[str, int]
    open: int


class ReconciliationRunAgainV1(Event, frozen=True, kw_only=True):
    """The first version of ReconciliationRunAgain, from before reports had indexes."""

    position: int
    report_sha256: str
    outcomes: dict[str, int]
    open: int

    def upcast(self) -> ReconciliationRunAgain:
        return ReconciliationRunAgain(**asdict(self), index_sha256="")


class ReconciliationClosed(Event, frozen=True, kw_only=True):
    pass


class ReconciliationWithdrawn(Event, frozen=True, kw_only=True):
    """A person withdrew the reconciliation, a mistake. Its events stay in the history, and none of its results counts
    any more."""

    reason: str


class PersonalErased(Event, frozen=True, kw_only=True):
    """The erasure with the id `erasure` erased personal data of a reconciliation: `file` is the provider's file with
    all its reports, `contact` the reasons that people gave until then.

    `basis` and `reference` give the ground for the erasure without free text. `keys` are the data keys that were
    destroyed.
    """

    erasure: str
    basis: str
    erased: tuple[str, ...]
    reference: str | None = None
    keys: tuple[str, ...] = ()


def reasoned_about(event: Event) -> tuple[int, ...]:
    """The positions of the payments that a person's reason in this event is about; none where it has no reason."""
    return getattr(event, "entries", ()) if getattr(event, "reason", None) else ()


TOPICS: Final[dict[str, type[Event]]] = {
    "reconciliation.started.v2": ReconciliationStarted,
    "reconciliation.matches_suggested.v3": MatchesSuggested,
    "reconciliation.match_confirmed.v1": MatchConfirmed,
    "reconciliation.match_broken.v1": MatchBroken,
    "reconciliation.difference_explained.v1": DifferenceExplained,
    "reconciliation.matched_by_hand.v1": MatchedByHand,
    "reconciliation.decision_undone.v1": DecisionUndone,
    "reconciliation.run_again.v3": ReconciliationRunAgain,
    "reconciliation.closed.v1": ReconciliationClosed,
    "reconciliation.withdrawn.v1": ReconciliationWithdrawn,
    "reconciliation.personal_erased.v1": PersonalErased,
}
OLDER: Final = {
    "reconciliation.started.v1": Upcaster(ReconciliationStartedV1, ReconciliationStarted),
    "reconciliation.matches_suggested.v1": Upcaster(MatchesSuggestedV1, MatchesSuggested, MatchesSuggestedV1.upcast),
    "reconciliation.matches_suggested.v2": Upcaster(MatchesSuggestedV2, MatchesSuggested),
    "reconciliation.run_again.v1": Upcaster(
        ReconciliationRunAgainV1, ReconciliationRunAgain, ReconciliationRunAgainV1.upcast
    ),
    "reconciliation.run_again.v2": Upcaster(ReconciliationRunAgainV2, ReconciliationRunAgain),
}
