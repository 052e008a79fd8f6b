"""The problems that a verification finds: the position, the order, and the reason of each."""

from collections.abc import Sequence
from typing import Final, NamedTuple

SOMEWHERE: Final = 2**62  # the end of a span of positions without a known end


class Problem(NamedTuple):
    """A fault: its position in the log, the order, and the reason.

    Where the verification only knows that one of several records is at fault, `position` is the first of them and
    `until` the last.
    """

    position: int
    order: str | None
    reason: str
    until: int | None = None


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """The problems, ordered by position. A problem of a span comes behind the problem of a single record in that
    span."""
    exact = sorted(problem.position for problem in problems if problem.until is None)

    def place(problem: Problem) -> tuple[int, bool, str, str]:
        known = [at for at in exact if problem.position <= at <= (problem.until or at)] if problem.until else []
        at = known[0] if known else problem.position
        return at, problem.until is not None, problem.order or "", problem.reason

    return sorted(problems, key=place)
