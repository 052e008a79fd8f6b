"""The event that closes a period, a month of one provider, and the permanent topic under which it is stored."""

from datetime import datetime
from typing import Final

from domain.aggregate import Event


class PeriodClosed(Event, frozen=True, kw_only=True):
    """A provider's month is closed: what is recorded behind `position` comes too late for it.

    `since` and `until` are its first and its last moment, as the time zone had them then. `checkpoint` is the signed
    head of the log at that position. The report is kept under its SHA-256, as JSON and as CSV; `movements` says how
    many are in it, and `late` how many of these belong to a month that was closed before.
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
