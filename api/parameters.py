"""Query parameters, read strictly: a wrong one is a 400 that names it, an empty one counts as not given."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from api.errors import InvalidParameter, collect, invalid_parameter
from domain.misfits import FAULTS_MAX
from domain.moments import day_ends, microseconds, moment_written

_INTEGER: Final = re.compile(r"[0-9]{1,15}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# The parameter with the names of the fields that a client wants (`narrowing.py`).
FIELDS: Final = "fields"
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def number_in(text: str) -> int | None:
    """The number in a segment of a path; None where the segment is no number, or longer than any id."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def id_in(text: str) -> int:
    """The id that a part of an address is; where it is none, one that nothing has."""
    number = number_in(text)
    return -1 if number is None else number


class Parameters:
    """One request's query parameters; of a repeated one the last counts."""

    def __init__(self, given: Mapping[str, str | list[str]]) -> None:
        self._given = given

    def refuse_others_than(self, known: Set[str]) -> None:
        """Raises a 400 that names every unknown parameter."""
        if unknown := [name for name in self._given if name not in known]:
            names = f"known are {', '.join(sorted(known))}" if known else "this address takes none"
            raise InvalidParameter(*((name, f"is not known; {names}") for name in unknown[:FAULTS_MAX]))

    def names(self) -> Iterable[str]:
        """The names of the parameters."""
        return self._given.keys()

    def text(self, name: str) -> str | None:
        value = self._given.get(name)
        if isinstance(value, list):
            value = value[-1]
        return value or None

    def integer(self, name: str) -> int | None:
        value = self.text(name)
        return None if value is None else _integer(name, value)

    def listed(self, name: str) -> list[str]:
        """The parts of a comma list, stripped, without the empty ones."""
        parts = (part.strip() for part in (self.text(name) or "").split(","))
        return [part for part in parts if part]

    def limit(self, default: int, most: int) -> int:
        """The parameter `limit`: 0 means the default, a larger one than `most` means `most`."""
        return min(self.integer("limit") or default, most)

    def integers(self, name: str) -> list[int]:
        """The integers of a comma list."""
        return [_integer(name, part) for part in self.listed(name)]

    def currency(self) -> str | None:
        """The code that the parameter `currency` names, in capitals. An unknown code is no error: it finds nothing."""
        value = self.text("currency")
        return value and value.strip().upper()

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in choices:
            raise invalid_parameter(name, f"must be one of {', '.join(choices)}")
        return value

    def boolean(self, name: str) -> bool | None:
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in _BOOLEANS:
            raise invalid_parameter(name, "must be one of true, false, 1, 0")
        return _BOOLEANS[value.lower()]

    def ranges(self, name: str, zone: ZoneInfo) -> list[tuple[int | None, int | None]]:
        """The spans that `{name}_date`, `{name}_from` and `{name}_to` name, in microseconds, both ends inclusive."""
        found = collect(lambda: self.span(f"{name}_from", f"{name}_to", zone), lambda: self._day(f"{name}_date", zone))
        return [ends for ends in found if ends != (None, None)]

    def _day(self, name: str, zone: ZoneInfo) -> tuple[int | None, int | None]:
        value = self.text(name)
        if value is not None and not _DAY.fullmatch(value):
            raise invalid_parameter(name, "must be a day like 2024-05-31")
        return (None, None) if value is None else _span(name, value, zone)

    def span(self, low: str, high: str, zone: ZoneInfo) -> tuple[int | None, int | None]:
        """The span between two parameters, each a day or a moment, in microseconds, both ends inclusive."""
        since, until = self.text(low), self.text(high)
        first, last = collect(
            lambda: None if since is None else _span(low, since, zone)[0],
            lambda: None if until is None else _span(high, until, zone)[1],
        )
        return first, last

    def moment(self, name: str) -> datetime | None:
        """A moment, in UTC."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = moment_written(value)
        except (ValueError, OverflowError):
            raise invalid_parameter(name, "is no time of the calendar") from None
        if moment is None:
            raise invalid_parameter(name, "must be a time like 2024-05-31T12:00:00Z (write a + as %2B)")
        return moment


def _integer(name: str, value: str) -> int:
    if not _INTEGER.fullmatch(value):
        raise invalid_parameter(name, "must be a plain non-negative integer of at most 15 digits")
    return int(value)


def _span(name: str, value: str, zone: ZoneInfo) -> tuple[int, int]:
    """The first and last microsecond of a day in the zone, or a moment twice."""
    try:
        if _DAY.fullmatch(value):
            return day_ends(date.fromisoformat(value), zone)
        if (moment := moment_written(value)) is not None:
            return microseconds(moment), microseconds(moment)
    except (ValueError, OverflowError):
        raise invalid_parameter(name, "is no day or time of the calendar") from None
    raise invalid_parameter(
        name, "must be a day like 2024-05-31 or a time like 2024-05-31T12:00:00Z (write a + as %2B)"
    )
