"""Was a payment that settled in another currency exchanged at the rate that the rules expect?

The rules give the expected amount in the settlement's currency for one unit of the payment's. An amount settled beyond
it is an exchange gain; an amount short of it is a loss. A match whose amount deviates by more than the rules allow is
`rate_differs`. A conversion within the provider's account is two lines about the same movement: one out of a currency,
one into another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from msgspec.structs import replace

from domain.currencies import digits_of
from domain.money import Unit, readable
from domain.reconciliation.rules import Rules
from domain.reconciliation.sides import Difference, Entry, Exchange, Result
from domain.settlement.lines import SIGNS, Line

_RATE_DIGITS: Final = 6
_UNDECIDED: Final = frozenset({"matched", "noted", "to_explain"})


class _Rate(NamedTuple):
    """An expected rate: the amount in one currency for one unit of another, and the deviation allowed as a share of the
    expected amount."""

    factor: Fraction
    share: Fraction


def _rate(of: Exchange, rules: Rules) -> _Rate | None:
    if found := rules.rates.get(f"{of.currency}/{of.settled_currency}"):
        return _Rate(Fraction(found.rate), Fraction(Fraction(found.percent), 100))
    if found := rules.rates.get(f"{of.settled_currency}/{of.currency}"):
        return _Rate(Fraction(1, Fraction(found.rate)), Fraction(Fraction(found.percent), 100))
    return None


def exchanged(results: Sequence[Result], lines: Sequence[Line], entries: Iterable[Entry], rules: Rules) -> list[Result]:
    """The results, their exchanges compared with the rates that the rules expect."""
    if not (rules.rates or any(line.original for line in lines)):
        return [*results]
    of_row = {line.row: line for line in lines}
    of_position = {entry.position: entry for entry in entries}
    return [_held_against(result, of_row, of_position, rules) for result in _joined(results, of_row, rules)]


def _held_against(result: Result, of_row: Mapping[int, Line], of_position: Mapping[int, Entry], rules: Rules) -> Result:
    mine, theirs = [of_row[row] for row in result.lines], [of_position[at] for at in result.entries]
    found = _exchange(mine, theirs) if theirs else _conversion(mine)
    if found is None or result.outcome == "currency_differs":
        return result
    rate = _rate(found, rules)
    if rate is None:
        return replace(result, exchange=found) if theirs else result
    shift = Fraction(10) ** (digits_of(found.settled_currency) - digits_of(found.currency))
    found = found._replace(expected=round(found.paid * rate.factor * shift))
    differs = _differs(found, rate, shift)
    outcome = result.outcome
    if outcome in _UNDECIDED and result.rule != "by_hand":
        outcome = "rate_differs" if differs else ("matched" if theirs else "noted")
    return replace(result, outcome=outcome, differs=(*result.differs, *differs), exchange=found)


def _differs(found: Exchange, rate: _Rate, shift: Fraction) -> list[Difference]:
    """The differences in amount and rate; none where the deviation is within the allowed share."""
    expected = found.expected or 0
    if abs(found.settled - expected) <= abs(expected) * rate.share:
        return []
    unit = Unit(found.settled_currency, digits_of(found.settled_currency))
    actual = Fraction(found.settled, (found.paid or 1) * shift)
    return [
        Difference("settled", readable(expected, unit), readable(found.settled, unit)),
        Difference("rate", _text(rate.factor), _text(actual)),
    ]


def _text(rate: Fraction) -> str:
    return f"{Decimal(round(rate * 10**_RATE_DIGITS)).scaleb(-_RATE_DIGITS).normalize():f}"


def _exchange(lines: Sequence[Line], entries: Sequence[Entry]) -> Exchange | None:
    """The exchange between entries and the lines matched with them; None where nothing was exchanged. For lines that
    state only the rate, the paid amount is the sum of the entries."""
    currency = entries[0].currency
    if not lines or any(line.original is None or line.currency == currency for line in lines):
        return None
    said = [line.paid_in(currency) for line in lines]
    paid = sum(amount for amount, _ in said)
    if any(of != currency for _, of in said):
        paid = sum(entry.amount * SIGNS[entry.kind] for entry in entries)
    return Exchange(paid, currency, sum(line.gross for line in lines), lines[0].currency)


def _conversion(lines: Sequence[Line]) -> Exchange | None:
    """The exchange of a conversion's two lines; None where the lines are anything else."""
    if len(lines) != 2 or any(line.kind != "conversion" for line in lines):
        return None
    out, into = sorted(lines, key=lambda line: line.gross)
    if not out.gross < 0 < into.gross or out.currency == into.currency:
        return None
    return Exchange(-out.gross, out.currency, into.gross, into.currency)


def _joined(results: Iterable[Result], of_row: Mapping[int, Line], rules: Rules) -> Iterator[Result]:
    """The results. The two lines of a conversion become one result where the rules expect a rate for them."""
    halves: dict[tuple[object, ...], list[Result]] = {}
    for result in results:
        line = of_row[result.lines[0]] if len(result.lines) == 1 and not result.entries else None
        if line is not None and line.kind == "conversion":
            about = line.concerns or (line.reference, line.payout, line.occurred_at)
            halves.setdefault((line.provider, about), []).append(result)
        else:
            yield result
    for found in halves.values():
        rows = sorted(row for result in found for row in result.lines)
        conversion = _conversion([of_row[row] for row in rows])
        if conversion and _rate(conversion, rules):
            yield Result("to_explain", "rate", tuple(rows))
        else:
            yield from found
