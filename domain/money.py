"""Exact money: the client's text, integers of minor units in between, and decimal text in the log. Never a float."""

import re
from typing import NamedTuple

from msgspec import Raw

from domain.refusals import InvalidField

WHOLE_DIGITS_MAX = 15
_CENTS = tuple(f".{cents:02}" for cents in range(100))
_AMOUNT = re.compile(rf"[0-9]{{1,{WHOLE_DIGITS_MAX}}}(\.[0-9]+)?")


class Unit(NamedTuple):
    """A currency with its digits after the point; amounts are counted in its minor units."""

    currency: str
    digits: int


def is_too_large(minor: int, digits: int) -> bool:
    """Whether an amount has more than `WHOLE_DIGITS_MAX` digits before the point."""
    limit: int = 10 ** (WHOLE_DIGITS_MAX + digits)
    return minor >= limit


class Amount:
    """An amount as the client wrote it: decimal text without a currency. Zeros at the fraction's end do not count."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        """Raises ValueError where the text is not digits, or digits, a point and digits."""
        if not _AMOUNT.fullmatch(text):
            if text.startswith("-") and _AMOUNT.fullmatch(text[1:]):
                raise ValueError("an amount must not be negative")
            shown = text if len(text) <= 40 else text[:40] + "…"
            raise ValueError(
                f"{shown!r} is not an amount; write plain digits like '79.90',"
                f" at most {WHOLE_DIGITS_MAX} before the point"
            )
        self.text = text

    def minor(self, unit: Unit, field: str) -> int:
        """The amount in minor units. Raises InvalidField where it has more digits after the point than the unit."""
        whole, _, fraction = self.text.partition(".")
        if len(fraction) > unit.digits:
            fraction = fraction.rstrip("0")
        if len(fraction) > unit.digits:
            raise InvalidField(
                field, f"{unit.currency} has {unit.digits} digits after the point, this has {len(fraction)}"
            )
        return int(whole + fraction.ljust(unit.digits, "0"))

    def decimal(self, unit: Unit, field: str) -> str:
        """The amount as the log keeps it: decimal text with all of the unit's digits. Raises InvalidField as `minor`
        does."""
        return decimal_text(self.minor(unit, field), unit.digits)


ZERO = Amount("0")


def decimal_text(minor: int, digits: int) -> str:
    """Minor units as the decimal text of the log, with all of the currency's digits: (7990, 2) is '79.90'."""
    if digits == 2 and minor >= 0:  # nearly all amounts; the lines below give the same text more slowly
        return f"{minor // 100}{_CENTS[minor % 100]}"
    if digits == 0:
        return str(minor)
    text = str(minor).zfill(digits + (1 if minor >= 0 else 2))
    return f"{text[:-digits]}.{text[-digits:]}"


def minor_units(text: str) -> int:
    """The minor units of a decimal text of the log: '79.90' is 7990, since the text has all its currency's digits."""
    return int(text.replace(".", ""))


def short_number(minor: int, digits: int) -> int | Raw:
    """An amount as the JSON number of the shop contract: `75000` where it is whole, else with all digits, `79.90`."""
    whole, rest = divmod(minor, 10**digits)
    return Raw(decimal_text(minor, digits).encode()) if rest else whole


def two_digit_text(minor: int, digits: int) -> str:
    """An amount as the storefront contract writes it: with two digits after the point, or more where the currency has
    more."""
    return decimal_text(minor, digits) if digits >= 2 else decimal_text(minor * 10 ** (2 - digits), 2)


def digits_in(text: str) -> int:
    """The number of digits after the point of a decimal text of the log, which is its currency's."""
    return len(text.partition(".")[2])


def readable(minor: int, unit: Unit) -> str:
    """An amount as people read it: '79.90 USD'."""
    return f"{decimal_text(minor, unit.digits)} {unit.currency}"
