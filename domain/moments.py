"""Every time in the ledger: UTC; as the log's text, as the views' microseconds, and as a day of a time zone."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


def instant(moment: datetime) -> str:
    """A time as the log stores it: UTC, always with microseconds, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def microseconds(moment: datetime) -> int:
    """A time as the views keep it: whole microseconds since 1970, so that comparing is exact."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """The time that so many microseconds after 1970 are, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def day_of(microseconds: int, zone: ZoneInfo) -> str:
    """The zone's day, as 2024-05-31; at either end of the calendar, where the zone's lies outside it, UTC's."""
    try:
        return datetime.fromtimestamp(microseconds // 1_000_000, zone).date().isoformat()
    except (ValueError, OverflowError):
        return moment_of(microseconds).date().isoformat()


def day_ends(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """The first and the last microsecond of a zone's day. Raises ValueError or OverflowError outside the calendar."""
    start, end = (datetime.combine(d, time(), zone).astimezone(UTC) for d in (day, day + timedelta(days=1)))
    return microseconds(start), microseconds(end) - 1
