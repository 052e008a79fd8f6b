"""Which payments have a provider's other files settled, and which time does each file cover?

A payment is settled once, by one line of one file. Where several files have a line for it, the best line keeps it:
first a line that a person decided on, then a line with the right amount, then the earlier line by its own time. So the
order in which the files are taken in does not matter.

Whether a payment is missing is judged over all files of the provider in the payment's currency. A file covers the time
from its first line to its last, or the time that it states. A gap of at most GAP between two files counts as covered;
the first file covers all the time before it as well. A payment is expected in one file: the first file that covers it
and is not closed or, where all these are closed, the next open file behind it.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from domain.moments import microseconds
from domain.settlement.lines import Balance, Line

GAP: Final = timedelta(days=14)
_GAP: Final = GAP // timedelta(microseconds=1)
_ALWAYS: Final = datetime(1, 1, 1, tzinfo=UTC)

# How surely a line settles a payment: a person decided so; by reference and amount; by reference alone; possibly.
DECIDED: Final = 3
EXACT: Final = 2
BY_REFERENCE: Final = 1
POSSIBLE: Final = 0


class Cover(msgspec.Struct, frozen=True, array_like=True):
    """The time that a file covers in one currency, both ends inclusive."""

    currency: str
    since: datetime
    until: datetime


class Claim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The claim of a line, named by its row and its time in microseconds, to the payment at a position of the log;
    `strength` is DECIDED, EXACT, BY_REFERENCE or POSSIBLE."""

    position: int
    at: int
    row: int
    strength: int


class Waiting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A payment, named by its position, that is expected in a file and missing there; `due` is when its delay is over,
    in microseconds."""

    position: int
    due: int


class OtherFile(msgspec.Struct, frozen=True):
    """A reconciliation of another file of the same provider, with the times that the file covers, its claims, and the
    payments expected in it."""

    uuid: str
    file: str
    file_sha256: str
    covers: Sequence[Cover]
    claims: Sequence[Claim]
    waiting: Sequence[Waiting]
    is_closed: bool


class SharedClaims(msgspec.Struct, frozen=True):
    """The part of a report that other files of the provider need: the times that its file covers, its claims, and the
    payments that are expected in the file and missing."""

    covers: list[Cover]
    claims: list[Claim]
    waiting: list[Waiting]

    @property
    def settled(self) -> set[int]:
        """The positions of the payments that a line of the file settles."""
        return {claim.position for claim in self.claims if claim.strength > POSSIBLE}


def affects(before: SharedClaims | None, after: SharedClaims, other: SharedClaims) -> bool:
    """Whether the results of another file may change when a file's report changes from `before` to `after`."""
    if not _share_a_currency((before or after).covers, other.covers):
        return False
    old, new = set(before.claims if before else ()), set(after.claims)
    moved = {claim.position for claim in old ^ new}
    if {claim.position for claim in old} - {claim.position for claim in new}:
        return True  # a payment let go may be missing in any file, or fit any line
    if not moved.isdisjoint(claim.position for claim in other.claims):
        return True
    if not moved.isdisjoint(waiting.position for waiting in other.waiting):
        return True
    if not after.covers:
        return True  # payments expected in it are now expected in others
    same_time = before is not None and before.covers == after.covers
    return not same_time and (_waits_outside(other) or _takes(after, other))


def _share_a_currency(one: Iterable[Cover], other: Iterable[Cover]) -> bool:
    return not {cover.currency for cover in one}.isdisjoint(cover.currency for cover in other)


def _waits_outside(shared: SharedClaims) -> bool:
    """Whether a file has an expected payment that is due outside the time that it covers."""
    since = min(microseconds(cover.since) for cover in shared.covers)
    until = max(microseconds(cover.until) for cover in shared.covers)
    return any(not since <= waiting.due <= until for waiting in shared.waiting)


def _takes(shared: SharedClaims, other: SharedClaims) -> bool:
    """Whether payments may move between two files: the first covers a payment expected in `other`, or `other` begins
    behind the first's end by at most GAP."""
    ends = [(microseconds(one.since), microseconds(one.until)) for one in shared.covers]
    begins = [microseconds(cover.since) for cover in other.covers]
    return any(since <= waiting.due <= until for since, until in ends for waiting in other.waiting) or any(
        since <= begin and 0 < begin - until <= _GAP for since, until in ends for begin in begins
    )


class SettledBy(msgspec.Struct, frozen=True, gc=False):
    """The line that has settled the payment already: its reconciliation, the name of its file, and its row."""

    reconciliation: str
    file: str
    row: int


class SurestClaim(NamedTuple):
    """The surest claim that lines of other files have to a payment: its strength, and the line."""

    strength: int
    by: SettledBy


def surest_claims(others: Iterable[OtherFile]) -> dict[int, SurestClaim]:
    """The payments that lines of other files settle for sure, by their positions, each with the surest claim to it."""
    found: dict[int, SurestClaim] = {}
    for other in others:
        for claim in other.claims:
            known = found.get(claim.position)
            if claim.strength > (known.strength if known else POSSIBLE):
                found[claim.position] = SurestClaim(claim.strength, SettledBy(other.uuid, other.file, claim.row))
    return found


# The smaller, the better a line's claim to a payment.
_Rank = tuple[int, int, str, int]


