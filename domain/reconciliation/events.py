"""The events of a reconciliation: facts in the past tense, and the permanent topics under which they are stored.

As an order's: frozen structs, stored as plain JSON without what is null or empty; a topic, once used, keeps its meaning
for ever.
"""

from datetime import datetime
from typing import ClassVar, Final

from msgspec.structs import asdict

from domain.aggregate import Event, Older
from domain.reconciliation.report import Earlier


class ReconciliationStarted(Event, frozen=True, kw_only=True):
    """The reconciliation reads the log up to `position`; the rules are kept under their SHA-256, and so is the file or,
    where it is sealed, under that of its sealed bytes. Days are those of `timezone`."""

    provider: str
    file: str
    file_sha256: str
    file_sealed_sha256: str = ""
    rules_sha256: str
    rules_version: str
    position: int
    timezone: str = "UTC"
    earlier: Earlier | None = None


class ReconciliationStartedV1(Event, frozen=True, kw_only=True):
    """The first version of ReconciliationStarted, of before files were sealed, when days were those of UTC."""

    provider: str
    file: str
    file_sha256: str
    rules_sha256: str
    rules_version: str
    position: int
    earlier: Earlier | None = None

    def upcast(self) -> ReconciliationStarted:
        return ReconciliationStarted(**asdict(self))


class MatchesSuggested(Event, frozen=True, kw_only=True):
    """How many results of each outcome the first report has, and the SHA-256s of the report, of its sealed bytes and of
    its index.

    `until` is the time of the file's last line. A report of before there were indexes has none.
    """

    report_sha256: str
    report_sealed_sha256: str = ""
    index_sha256: str
    until: datetime
    outcomes: dict[str, int]
    open: int


class MatchesSuggestedV2(Event, frozen=True, kw_only=True):
    """The second version of MatchesSuggested, of before reports were sealed."""

    report_sha256: str
    index_sha256: str
    until: datetime
    outcomes: dict[str, int]
    open: int

    def upcast(self) -> MatchesSuggested:
        return MatchesSuggested(**asdict(self))


class MatchesSuggestedV1(Event, frozen=True, kw_only=True):
    """The first version of MatchesSuggested."""

    report_sha256: str
    until: datetime
    outcomes: dict[str, int]
    open: int

    def upcast(self) -> MatchesSuggested:
        return MatchesSuggested(**asdict(self), index_sha256="")


class Decided(Event, frozen=True, kw_only=True):
    """A person's decision about one result: `decision` is "confirmed", "broken", "explained" or "matched".

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


class MatchedByHand(Decided, frozen=True, kw_only=True):
    """A person matched lines to payments; the run that comes with it finds them so. `difference` is what the lines have
    more than the payments, in `currency`; where there is one, the reason explains it."""

    decision: ClassVar[str] = "matched"

    difference: str
    currency: str
    reason: str | None = None


class DecisionUndone(Event, frozen=True, kw_only=True):
    """The decision about a result does not hold any more."""

    result: str
    open: int


class ReconciliationRunAgain(Event, frozen=True, kw_only=True):
    """The same file by the same rules, compared with the log up to a later position, other files of the provider
    included."""

    position: int
    report_sha256: str
    report_sealed_sha256: str = ""
    index_sha256: str
    outcomes: dict[str, int]
    open: int


class ReconciliationRunAgainV2(Event, frozen=True, kw_only=True):
    """The second version of ReconciliationRunAgain, of before reports were sealed."""

    position: int
    report_sha256: str
    index_sha256: str
    outcomes: dict[str, int]
    open: int

    def upcast(self) -> ReconciliationRunAgain:
        return ReconciliationRunAgain(**asdict(self))


class ReconciliationRunAgainV1(Event, frozen=True, kw_only=True):
    """The first version of ReconciliationRunAgain."""

    position: int
    report_sha256: str
    outcomes: dict[str, int]
    open: int

    def upcast(self) -> ReconciliationRunAgain:
        return ReconciliationRunAgain(**asdict(self), index_sha256="")


class ReconciliationClosed(Event, frozen=True, kw_only=True):
    pass


class ReconciliationWithdrawn(Event, frozen=True, kw_only=True):
    """It was a mistake: it stays in the history, and nothing of it counts any more."""

    reason: str


class PersonalErased(Event, frozen=True, kw_only=True):
    """What was erased of a reconciliation, by an erasure that has this id: `file` is the provider's file with all its
    reports, `contact` the reasons that people gave until now.

    `basis` and `reference` say why, in no free text. `keys` are the data keys that were destroyed.
    """

    erasure: str
    basis: str
    erased: tuple[str, ...]
    reference: str | None = None
    keys: tuple[str, ...] = ()


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
    "reconciliation.started.v1": Older(ReconciliationStartedV1, ReconciliationStarted, ReconciliationStartedV1.upcast),
    "reconciliation.matches_suggested.v1": Older(MatchesSuggestedV1, MatchesSuggested, MatchesSuggestedV1.upcast),
    "reconciliation.matches_suggested.v2": Older(MatchesSuggestedV2, MatchesSuggested, MatchesSuggestedV2.upcast),
    "reconciliation.run_again.v1": Older(
        ReconciliationRunAgainV1, ReconciliationRunAgain, ReconciliationRunAgainV1.upcast
    ),
    "reconciliation.run_again.v2": Older(
        ReconciliationRunAgainV2, ReconciliationRunAgain, ReconciliationRunAgainV2.upcast
    ),
}
