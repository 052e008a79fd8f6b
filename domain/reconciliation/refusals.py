"""The refusals of a reconciliation's commands: one class for each rule, like the orders' in `domain.refusals`."""

from collections.abc import Sequence
from typing import Final

from domain.counted import counted
from domain.refusals import OrderMoved, Refusal

# The most refused decisions that a message names.
SHOWN_MAX: Final = 20


class ReconciliationNotFound(Refusal):
    code = "reconciliation-not-found"

    def __init__(self) -> None:
        super().__init__("There is no such reconciliation.")


class KeptFilesFull(Refusal):
    """Settlement files and their reports already take the bytes that the ledger may keep of them."""

    code = "kept-files-full"

    def __init__(self, bytes_now: int, bytes_max: int) -> None:
        now, most = (
            f"{tenths // 10:,}.{tenths % 10} MiB" for tenths in (bytes_now * 10 // 1024**2, bytes_max * 10 // 1024**2)
        )
        super().__init__(
            f"Settlement files and their reports take {now}, and may take {most}. Nothing of it is ever deleted: to"
            " keep more, an operator sets LEDGER_KEPT_FILES_MIB to a larger number and starts the service again."
        )


class ReconciliationMoved(OrderMoved):
    """The reconciliation is not at the version for which the client gave its decision."""

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


class ReconciliationIsWithdrawn(Refusal):
    code = "reconciliation-withdrawn"

    def __init__(self) -> None:
        super().__init__("The reconciliation was withdrawn; nothing of it counts any more.")


class ReconciliationIsOpen(Refusal):
    code = "reconciliation-open"

    def __init__(self, count: int) -> None:
        what = counted(count, "result is", "results are")
        super().__init__(f"It cannot be closed: {what} open; confirm or explain first.")
        self.count = count


class ReconciliationInWork(Refusal):
    """The file cannot be erased: results are open, and people need the file to decide."""

    code = "reconciliation-in-work"

    def __init__(self, count: int) -> None:
        what = counted(count, "result is", "results are")
        super().__init__(f"The file is still needed: {what} open. Decide, withdraw it, or use force.")
        self.count = count


class DecisionNotAllowed(Refusal):
    code = "decision-not-allowed"


class DecisionsRefused(Refusal):
    """Some of several decisions cannot be taken, so none is. `problems` are pairs of a decision's number, from 1, and
    the reason."""

    code = "decisions-refused"

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        told = " ".join(f"Decision {number}: {why}" for number, why in problems[:SHOWN_MAX])
        super().__init__(f"Nothing was decided, since {len(problems)} cannot be. {told}")
        self.problems = problems
