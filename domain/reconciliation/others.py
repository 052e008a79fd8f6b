"""What do a provider's other files say? Which payments they have settled, and which time each of them covers.

A payment is settled once, by one line of one file. Where several files have a line for it, the first of them keeps it:
one that a person has decided on, then one with the right amount, then the earlier one by the line's own time. So it
does not depend on which file was taken in first.

What is missing is judged over all files of the provider in the payment's currency. A file covers the time from its
first line to its last, or what it states of itself. Files that follow on one another within GAP leave nothing
between them; the first file is asked for all that was before it. Of several that cover a payment the first is asked for
it, of those that are not closed; where all are, the next one is.
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
    waiting: Sequence[Waiting]
    is_closed: bool


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
    return not same_time and (_waits_outside(other) or _takes(after, other))


def _share_a_currency(one: Iterable[Cover], other: Iterable[Cover]) -> bool:
    return not {cover.currency for cover in one}.isdisjoint(cover.currency for cover in other)


def _waits_outside(told: Told) -> bool:
    """Whether a file is asked for payments that are due outside the time that it covers."""
    since = min(microseconds(cover.since) for cover in told.covers)
    until = max(microseconds(cover.until) for cover in told.covers)
    return any(not since <= waiting.due <= until for waiting in told.waiting)


def _takes(told: Told, other: Told) -> bool:
    """Whether a file may be asked for what another one is asked for, or that one for what is behind this one's end."""
    ends = [(microseconds(one.since), microseconds(one.until)) for one in told.covers]
    begins = [microseconds(cover.since) for cover in other.covers]
    return any(since <= waiting.due <= until for since, until in ends for waiting in other.waiting) or any(
        since <= begin and 0 < begin - until <= _GAP for since, until in ends for begin in begins
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
        # What was missed in files that are closed, where it was explained, and what these cover.
        self._explained: dict[int, Sequence[Cover]] = {}
        files = [_File(cover, own_sha256, is_open=True) for cover in own]
        for other in others:
            files += [_File(cover, other.file_sha256, not other.is_closed) for cover in other.covers]
            if other.is_closed:
                self._explained |= dict.fromkeys((waiting.position for waiting in other.waiting), other.covers)
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
    """What a file covers, which file it is, and whether its reconciliation can still be asked for something."""

    cover: Cover
    sha256: str
    is_open: bool


class _Span(NamedTuple):
    """The time for which a file is asked: from where the files before it end, if that is not long before it begins."""

    begin: datetime
    until: datetime
    file: _File


class _Times:
    """Which file is asked for what is due at a time, in one currency."""

    def __init__(self, files: Iterable[_File], currency: str, own: str, now: datetime) -> None:
        of_currency = (file for file in files if file.cover.currency == currency)
        found = sorted(
            ((file.cover.since, min(file.cover.until, now), file.sha256, file) for file in of_currency),
            key=lambda one: one[:3],  # one file may stand there twice, by other rules
        )
        reached = _ALWAYS
        self._spans: list[_Span] = []
        for place, (since, until, _, file) in enumerate(found):
            begin = _ALWAYS if place == 0 else since
            if reached < since <= reached + GAP and place:
                begin = reached
            reached = max(reached, until)
            self._spans.append(_Span(begin, until, file))
        # Ends of files: the last file before a moment is asked for what none covers.
        self._ends = sorted((until, sha256, file.is_open) for _, until, sha256, file in found)
        self._sha256 = own

    def is_covered(self, moment: datetime) -> bool:
        return any(span.begin <= moment <= span.until for span in self._spans)

    def is_asked(self, moment: datetime) -> bool:
        """Whether this file is, of those that cover the moment: the first of them that is not closed."""
        covering = (span.file for span in self._spans if span.begin <= moment <= span.until)
        first = next((file for file in covering if file.is_open), None)
        return self._is_next(moment) if first is None else first.sha256 == self._sha256

    def is_last_before(self, moment: datetime) -> bool:
        """Whether this file is the last that ends before the moment."""
        place = bisect_left(self._ends, (moment, "", False))
        if place == 0:
            return False
        _, sha256, is_open = self._ends[place - 1]
        return sha256 == self._sha256 if is_open else self._is_next(moment)

    def _is_next(self, moment: datetime) -> bool:
        """Whether this file is the first behind a moment that is not closed: that is asked in the place of a closed
        one."""
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
