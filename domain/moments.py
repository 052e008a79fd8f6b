"""Every time in the ledger is UTC: as the log's text, as the views' microseconds, and as a day of a time zone."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = 24 * 60 * 60 * 1_000_000
_WRITTEN: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def utc_now() -> datetime:
    return datetime.now(UTC)


def instant(moment: datetime) -> str:
    """A time as the log stores it: UTC, always with microseconds, so that text sorts as time does."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def microseconds(moment: datetime) -> int:
    """A time as the views keep it: whole microseconds since 1970, so that comparisons are exact."""
    return (moment - _EPOCH) // _MICROSECOND


_FIRST: Final = microseconds(datetime.min.replace(tzinfo=UTC))
_LAST: Final = microseconds(datetime.max.replace(tzinfo=UTC))


def moment_of(microseconds: int) -> datetime:
    """The time in UTC, so many microseconds after the beginning of 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def moment_written(text: str) -> datetime | None:
    """A time of RFC 3339, in UTC; None where the text is not one. Digits below a microsecond are cut off.

    Raises ValueError or OverflowError where the time is outside the calendar.
    """
    found = _WRITTEN.fullmatch(text)
    return datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3].upper()}").astimezone(UTC) if found else None


def zone_named(name: str) -> ZoneInfo | None:
    """A time zone by its name, like Europe/Berlin; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def day_of(microseconds: int, zone: ZoneInfo) -> str:
    """The time's day in the zone, as 2024-05-31. Where the zone's day is outside the calendar, the day in UTC."""
    try:
        return datetime.fromtimestamp(microseconds // 1_000_000, zone).date().isoformat()
    except (ValueError, OverflowError):
        return moment_of(microseconds).date().isoformat()


def day_ends(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """The first and the last microsecond of a zone's day, cut at the ends of the calendar in UTC."""
    start = _beginning(day, zone)
    end = start + _DAY if day == date.max else _beginning(day + timedelta(days=1), zone)
    return max(start, _FIRST), min(end - 1, _LAST)


def _beginning(day: date, zone: ZoneInfo) -> int:
    midnight = datetime.combine(day, time(), zone)
    return microseconds(midnight.replace(tzinfo=UTC)) - (midnight.utcoffset() or timedelta()) // _MICROSECOND
