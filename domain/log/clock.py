"""Can the clock be believed when a record is written? A record's time is never taken back, and no later one is earlier.

So a clock that has jumped ahead is believed only once an operator says that it is right. It is held against the time
since the machine was started, which nobody sets and which goes on while the machine sleeps: the log keeps what both
showed at one moment of each start. Of a machine that was just started nothing tells a wrong clock from a long pause, so
its clock is believed.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

from domain.log.log import ClockShown, Reading, Transaction
from domain.moments import instant

AHEAD_MAX: Final = timedelta(minutes=1)
# A clock may gain so much of the time that passes and be right: as fast as a system slews its clock.
_DRIFT: Final = 1 / 2_000
# What a clock has gained is written down, lest it add up to a jump.
_GAIN_WRITTEN_DOWN: Final = timedelta(seconds=10)
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class ClockJumped(Exception):
    """The clock has jumped ahead; nothing is recorded before an operator says that it is right."""


class Uptime(NamedTuple):
    """The time since a machine was started, and which start that was."""

    boot: str
    microseconds: int


def since_boot() -> Uptime:
    """This machine's; where its system does not name its starts, this process's."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Uptime(_boot(), time.clock_gettime_ns(clock) // 1_000)


@cache
def _boot() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return str(uuid4())


class Watch:
    """Holds a clock against the time since the start."""

    def __init__(self, uptime: Callable[[], Uptime] = since_boot) -> None:
        self._uptime = uptime

    @property
    def boot(self) -> str:
        """Which start of the machine this is."""
        return self._uptime().boot

    def must_hold(self, t: Transaction, now: datetime) -> None:
        """Raises ClockJumped. Keeps what the clock shows where later times are to be held against that."""
        up = self._uptime()
        gain = _gain(t, up, now)
        if gain is not None and gain.is_jump and _since_last_record(t, now) > AHEAD_MAX:
            raise ClockJumped(gain.in_words(now))
        # A clock behind the last record is wrong, so nothing is held against that.
        if (gain is None or gain.ahead >= _GAIN_WRITTEN_DOWN) and _since_last_record(t, now) >= timedelta():
            t.keep_clock(ClockShown(up.boot, up.microseconds, instant(now), "first" if gain is None else "gained"))

    def problem(self, log: Reading, now: datetime) -> str | None:
        """Why nothing would be recorded now."""
        gain = _gain(log, self._uptime(), now)
        if gain is None or not gain.is_jump or _since_last_record(log, now) <= AHEAD_MAX:
            return None
        return gain.in_words(now)

    def accept(self, t: Transaction, now: datetime) -> None:
        """The clock is right, an operator says."""
        up = self._uptime()
        t.keep_clock(ClockShown(up.boot, up.microseconds, instant(now), "accepted"))


class _Gain(NamedTuple):
    """How far a clock is ahead of what it should show, and how much time has passed since that was known."""

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
    """None where nothing is known of this start."""
    shown = log.clock_shown(up.boot)
    if shown is None or shown.uptime > up.microseconds:
        return None
    passed = timedelta(microseconds=up.microseconds - shown.uptime)
    return _Gain(now - (datetime.fromisoformat(shown.moment) + passed), passed)


def _since_last_record(log: Reading, now: datetime) -> timedelta:
    last = log.last_recorded_at()
    return timedelta.max if last is None else now - datetime.fromisoformat(last)
