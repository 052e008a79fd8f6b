"""What do a provider's other files say? Which payments they have settled, and which time each of them covers.

A payment is settled once, by one line of one file. Where several files have a line for it, the first of them keeps it:
one that a person has decided on, then one with the right amount, then the earlier one by the line's own time. So it
does not depend on which file was taken in first.

What is missing is judged over all files of the provider in the payment's currency. A file covers the time from its
first line to its last, or what it states of itself. Files that follow on one another within GAP leave nothing
between them; the first file is asked for all that was before it.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from domain.moments import microseconds
from domain.settlement.lines import Balance, Line

GAP: Final = timedelta(days=14)
_ALWAYS: Final = datetime(1, 1, 1, tzinfo=UTC)

# How sure it is that a line settles a payment: a person said so; by reference and amount; by reference; it may be.
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
    """A line, by its row and its time in microseconds, that settles the payment at a position of the log."""

    position: int
    at: int
    row: int
    strength: int


class Waiting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A payment, by its position, that a file is asked for and has not; `due` is when its delay is over, in
    microseconds."""

    position: int
    due: int


class Other(msgspec.Struct, frozen=True):
    """What a reconciliation of another file of the same provider says."""

    uuid: str
    file: str
    file_sha256: str
    covers: Sequence[Cover]
    claims: Sequence[Claim]


class Told(msgspec.Struct, frozen=True):
    """Of a report what the provider's other files ask: the time it covers, what it settles, and what it is asked for
    and has not."""

    covers: list[Cover]
    claims: list[Claim]
    waiting: list[Waiting]


def concerns(before: Told | None, after: Told, other: Told) -> bool:
    """Whether the results of another file may change, where a file says this now and said that before."""
    if not _share_a_currency((before or after).covers, other.covers):
        return False
    old, new = set(before.claims if before else ()), set(after.claims)
    moved = {claim.position for claim in old ^ new}
    if {claim.position for claim in old} - {claim.position for claim in new}:
        return True  # what is let go may be missing in any file, or fit any line
    if not moved.isdisjoint(claim.position for claim in other.claims):
        return True
    if not moved.isdisjoint(waiting.position for waiting in other.waiting):
        return True
    if not after.covers:
        return True  # what was asked of it is asked of others
    same_time = before is not None and before.covers == after.covers
    return not same_time and (_waits_outside(other) or _goes_before(after, other))


def _share_a_currency(one: Iterable[Cover], other: Iterable[Cover]) -> bool:
    return not {cover.currency for cover in one}.isdisjoint(cover.currency for cover in other)


def _waits_outside(told: Told) -> bool:
    """Whether a file is asked for payments that are due outside the time that it covers."""
    since = min(microseconds(cover.since) for cover in told.covers)
    until = max(microseconds(cover.until) for cover in told.covers)
    return any(not since <= waiting.due <= until for waiting in told.waiting)


def _goes_before(told: Told, other: Told) -> bool:
    """Whether a file ends so shortly before another that this one is asked for what is between them."""
    return any(
        one.currency == of.currency and one.since <= of.since and timedelta() < of.since - one.until <= GAP
        for one in told.covers
        for of in other.covers
    )


class Settled(NamedTuple):
    """The line that settles a payment already: its reconciliation, the name of its file, and its row."""

    reconciliation: str
    file: str
    row: int


class Held(NamedTuple):
    """How sure it is that a line of another file settles a payment, and which line that is."""

    strength: int
    by: Settled


def held(others: Iterable[Other]) -> dict[int, Held]:
    """The payments that lines of other files settle for sure, each with the surest of these, by their positions."""
    found: dict[int, Held] = {}
    for other in others:
        for claim in other.claims:
            known = found.get(claim.position)
            if claim.strength > (known.strength if known else POSSIBLE):
                found[claim.position] = Held(claim.strength, Settled(other.uuid, other.file, claim.row))
    return found


