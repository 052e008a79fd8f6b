"""The event that closes a period, a month of one provider, and the permanent topic under which it is stored."""

from datetime import datetime
from typing import Final

from domain.aggregate import Event


class PeriodClosed(Event, frozen=True, kw_only=True):
    """A provider's month was closed: a movement recorded behind `position` comes too late for it.

    `since` and `until` are the month's first and last moment, by the time zone's rules at the closing. `checkpoint` is
    the log's signed head at `position`. The report is kept as JSON and as CSV, each under its SHA-256. `movements` is
    the number of movements in the report, `late` the number of these that belong to a month closed before.
    """

    provider: str
    month: str
    timezone: str
    since: datetime
    until: datetime
    position: int
    checkpoint: str
    report_sha256: str
    csv_sha256: str
    movements: int
    late: int


TOPICS: Final[dict[str, type[Event]]] = {"period.closed.v1": PeriodClosed}
