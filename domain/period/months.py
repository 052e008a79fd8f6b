"""A month in a time zone: its name, like 2026-03, its beginning and its end."""

import re
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from domain.moments import day_ends, moment_of
from domain.refusals import InvalidField

_NAME: Final = re.compile(r"([0-9]{4})-([0-9]{2})")


class Month(NamedTuple):
    first: date
    zone: ZoneInfo

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def since(self) -> datetime:
        """The month's first microsecond."""
        return moment_of(day_ends(self.first, self.zone)[0])

    @property
    def until(self) -> datetime:
        """The month's last microsecond."""
        behind = (self.first + timedelta(days=31)).replace(day=1)
        return moment_of(day_ends(behind - timedelta(days=1), self.zone)[1])

    def before(self) -> "Month":
        """The month before this one."""
        return Month((self.first - timedelta(days=1)).replace(day=1), self.zone)


def month_named(name: str, zone: ZoneInfo) -> Month:
    """The month with this name. Raises InvalidField where the name is no month's, like 2026-03."""
    found = _NAME.fullmatch(name)
    # The years 1 and 9999 are left out: the month before the one, or behind the other, is outside the calendar.
    if found is None or not 1 < int(found[1]) < 9999 or not 1 <= int(found[2]) <= 12:
        raise InvalidField("period", f"{name} is no month; one is written like 2026-03")
    return Month(date(int(found[1]), int(found[2]), 1), zone)