# The less, the better a line's right to a payment.
_Rank = tuple[int, int, str, int]


class Others:
    """What matching asks of the other files. `own` covers what the file itself does; `now` is when it is asked; `held`
    are the payments that people have given to lines of this file."""

    def __init__(
        self,
        own_sha256: str,
        own: Sequence[Cover],
        others: Iterable[Other],
        now: datetime,
        *,
        held: Collection[int] = (),
    ) -> None:
        self._own_sha256 = own_sha256
        self.now = now
        self._held = frozenset(held)
        self._first: dict[int, tuple[_Rank, Settled]] = {}
        self._possible: set[int] = set()
        files = [(cover, own_sha256) for cover in own]
        for other in others:
            files += [(cover, other.file_sha256) for cover in other.covers]
            self._note(other)
        self._times = {cover.currency: _Times(files, cover.currency, own_sha256, now) for cover in own}

    def _note(self, other: Other) -> None:
        for claim in other.claims:
            if claim.position in self._held:
                continue
            if claim.strength == POSSIBLE:
                self._possible.add(claim.position)
                continue
            rank = _rank(claim.strength, claim.at, other.file_sha256, claim.row)
            known = self._first.get(claim.position)
            if known is None or rank < known[0]:
                self._first[claim.position] = (rank, Settled(other.uuid, other.file, claim.row))

    def settled(self, position: int) -> Settled | None:
        """The line of another file that settles a payment for sure."""
        known = self._first.get(position)
        return known[1] if known else None

    def settled_before(self, position: int, line: Line, strength: int) -> Settled | None:
        """The same, where that line comes before this one."""
        known = self._first.get(position)
        if known is None:
            return None
        own = _rank(strength, microseconds(line.occurred_at), self._own_sha256, line.row)
        return known[1] if known[0] < own else None

    def waits_for(self, position: int, received_at: datetime, currency: str, delay: timedelta) -> str | None:
        """What a payment is that this file has not: missing_in_settlement, in_transit or overdue; None where another
        file has it, or is asked for it, or it is dated ahead."""
        if position in self._first or position in self._possible:
            return None
        if currency not in self._times or received_at > self.now:
            return None
        due = received_at + delay
        times = self._times[currency]
        if times.covers(due):
            return "missing_in_settlement"
        if not times.is_last_before(due):
            return None
        return "in_transit" if due > self.now else "overdue"


def _rank(strength: int, at: int, sha256: str, row: int) -> _Rank:
    return -strength, at, sha256, row


class _Times:
    """Which time of a currency the file covers, and which the other files do."""

    def __init__(self, files: Iterable[tuple[Cover, str]], currency: str, own: str, now: datetime) -> None:
        found = sorted(
            {(cover.since, min(cover.until, now), sha256) for cover, sha256 in files if cover.currency == currency}
        )
        reached = _ALWAYS
        self._own: list[tuple[datetime, datetime]] = []
        self._all: list[tuple[datetime, datetime]] = []
        for place, (since, until, sha256) in enumerate(found):
            begin = _ALWAYS if place == 0 else since
            if reached < since <= reached + GAP and place:
                begin = reached
            reached = max(reached, until)
            self._all.append((begin, until))
            if sha256 == own:
                self._own.append((begin, until))
        # Ends of files, and whose they are: the last file before a moment is asked for what none covers.
        self._ends = sorted((until, sha256) for _, until, sha256 in found)
        self._sha256 = own

    def covers(self, moment: datetime) -> bool:
        """Whether this file does."""
        return any(since <= moment <= until for since, until in self._own)

    def is_last_before(self, moment: datetime) -> bool:
        """Whether no file covers the moment, and this one is the last that ends before it."""
        if any(since <= moment <= until for since, until in self._all):
            return False
        place = bisect_left(self._ends, (moment, ""))
        return place > 0 and self._ends[place - 1][1] == self._sha256


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
