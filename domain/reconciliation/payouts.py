"""Which credit of a bank is which payout of a provider, across the files of all providers?

A payout leaves the balance with one provider, and another provider, the bank, credits it. A file is a bank's by its
format, or where the rules say so. A file may be a bank's where no payment of the ledger names its provider, and no line
of it has a fee or the payout that it was paid with; it counts as a bank's as soon as it has the credit of a payout. A
file that has payouts is none. A payout and its credit have the same amount and currency, and the first of these rules
that fits ties them:

a. `payout_by_reference`: a reference of the payout stands in the credit, which comes within 30 days;
b. `payout_by_dates`: the credit comes within the days that a bank takes.

Where several payouts and credits fit each other, those of the same two accounts are tied in the order of time if both
sides have as many; all others are `ambiguous`, and none of them is tied. A payout that is not tied is `missing_in_bank`
where a bank's file covers the day by which the credit should have come. Before that day it is `in_transit`; after it,
where no file covers it, `overdue`. As long as no file of a bank has its currency, it has no result. A credit that is
not tied keeps the result that it had, or is `missing_in_ledger`.

Ties depend only on the offers of all files, so the order in which the files are taken in does not matter. A payout or a
credit that stands in several files of its account counts once.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple, TypeAlias

import msgspec

from domain.moments import microseconds
from domain.reconciliation.others import Cover
from domain.reconciliation.sides import Result, TiedTo
from domain.settlement.lines import KINDS, Line

# The most days that a bank takes; a reference ties for longer. A credit may come a day early: clocks and zones differ.
_DAYS_MAX: Final = 7
_DAYS_BY_REFERENCE_MAX: Final = 30
_DAY: Final = int(timedelta(days=1).total_seconds()) * 10**6
# A word that can be a reference: of some length, and with a digit. A line's first such words are kept.
_NAME: Final = re.compile(r"[a-z0-9._-]{6,}")
_NAMES_MAX: Final = 20
_NAME_BYTES: Final = 3
# More payouts or credits of one amount are all ambiguous: comparing each with each would take too long.
_ALIKE_MAX: Final = 200
# The kinds that a bank may give the credit of a payout; a credit of another of our kinds is none.
_CREDITS: Final = frozenset({"payment", "payout", "transfer", "adjustment"})
_WAITING: Final = frozenset({"in_transit", "overdue"})
_UNKNOWN: Final = frozenset({"missing_in_ledger", "unknown_kind", "to_explain", "noted"})


class Offer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A payout, or a credit that may be a payout's: its row, its time in microseconds, its amount, which is positive,
    and its references, its own first.

    A bank's text of a credit names people, and offers are kept where nothing is sealed. So a reference is kept as 24
    bits of a digest: enough to compare it with references of the same amount, and too little to read it.
    """

    row: int
    at: int
    amount: int
    currency: str
    names: tuple[int, ...]


class Offers(msgspec.Struct, frozen=True):
    """The payouts of a file or, where it may be a bank's, the credits that may be payouts'. `is_bank` is true of a file
    that is a bank's by its format or by the rules."""

    payouts: list[Offer] = []
    credits: list[Offer] = []
    is_bank: bool = False


class FileOffers(msgspec.Struct, frozen=True):
    """The offers of a file's reconciliation, and the time that the file covers."""

    provider: str
    uuid: str
    file: str
    file_sha256: str
    covers: Sequence[Cover]
    offers: Offers


def affects(before: Offers, after: Offers, other: Offers, *, covers_moved: bool, may_be_banks: bool) -> bool:
    """Whether the results of another file may change when a file's offers change from `before` to `after`.
    `may_be_banks` says whether there are files that become banks' by their ties."""
    moved = {
        (offer.amount, offer.currency)
        for old, new in ((before.payouts, after.payouts), (before.credits, after.credits))
        for offer in set(old) ^ set(new)
    }
    if any((offer.amount, offer.currency) in moved for offer in (*other.payouts, *other.credits)):
        return True
    asks = any(offers.is_bank or offers.credits for offers in (before, after))
    may_ask = asks and (covers_moved or before.is_bank != after.is_bank)
    return bool(other.payouts) and (may_ask or (may_be_banks and bool(moved)))


