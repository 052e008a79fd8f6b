"""Does a clock that has jumped ahead keep the ledger from recording, and does a right clock never?"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.log.clock import ClockJumped, Uptime, Watch, since_boot
from domain.log.recorder import SQLiteRecorder
from domain.log.sqlite import sqlite3
from domain.moments import instant, utc_now
from tests.conftest import ME, Clock, Service, do, new_order
from tests.tampering import tamper


class Machine:
    """A machine with a clock that a test can set, and a time since its start that it cannot."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.clock = Clock()
        self.up = Uptime("first start", 0)
        self._ledgers: list[OrderLedger] = []

    def process(self) -> OrderLedger:
        """The ledger, as a new process of the machine opens it."""
        recorder = SQLiteRecorder(self._folder / "ledger.db")
        self._ledgers.append(OrderLedger(recorder, clock=self.clock, watch=Watch(lambda: self.up)))
        return self._ledgers[-1]

    def passes(self, **span: float) -> None:
        self.clock.tick(**span)
        self.up = self.up._replace(microseconds=self.up.microseconds + timedelta(**span) // timedelta(microseconds=1))

    def restarts(self, **off: float) -> None:
        """Restarts the machine; its clock goes on while it is off."""
        self.clock.tick(**off)
        self.up = Uptime(f"after {self.up.boot}", 0)

    def close(self) -> None:
        for ledger in self._ledgers:
            ledger.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.close()


def records(ledger: OrderLedger) -> bool:
    """Whether the ledger records an order.

    Asserts that it is recorded with the clock's time, or refused with the problem.
    """
    head, problem = ledger.head(), ledger.clock_problem()
    if problem is None:
        do(ledger.create, new_order(), ME)
        assert ledger.log_of_events.last_recorded_at() == instant(ledger.clock())
        return True
    with pytest.raises(ClockJumped, match=re.escape(problem)):
        do(ledger.create, new_order(), ME)
    assert "run.py clock --accept" in problem
    assert ledger.head() == head
    return False


def test_no_event_is_recorded_in_an_hour_of_2098_and_every_one_before_and_after_it(machine: Machine) -> None:
    ledger = machine.process()
    assert records(ledger)
    right = machine.clock.now
    machine.clock.now = datetime(2098, 1, 1, tzinfo=UTC)
    for _ in range(60):
        assert not records(ledger)
        machine.passes(minutes=1)
    machine.clock.now = right + timedelta(hours=1)
    assert records(ledger)


def test_a_process_that_is_started_in_2098_records_nothing_either(machine: Machine) -> None:
    assert records(machine.process())
    machine.passes(minutes=5)
    machine.clock.tick(days=26_000)
    assert not records(machine.process())


def test_a_clock_that_jumps_is_right_where_an_operator_says_so_to_whatever_process(machine: Machine) -> None:
    one, other = machine.process(), machine.process()
    assert records(one)
    machine.clock.tick(hours=2)
    assert not records(one)
    assert not records(other)
    assert other.watch
    other.write(other.watch.accept, machine.clock()).result()
    machine.passes(seconds=1)
    assert records(one)
    machine.passes(hours=30)
    assert records(other)
    machine.clock.tick(hours=2)
    assert not records(one)


@pytest.mark.parametrize("pause", [timedelta(minutes=2), timedelta(days=1), timedelta(days=400)])
def test_a_long_pause_is_no_jump(machine: Machine, pause: timedelta) -> None:
    ledger = machine.process()
    for _ in range(3):
        assert records(ledger)
        machine.passes(days=pause.days, seconds=pause.seconds)
    machine.restarts(days=pause.days, seconds=pause.seconds)
    assert records(machine.process())


def test_after_a_start_of_the_machine_a_jump_is_refused_again(machine: Machine) -> None:
    assert records(machine.process())
    machine.restarts(days=3)
    ledger = machine.process()
    assert records(ledger)
    machine.clock.tick(minutes=10)
    assert not records(ledger)


def test_a_record_within_a_minute_of_the_last_one_is_no_jump(machine: Machine) -> None:
    ledger = machine.process()
    assert records(ledger)
    machine.clock.tick(seconds=60)
    assert records(ledger)
    machine.clock.tick(seconds=61)
    assert not records(ledger)


def test_a_clock_that_gains_a_second_an_hour_is_believed_for_years(machine: Machine) -> None:
    ledger = machine.process()
    for hours in (1, 1, 1, 24, 24, 240, 2_400, 24_000):
        machine.passes(hours=hours)
        machine.clock.tick(seconds=hours)
        assert records(ledger)


def test_a_clock_that_went_back_and_is_set_right_again_is_believed(machine: Machine) -> None:
    ledger = machine.process()
    assert records(ledger)
    machine.passes(hours=1)
    machine.clock.tick(hours=-3)
    do(ledger.create, new_order(), ME)
    machine.passes(hours=1)
    machine.clock.tick(hours=3)
    assert records(ledger)


def test_a_machine_that_was_started_in_1970_is_believed_once_its_clock_was_set(machine: Machine) -> None:
    assert records(machine.process())
    machine.restarts(hours=1)
    right = machine.clock.now
    machine.clock.now = datetime(1970, 1, 1, tzinfo=UTC)
    ledger = machine.process()
    do(ledger.create, new_order(), ME)
    machine.passes(minutes=5)
    machine.clock.now = right + timedelta(minutes=5)
    assert records(ledger)


def test_the_time_since_the_start_goes_on_while_the_machine_sleeps_and_is_the_same_for_all_processes() -> None:
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000
    boot, up = since_boot()
    assert before <= up <= time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000
    assert boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


# --- the service ---


def set_ahead(folder: Path, **span: float) -> None:
    """Moves the ledger's last noted time back by `span`, so that the machine's clock seems to have jumped ahead."""
    with closing(sqlite3.connect(folder / "ledger.db", isolation_level=None, timeout=10)) as connection:
        (boot, uptime, moment) = connection.execute("SELECT boot, uptime, moment FROM clocks").fetchone()
        earlier = instant(datetime.fromisoformat(moment) - timedelta(**span))
        connection.execute("INSERT INTO clocks VALUES (NULL, ?, ?, ?, 'set by a test')", (boot, uptime, earlier))


def test_the_service_records_nothing_by_a_clock_that_jumped_until_an_operator_says_that_it_is_right(
    make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make_service()
    staff = service.client(service.key("orders:read", "orders:write"))
    assert staff.post("/api/v1/orders", json={"items": []}).status_code == 201
    an_hour_ago = instant(utc_now() - timedelta(hours=1))
    tamper(service.folder / "ledger.db", "UPDATE events SET recorded_at = ?", an_hour_ago)
    set_ahead(service.folder, hours=2)

    def ready() -> Any:
        return staff.get("/readyz")

    refused = staff.post("/api/v1/orders", json={"items": []})
    assert (refused.status_code, refused.json()["code"]) == (503, "clock-jumped")
    assert int(refused.headers["Retry-After"]) > 0
    assert ready().status_code == 503
    assert any("the clock shows" in problem for problem in ready().json()["problems"])
    told = service.run("clock")
    assert (told.returncode, b"nothing is recorded: the clock shows" in told.stdout) == (1, True)
    line = b'{"items": []}\n'
    imported = service.run("import", "-", stdin=line)
    assert (imported.returncode, b"nothing is recorded: the clock shows" in imported.stderr) == (1, True)
    assert service.run("clock", "--accept").returncode == 0
    assert staff.post("/api/v1/orders", json={"items": []}).status_code == 201
    assert ready().status_code == 200
    assert service.run("clock").stdout.splitlines()[-1] == b"it is believed"