class OtherFiles:
    """The provider's other files, as the matching of one file needs them. `own` are the times that this file covers;
    `now` is the time of the run; `held` are the payments that people have given to lines of this file."""

    def __init__(
        self,
        own_sha256: str,
        own: Sequence[Cover],
        others: Iterable[OtherFile],
        now: datetime,
        *,
        held: Collection[int] = (),
    ) -> None:
        self._own_sha256 = own_sha256
        self.now = now
        self._held = frozenset(held)
        self._first: dict[int, tuple[_Rank, SettledBy]] = {}
        self._possible: set[int] = set()
        # The payments missing in closed files, where people explained them, with the times that these files cover.
        self._explained: dict[int, Sequence[Cover]] = {}
        files = [_File(cover, own_sha256, is_open=True) for cover in own]
        for other in others:
            files += [_File(cover, other.file_sha256, not other.is_closed) for cover in other.covers]
            if other.is_closed:
                self._explained |= dict.fromkeys((waiting.position for waiting in other.waiting), other.covers)
            self._note(other)
        self._times = {cover.currency: _Times(files, cover.currency, own_sha256, now) for cover in own}

    def _note(self, other: OtherFile) -> None:
        for claim in other.claims:
            if claim.position in self._held:
                continue
            if claim.strength == POSSIBLE:
                self._possible.add(claim.position)
                continue
            rank = _rank(claim.strength, claim.at, other.file_sha256, claim.row)
            known = self._first.get(claim.position)
            if known is None or rank < known[0]:
                self._first[claim.position] = (rank, SettledBy(other.uuid, other.file, claim.row))

    def settled(self, position: int) -> SettledBy | None:
        """The line of another file that settles a payment for sure; None where there is none."""
        known = self._first.get(position)
        return known[1] if known else None

    def settled_before(self, position: int, line: Line, strength: int) -> SettledBy | None:
        """The line of another file that settles a payment for sure and comes before `line`; None where there is none.
        `strength` is the strength of `line`'s own claim."""
        known = self._first.get(position)
        if known is None:
            return None
        own = _rank(strength, microseconds(line.occurred_at), self._own_sha256, line.row)
        return known[1] if known[0] < own else None

    def outcome_of_missing(self, position: int, received_at: datetime, currency: str, delay: timedelta) -> str | None:
        """The outcome of a payment that this file does not have: missing_in_settlement, in_transit or overdue. None
        where another file has the payment, or is expected to have it, where a person explained it in a closed file, or
        where it is dated ahead."""
        if position in self._first or position in self._possible:
            return None
        if currency not in self._times or received_at > self.now:
            return None
        due = received_at + delay
        if any(cover.currency == currency and due <= cover.until for cover in self._explained.get(position, ())):
            return None
        times = self._times[currency]
        if times.is_covered(due):
            return "missing_in_settlement" if times.is_asked(due) else None
        if not times.is_last_before(due):
            return None
        return "in_transit" if due > self.now else "overdue"


def _rank(strength: int, at: int, sha256: str, row: int) -> _Rank:
    return -strength, at, sha256, row


class _File(NamedTuple):
    """A file: the time that it covers, its SHA-256, and whether its reconciliation is open, so that payments may be
    expected in it."""

    cover: Cover
    sha256: str
    is_open: bool


class _Span(NamedTuple):
    """The time whose payments are expected in a file. It begins where the file before ends, if the gap between them is
    at most GAP."""

    begin: datetime
    until: datetime
    file: _File


class _Times:
    """The files of one currency in time, and which of them a payment is expected in."""

    def __init__(self, files: Iterable[_File], currency: str, own: str, now: datetime) -> None:
        of_currency = (file for file in files if file.cover.currency == currency)
        found = sorted(
            ((file.cover.since, min(file.cover.until, now), file.sha256, file) for file in of_currency),
            key=lambda one: one[:3],  # one file may be here twice, by two sets of rules
        )
        reached = _ALWAYS
        self._spans: list[_Span] = []
        for place, (since, until, _, file) in enumerate(found):
            begin = _ALWAYS if place == 0 else since
            if reached < since <= reached + GAP and place:
                begin = reached
            reached = max(reached, until)
            self._spans.append(_Span(begin, until, file))
        # The files' ends: a payment that no file covers is expected in the last file before.
        self._ends = sorted((until, sha256, file.is_open) for _, until, sha256, file in found)
        self._sha256 = own

    def is_covered(self, moment: datetime) -> bool:
        return any(span.begin <= moment <= span.until for span in self._spans)

    def is_asked(self, moment: datetime) -> bool:
        """Whether a payment due at the moment is expected in this file: in the first open file that covers the
        moment."""
        covering = (span.file for span in self._spans if span.begin <= moment <= span.until)
        first = next((file for file in covering if file.is_open), None)
        return self._is_next(moment) if first is None else first.sha256 == self._sha256

    def is_last_before(self, moment: datetime) -> bool:
        """Whether this file is the last that ends before the moment or, where that file is closed, the next open
        one."""
        place = bisect_left(self._ends, (moment, "", False))
        if place == 0:
            return False
        _, sha256, is_open = self._ends[place - 1]
        return sha256 == self._sha256 if is_open else self._is_next(moment)

    def _is_next(self, moment: datetime) -> bool:
        """Whether this file is the first open one that begins behind a moment, and so stands in for a closed file."""
        first = next((span.file for span in self._spans if span.begin > moment and span.file.is_open), None)
        return first is not None and first.sha256 == self._sha256


def covers(lines: Iterable[tuple[str, datetime]], balances: Iterable[Balance]) -> list[Cover]:
    """The time that a file covers in each currency, by its lines and by the balances that it states."""
    times: dict[str, list[datetime]] = {}
    for currency, at in lines:
        known = times.setdefault(currency, [at, at])
        known[0], known[1] = min(known[0], at), max(known[1], at)
    for balance in balances:
        if balance.at is not None:
            known = times.setdefault(balance.currency, [balance.at, balance.at])
            known[0], known[1] = min(known[0], balance.at), max(known[1], balance.at)
    return [Cover(currency, since, until) for currency, (since, until) in sorted(times.items())]
