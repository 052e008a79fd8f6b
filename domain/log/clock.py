"""Can the machine's clock be believed when a record is written?

A record's time is never corrected, and no later record's time is earlier: a clock that ran ahead would spoil every
later time. So a clock that has jumped ahead is believed only once an operator accepts it. The clock is compared with
the machine's uptime, which nobody sets and which goes on while the machine sleeps. For each start of a machine the log
keeps the clock's time and the uptime of one moment. Just after a start a wrong clock looks like a long pause, so the
clock is believed.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

from domain.log.log import ClockReading, Reading, Transaction
from domain.moments import instant

AHEAD_MAX: Final = timedelta(minutes=1)
# A right clock may gain this share of the time that passes: an operating system slews its clock that fast.
_DRIFT: Final = 1 / 2_000
# A clock's gain from here on is written down, lest small gains add up to a jump.
_GAIN_WRITTEN_DOWN: Final = timedelta(seconds=10)
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class ClockJumped(Exception):
    """The clock has jumped ahead. Nothing is recorded before an operator accepts it (`run.py clock --accept`)."""


class Uptime(NamedTuple):
    """The microseconds since a machine's start, and the id of this start."""

    boot: str
    microseconds: int


def since_boot() -> Uptime:
    """This machine's uptime. Where the operating system gives no id of the start, the process makes one."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Uptime(_boot(), time.clock_gettime_ns(clock) // 1_000)


@cache
def _boot() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return str(uuid4())


class Watch:
    """A check of the clock against the machine's uptime."""

    def __init__(self, uptime: Callable[[], Uptime] = since_boot) -> None:
        self._uptime = uptime

    @property
    def boot(self) -> str:
        """The id of the machine's current start."""
        return self._uptime().boot

    def must_hold(self, t: Transaction, now: datetime) -> None:
        """Raises ClockJumped where the clock `now` has jumped ahead. Keeps the clock's time for later comparisons where
        the log has none of this start, or the clock has gained `_GAIN_WRITTEN_DOWN`."""
        up = self._uptime()
        gain = _gain(t, up, now)
        if gain is not None and gain.is_jump and _since_last_record(t, now) > AHEAD_MAX:
            raise ClockJumped(gain.in_words(now))
        # A clock behind the last record is wrong, so its time is not kept for comparisons.
        if (gain is None or gain.ahead >= _GAIN_WRITTEN_DOWN) and _since_last_record(t, now) >= timedelta():
            t.keep_clock(ClockReading(up.boot, up.microseconds, instant(now), "first" if gain is None else "gained"))

    def problem(self, log: Reading, now: datetime) -> str | None:
        """The message for a clock that has jumped ahead, so that nothing can be recorded; None where it can."""
        gain = _gain(log, self._uptime(), now)
        if gain is None or not gain.is_jump or _since_last_record(log, now) <= AHEAD_MAX:
            return None
        return gain.in_words(now)

    def accept(self, t: Transaction, now: datetime) -> None:
        """Keeps the clock's time as right, because an operator says so."""
        up = self._uptime()
        t.keep_clock(ClockReading(up.boot, up.microseconds, instant(now), "accepted"))


class _Gain(NamedTuple):
    """How far a clock is ahead of the expected time, and the uptime that has passed since the last kept comparison."""

    ahead: timedelta
    passed: timedelta

    @property
    def is_jump(self) -> bool:
        return self.ahead > AHEAD_MAX + _DRIFT * self.passed

    def in_words(self, now: datetime) -> str:
        return (
            f"the clock shows {instant(now)}, and should show {instant(now - self.ahead)}; set it, or say"
            " `run.py clock --accept` where it is right"
        )


def _gain(log: Reading, up: Uptime, now: datetime) -> _Gain | None:
    """The clock's gain since it was last kept; None where the log has nothing of this start."""
    shown = log.clock_reading(up.boot)
    if shown is None or shown.uptime > up.microseconds:
        return None
    passed = timedelta(microseconds=up.microseconds - shown.uptime)
    return _Gain(now - (datetime.fromisoformat(shown.moment) + passed), passed)


def _since_last_record(log: Reading, now: datetime) -> timedelta:
    last = log.last_recorded_at()
    return timedelta.max if last is None else now - datetime.fromisoformat(last)