def offers_of(
    found: Iterable[Result], of_row: dict[int, Line], *, is_bank: bool, may_be_bank: bool
) -> tuple[Offers, list[int]]:
    """A file's offers, by its results, and the numbers of their lines."""
    payouts = [number for number, line in of_row.items() if line.kind == "payout" and line.gross < 0]
    if payouts or not (is_bank or may_be_bank):
        return Offers([_offer(of_row[number]) for number in payouts]), payouts
    credits_ = [number for number, line in of_row.items() if line.kind == "payout" and line.gross > 0]
    for result in found:
        if result.outcome in _UNKNOWN and len(result.lines) == 1 and not result.entries:
            line = of_row[result.lines[0]]
            if line.gross > 0 and (line.kind in _CREDITS or line.kind not in KINDS):
                credits_ += result.lines
    return Offers([], [_offer(of_row[number]) for number in credits_], is_bank), credits_


def _offer(line: Line) -> Offer:
    said = " ".join((line.reference, *line.aliases, line.payout, line.order)).casefold()
    words = [word for word in _NAME.findall(said) if any(map(str.isdigit, word))]
    names = dict.fromkeys(filter(None, (line.reference.casefold(), *words[:_NAMES_MAX])))
    amount = abs(line.gross)
    digests = (hashlib.sha256(f"{amount} {line.currency} {name}".encode()).digest() for name in names)
    of_names = tuple(int.from_bytes(digest[:_NAME_BYTES]) for digest in digests)
    return Offer(line.row, microseconds(line.occurred_at), amount, line.currency, of_names)


class _Side(NamedTuple):
    """A payout or a credit, as the first of the files offers it in which it stands."""

    at: int
    sha256: str
    offer: Offer
    of: FileOffers

    @property
    def tied_to(self) -> TiedTo:
        return TiedTo(self.of.provider, self.of.uuid, self.of.file, self.offer.row)


def _is_within(payout: _Side, credit: _Side, days_max: int) -> bool:
    """Whether another account credits the payout, and within so many days."""
    return payout.of.provider != credit.of.provider and -_DAY <= credit.at - payout.at <= days_max * _DAY


def _is_by_reference(payout: _Side, credit: _Side) -> bool:
    has_its_name = not set(payout.offer.names).isdisjoint(credit.offer.names)
    return has_its_name and _is_within(payout, credit, _DAYS_BY_REFERENCE_MAX)


_RULES: Final[dict[str, Callable[[_Side, _Side], bool]]] = {
    "payout_by_reference": _is_by_reference,
    "payout_by_dates": partial(_is_within, days_max=_DAYS_MAX),
}


# What is equal of a payout, or of a credit, in all files in which it stands; and those of one amount, by that.
_Key: TypeAlias = tuple[object, ...]
_Sides: TypeAlias = dict[_Key, _Side]


class _Tied(NamedTuple):
    """The line that a payout or a credit is tied to, and the rule that ties it; no line where it is ambiguous."""

    rule: str
    to: TiedTo | None


def tied(
    found: Sequence[Result], own: FileOffers, numbers: Sequence[int], elsewhere: Iterable[FileOffers], now: int
) -> list[Result]:
    """The results of a file with the results of its payouts, and of its credits that are payouts'. `numbers` are the
    numbers of the lines in its offers."""
    offers = [*own.offers.payouts, *own.offers.credits]
    if not offers:
        return [*found]
    of_result = {result.lines[0]: place for place, result in enumerate(found) if len(result.lines) == 1}
    files = [own, *(of for of in elsewhere if (of.provider, of.file_sha256) != (own.provider, own.file_sha256))]
    ties = _ties(files, {(offer.amount, offer.currency) for offer in offers})
    banks = _banks(files)
    results = [*found]
    is_payout = bool(own.offers.payouts)
    for number, offer in zip(numbers, offers, strict=True):
        tie = ties.get(_key(own, offer, is_payout=is_payout))
        if tie is not None:
            result = Result("matched" if tie.to else "ambiguous", tie.rule, (number,), tied_to=tie.to)
        elif outcome := _untied(offer, own, banks, now):
            result = Result(outcome, "settlement_delay" if outcome in _WAITING else "left_over", (number,))
        else:
            continue
        if number not in of_result:
            results.append(result)
        elif tie is not None:
            results[of_result[number]] = result
    return results


def _untied(offer: Offer, own: FileOffers, banks: Sequence[FileOffers], now: int) -> str | None:
    """The outcome of a payout, or of a credit without a result, that is tied to nothing; None for no result."""
    if own.offers.payouts:
        return _waits(offer, banks, now)
    return "missing_in_ledger" if own in banks else None


