"""Is the copy of a log equal to the log, from either engine to either engine?"""

import json
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest

from domain.ledger import OrderLedger
from domain.log import migrating
from domain.log.keys import Keys
from domain.log.log import KeptCheckpoint, Log, LogBusy
from domain.log.migrating import NotMigrated, migrate
from domain.log.opening import open_log
from domain.log.postgres.connection import IDLE_SECONDS_MAX
from domain.moments import instant
from domain.reconciling import Reconciling
from projections.journal import Journal
from projections.views.views import Views
from tests.conftest import ME, Clock, Service, do, new_order
from tests.postgres import Cluster
from tests.projections.histories import play
from tests.tampering import tamper

SETTLED = b"""reference,kind,gross,fee,net,currency,occurred_at,order,payout
r-3,payment,9.00,0.30,8.70,USD,2026-03-01T09:00:00Z,,
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a log that does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/copy.db"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.url(cluster.new_database())


@pytest.fixture
def opened() -> Iterator[Callable[[str], Log]]:
    made: list[Log] = []

    def open_one(url: str) -> Log:
        made.append(open_log(url))
        return made[-1]

    yield open_one
    for log in made:
        log.close()


@pytest.fixture
def source(ledger: OrderLedger, views: Views, clock: Clock) -> Log:
    """A log with records of every kind."""
    play(ledger, clock, Random(3), 60)
    do(ledger.create, new_order(notes="ی ك 📦"), ME)
    log = ledger.log_of_events
    Reconciling(ledger, Journal(views)).start(BytesIO(SETTLED), "march.csv", "p", None, ME)
    for name in ("a", "b"):
        ledger.write(Keys(log).create, now=clock(), customer_id=7, name=name).result()
    ledger.write(Keys(log).revoke, "a", now=clock()).result()
    with log.transaction() as t:
        for size in (10, 20):
            t.keep_checkpoint(size, b"note %d" % size, clock())
            t.keep_handover(KeptCheckpoint(size, b"handed over", instant(clock())))
    return log


def contents(log: Log) -> dict[str, Any]:
    return {
        "records": list(log.raw_records()),
        "claims": set(log.every_claim()),
        "census": log.census(),
        "checkpoints": list(log.every_checkpoint()),
        "handovers": log.handovers(),
        "keys": log.access_keys(),
        "files": {sha256: b"".join(log.kept_file(sha256)) for sha256 in log.kept_files()},
    }


def quiet(_done: int, _total: int) -> None:
    pass


def test_a_copy_has_all_that_the_log_has_and_the_way_back_too(
    source: Log, place: str, opened: Callable[[str], Log], tmp_path: Path
) -> None:
    copy = opened(place)
    assert migrate(source, copy, quiet).census == source.census()
    assert contents(copy) == contents(source)
    assert all(contents(copy).values())
    assert list(copy.faults()) == []
    back = opened(f"sqlite:///{tmp_path}/back.db")
    migrate(copy, back, quiet)
    assert contents(back) == contents(source)


def test_a_copy_that_was_broken_off_goes_on(
    source: Log, place: str, opened: Callable[[str], Log], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "BATCH_RECORDS", 7)

    def break_off(done: int, _total: int) -> None:
        if done >= 21:
            raise KeyboardInterrupt

    copy = opened(place)
    with pytest.raises(KeyboardInterrupt):
        migrate(source, copy, break_off)
    assert copy.max_notification_id() == 21
    told: list[int] = []
    migrate(source, copy, lambda done, _: told.append(done))
    assert told[0] == 28
    assert contents(copy) == contents(source)
    migrate(source, copy, quiet)
    assert contents(copy) == contents(source)


def test_a_ledger_is_held_for_as_long_as_its_copy_takes(
    source: Log, cluster: Cluster, opened: Callable[[str], Log], tmp_path: Path
) -> None:
    there, url = opened(f"sqlite:///{tmp_path}/back.db"), cluster.url(cluster.new_database())
    migrate(source, opened(url), quiet)

    def dawdle(*_: int) -> None:
        time.sleep(IDLE_SECONDS_MAX + 1)
        with pytest.raises(LogBusy):
            OrderLedger(opened(url)).write(lambda _: None).result()

    migrate(opened(url), there, dawdle)
    assert contents(there) == contents(source)


def test_events_recorded_behind_a_copy_are_copied_the_next_time(
    source: Log, ledger: OrderLedger, place: str, opened: Callable[[str], Log]
) -> None:
    copy = opened(place)
    migrate(source, copy, quiet)
    do(ledger.create, new_order(), ME)
    ledger.write(Keys(source).revoke, "b", now=ledger.clock()).result()
    migrate(source, copy, quiet)
    assert contents(copy) == contents(source)


def test_a_copied_ledger_is_gone_on_with(
    source: Log, ledger: OrderLedger, place: str, opened: Callable[[str], Log]
) -> None:
    copy = opened(place)
    migrate(source, copy, quiet)
    elsewhere = OrderLedger(copy)
    expected = do(ledger.create, new_order(), ME)
    made = do(elsewhere.create, new_order(), ME)
    assert (made.position, made.order.id) == (expected.position, expected.order.id)
    elsewhere.close()


def test_another_ledger_is_not_written_over(source: Log, place: str, opened: Callable[[str], Log]) -> None:
    other = OrderLedger(opened(place))
    do(other.create, new_order(), ME)
    before = contents(other.log_of_events)
    with pytest.raises(NotMigrated, match="position 1: the other place has a record"):
        migrate(source, other.log_of_events, quiet)
    assert contents(other.log_of_events) == before
    other.close()


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE events SET payload = '{}' WHERE position = 5", "position 5: the record is not what its digest"),
        ("DELETE FROM events WHERE position = 5", "position 5: no record stands here"),
    ],
)
def test_a_damaged_record_is_not_copied(
    source: Log, place: str, opened: Callable[[str], Log], tmp_path: Path, statement: str, why: str
) -> None:
    tamper(tmp_path / "ledger.db", statement)
    with pytest.raises(NotMigrated, match=why):
        migrate(source, opened(place), quiet)


def test_the_command_copies_a_ledger_that_verifies_where_it_came_to(cluster: Cluster, tmp_path: Path) -> None:
    here, url = Service(tmp_path), cluster.url(cluster.new_database())
    there = Service(
        tmp_path,
        LEDGER_URL=url,
        LEDGER_KEY=str(tmp_path / "ledger.key"),
        LEDGER_CHECKPOINTS=str(tmp_path / "checkpoints.txt"),
        LEDGER_VIEWS=str(tmp_path / "other.db"),
        LEDGER_MASTER=str(tmp_path / "master.key"),
    )
    line = {"items": [{"unit_price": "9"}], "customer": {"id": 7}}
    assert here.run("import", "-", stdin=json.dumps(line).encode()).returncode == 0
    assert here.run("key", "create").returncode == here.run("checkpoint").returncode == 0
    done = here.run("migrate", "--to", url)
    assert (done.returncode, done.stdout.startswith(b"2 events, ")) == (0, True)
    assert b"the data keys are in the schema order_ledger_keys" in done.stdout
    assert there.run("rebuild").returncode == 0
    verified = there.run("verify")
    assert (verified.returncode, verified.stdout.splitlines()[-1]) == (0, b"everything holds")
    assert there.run("export", "events").stdout == here.run("export", "events").stdout


def test_the_command_names_the_fault_of_the_place_that_it_is_to_copy_to(ledger: OrderLedger, tmp_path: Path) -> None:
    here = Service(tmp_path)
    assert here.run("migrate", "--to", here.environment["LEDGER_URL"]).returncode == 2
    assert b"names no database" in here.run("migrate", "--to", "postgresql://a:b@localhost").stderr
    away = here.run("migrate", "--to", "postgresql://u:secret@127.0.0.1:1/x")
    assert (away.returncode, b"to be run again" in away.stderr, b"secret" in away.stderr) == (1, True, False)
