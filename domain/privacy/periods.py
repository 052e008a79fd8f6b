"""For how long are personal data kept after an order's or a reconciliation's last event? Periods like `24m`, `10y` or
`90d`."""

import calendar
import re
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from domain.order.personal import CONTACT, INVOICE
from domain.reconciliation.state import FILE

_PERIOD: Final = re.compile(r"([1-9][0-9]{0,3})([dmy])")
_MONTHS_OF_A_YEAR: Final = 12
_YEAR_MAX: Final = 9999


class Period(NamedTuple):
    """A period of whole months, or of days."""

    months: int
    days: int

    @classmethod
    def parse(cls, text: str) -> "Period":
        """The period that a text like `90d`, `24m` or `10y` stands for. Raises ValueError."""
        found = _PERIOD.fullmatch(text)
        if found is None:
            raise ValueError("it should be days, months or years, like '90d', '24m' or '10y'")
        number = int(found[1])
        return cls(0, number) if found[2] == "d" else cls(number * (_MONTHS_OF_A_YEAR if found[2] == "y" else 1), 0)

    def after(self, moment: datetime) -> datetime:
        """The moment one period later, in the year 9999 at most. Where the target month is too short, its last day."""
        years, month = divmod(moment.month - 1 + self.months, _MONTHS_OF_A_YEAR)
        year = min(moment.year + years, _YEAR_MAX)
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        then = moment.replace(year=year, month=month + 1, day=day)
        return then if year == _YEAR_MAX else then + timedelta(days=self.days)


class RetentionPeriods(NamedTuple):
    """The retention period of each part; `file` is settlement files."""

    contact: Period
    invoice: Period
    file: Period

    def until(self, part: str, last: datetime) -> datetime:
        """The end of a part's retention period, counted from the last event."""
        return {CONTACT: self.contact, INVOICE: self.invoice, FILE: self.file}[part].after(last)