def _banks(files: Sequence[FileOffers]) -> list[FileOffers]:
    """The files of banks: the files that are banks' for sure, and the files that have the credit of a payout."""
    banks = [of for of in files if of.offers.is_bank]
    may_be = [of for of in files if of.offers.credits and not of.offers.is_bank]
    if may_be:
        amounts = {(offer.amount, offer.currency) for of in may_be for offer in of.offers.credits}
        ties = _ties(files, amounts)
        for of in may_be:
            found = (ties.get(_key(of, offer, is_payout=False)) for offer in of.offers.credits)
            if any(tie is not None and tie.to for tie in found):
                banks.append(of)
    return banks


def _key(of: FileOffers, offer: Offer, *, is_payout: bool) -> _Key:
    """The key of a payout or a credit, which is the same in every file of its account."""
    said: _Key = (of.file_sha256, offer.row)
    if offer.names:
        said = (offer.names[0],) if is_payout else (offer.names, offer.at // _DAY)
    return is_payout, of.provider, offer.amount, offer.currency, said


def _ties(files: Sequence[FileOffers], wanted: set[tuple[int, str]]) -> dict[_Key, _Tied]:
    """The ties of the payouts and credits of these amounts, by the keys of both sides."""
    sides: dict[tuple[int, str], tuple[_Sides, _Sides]] = {}
    for of in files:
        for is_payout, offers in ((True, of.offers.payouts), (False, of.offers.credits)):
            for offer in offers:
                if (offer.amount, offer.currency) in wanted:
                    side = _Side(offer.at, of.file_sha256, offer, of)
                    known = sides.setdefault((offer.amount, offer.currency), ({}, {}))[not is_payout]
                    key = _key(of, offer, is_payout=is_payout)
                    first = known.get(key, side)
                    known[key] = min(side, first, key=lambda one: (one.at, one.sha256, one.offer.row, one.of.uuid))
    found: dict[_Key, _Tied] = {}
    for payouts, credits_ in sides.values():
        if payouts and credits_:
            _tie(payouts, credits_, found)
    return found


def _tie(payouts: _Sides, credits_: _Sides, found: dict[_Key, _Tied]) -> None:
    """Ties the payouts and the credits of one amount, and adds the ties to `found`."""
    *_, last = _RULES
    if max(len(payouts), len(credits_)) > _ALIKE_MAX:
        found |= dict.fromkeys((*payouts, *credits_), _Tied(last, None))
        return
    for rule, fits in _RULES.items():
        open_payouts = {key: side for key, side in payouts.items() if key not in found}
        open_credits = {key: side for key, side in credits_.items() if key not in found}
        for mine, theirs in _connected(open_payouts, open_credits, fits):
            pairs = list(zip(mine, theirs, strict=False))
            accounts = {(payouts[one].of.provider, credits_[other].of.provider) for one, other in pairs}
            fit = all(fits(payouts[one], credits_[other]) for one, other in pairs)
            if len(mine) == len(theirs) and len(accounts) == 1 and fit:
                for one, other in pairs:
                    found[one] = _Tied(rule, credits_[other].tied_to)
                    found[other] = _Tied(rule, payouts[one].tied_to)
            elif rule == last:
                found |= dict.fromkeys((*mine, *theirs), _Tied(rule, None))


def _connected(
    payouts: _Sides, credits_: _Sides, fits: Callable[[_Side, _Side], bool]
) -> Iterator[tuple[list[_Key], list[_Key]]]:
    """Groups of payouts and credits that fit each other, directly or through others of the group; each side in the
    order of time."""

    def in_time(sides: _Sides, keys: Iterable[_Key]) -> list[_Key]:
        return sorted(keys, key=lambda key: (sides[key].at, sides[key].sha256, sides[key].offer.row))

    left = set(payouts)
    for first in in_time(payouts, payouts):
        if first not in left:
            continue
        mine, theirs, new = {first}, set[_Key](), {first}
        while new:
            reached = {key for key, credit in credits_.items() if any(fits(payouts[one], credit) for one in new)}
            theirs |= reached
            new = {key for key in left - mine if any(fits(payouts[key], credits_[one]) for one in reached)}
            mine |= new
        left -= mine
        if theirs:
            yield in_time(payouts, mine), in_time(credits_, theirs)


def _waits(offer: Offer, banks: Iterable[FileOffers], now: int) -> str | None:
    """The outcome of a payout that is tied to nothing; None where no bank's file has its currency, and where it is
    dated ahead."""
    covers = [cover for bank in banks for cover in bank.covers if cover.currency == offer.currency]
    if not covers or offer.at > now:
        return None
    due = offer.at + _DAYS_MAX * _DAY
    if any(microseconds(cover.since) <= due <= microseconds(cover.until) for cover in covers):
        return "missing_in_bank"
    return "in_transit" if due > now else "overdue"
