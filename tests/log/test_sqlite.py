"""The claims that hold for a log on SQLite alone: its file, its copies, and the database's own refusals.

Each trap of the library and of SQLite that architecture.md lists for the log has its test here.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError

from domain.ledger import OrderLedger
from domain.log.log import KeptCheckpoint, Log
from domain.log.mapper import DamagedEvent
from domain.log.recorder import SQLiteRecorder
from domain.log.records import NewClaim
from domain.log.sqlite import sqlite3
from domain.moments import instant
from domain.order import commands as c
from tests.conftest import ME, ROOT, do, new_order
from tests.log.contract import NOW, ORDERS, LogContract, append, positions, stored
from tests.tampering import tamper, without_triggers


class TestSQLiteLog(LogContract):
    @pytest.fixture(scope="class")
    @classmethod
    def new_log(cls, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Log]:
        folder, numbers = tmp_path_factory.mktemp("logs"), count()
        return lambda: opened(folder / f"{next(numbers)}.db")


def outside(path: Path) -> sqlite3.Connection:
    """A connection without this program's settings, as an operator's would be."""
    return sqlite3.connect(path, isolation_level=None)


def cut_out(path: Path, *which: int) -> None:
    """Deletes the events at these positions, as an attacker could."""
    with without_triggers(path) as connection:
        connection.executemany("DELETE FROM events WHERE position = ?", [(position,) for position in which])


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[SQLiteRecorder]:
    """A log of six events of three orders."""
    made = SQLiteRecorder(tmp_path / "log.db")
    made.create()
    append(made, *(stored(order, version) for order in ORDERS for version in (1, 2)))
    yield made
    made.close()


def opened(path: Path) -> SQLiteRecorder:
    recorder = SQLiteRecorder(path)
    recorder.create()
    return recorder


# --- positions ---


def test_a_position_that_was_cut_from_the_end_is_not_given_again(recorder: SQLiteRecorder) -> None:
    cut_out(recorder.path, 5, 6)
    assert append(recorder, stored(ORDERS[2], 1)) == range(7, 8)
    assert positions(recorder) == [1, 2, 3, 4, 7]


def test_vacuum_keeps_positions_also_behind_a_gap(recorder: SQLiteRecorder) -> None:
    cut_out(recorder.path, 2, 6)
    before = recorder.select_notifications(None, 10)
    connection = outside(recorder.path)
    connection.execute("VACUUM")
    connection.close()
    assert recorder.select_notifications(None, 10) == before
    assert append(recorder, stored(ORDERS[2], 2)) == range(7, 8)


def dump(path: Path) -> str:
    """The output of `sqlite3 ledger.db .dump`, made by Python's own SQLite and so in a process of its own."""
    program = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).iterdump(), sep='\\n')"
    return subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def by_dump(source: Path, target: Path) -> None:
    connection = outside(target)
    connection.executescript(dump(source))
    connection.close()


def by_vacuum_into(source: Path, target: Path) -> None:
    connection = outside(source)
    connection.execute("VACUUM INTO ?", (str(target),))
    connection.close()


def by_backup(source: Path, target: Path) -> None:
    connection, copy = outside(source), outside(target)
    connection.backup(copy)
    copy.close()
    connection.close()


@pytest.mark.parametrize("restore", [by_dump, by_vacuum_into, by_backup])
def test_a_restored_copy_has_every_event_in_its_position(
    recorder: SQLiteRecorder, tmp_path: Path, restore: Callable[[Path, Path], None]
) -> None:
    cut_out(recorder.path, 2, 6)
    restore(recorder.path, tmp_path / "copy.db")
    copy = SQLiteRecorder(tmp_path / "copy.db")
    assert copy.select_notifications(None, 10) == recorder.select_notifications(None, 10)
    assert append(copy, stored(ORDERS[2], 2)) == range(7, 8)
    with pytest.raises(IntegrityError, match="append-only"):
        copy.insert_events([stored(ORDERS[0], 1)], provenance=ME, now=NOW)
    assert list(copy.faults()) == []
    copy.close()


@pytest.mark.parametrize("restore", [by_dump, by_vacuum_into, by_backup])
def test_a_restored_copy_is_opened_as_the_ledger_that_it_is(
    ledger: OrderLedger, tmp_path: Path, restore: Callable[[Path, Path], None]
) -> None:
    order = do(ledger.create, new_order(notes="kept"), ME).order
    restore(ledger.log_of_events.path, tmp_path / "copy.db")
    copy = OrderLedger(SQLiteRecorder(tmp_path / "copy.db"))
    assert copy.order(order.uuid) == order
    copy.log_of_events.close()


def test_histories_without_their_beginning_are_told(recorder: SQLiteRecorder) -> None:
    cut_out(recorder.path, 1, 5)
    assert [raw.position for raw in recorder.raw_records_without_beginning(4)] == [2]
    assert [raw.position for raw in recorder.raw_records_without_beginning(6)] == [2, 6]


# --- the database's own refusals ---

REWRITES = [
    "UPDATE events SET payload = '{}' WHERE position = 1",
    "UPDATE events SET position = 100 WHERE position = 1",
    "UPDATE OR REPLACE events SET version = 2 WHERE position = 1",
    "DELETE FROM events WHERE position = 6",
    "DELETE FROM events",
    "INSERT OR REPLACE INTO events SELECT * FROM events WHERE position = 1",
    "INSERT OR REPLACE INTO events SELECT 100, originator_id, version, topic, '{}', recorded_at, actor, request_id,"
    " idempotency_key, digest FROM events WHERE position = 1",
    "INSERT INTO events SELECT * FROM events WHERE position = 1 ON CONFLICT DO UPDATE SET payload = '{}'",
    "UPDATE claims SET originator_id = 'x'",
    "UPDATE OR REPLACE claims SET value = 'x'",
    "DELETE FROM claims",
    "INSERT OR REPLACE INTO claims VALUES ('payment', 'taken', 'somebody else', 9, NULL)",
    "INSERT INTO claims VALUES ('payment', 'taken', 'x', 9, NULL) ON CONFLICT DO UPDATE SET originator_id = 'x'",
    "UPDATE checkpoints SET note = 'x'",
    "DELETE FROM checkpoints",
    "INSERT OR REPLACE INTO checkpoints VALUES (1, 'x', '2026-03-01T10:30:00.000000Z')",
    "UPDATE handovers SET note = 'x'",
    "DELETE FROM handovers",
    "INSERT OR REPLACE INTO handovers VALUES (1, 1, 'x', '2026-03-01T10:30:00.000000Z')",
]


@pytest.mark.parametrize("statement", REWRITES)
def test_the_database_refuses_to_rewrite_what_was_recorded_whoever_asks(
    recorder: SQLiteRecorder, statement: str
) -> None:
    append(recorder, claims=[NewClaim("payment", "taken", ORDERS[0], 1)])
    with recorder.transaction() as t:
        t.keep_checkpoint(1, b"signed", NOW)
        t.keep_handover(KeptCheckpoint(1, b"signed", instant(NOW)))
    connection = outside(recorder.path)
    before = dump(recorder.path)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()
    assert dump(recorder.path) == before


# --- a reader that meets damage ---


def test_a_damaged_event_stops_its_own_order_and_is_named(ledger: OrderLedger) -> None:
    order = do(ledger.create, new_order(), ME).order
    other = do(ledger.create, new_order(), ME).order
    tamper(ledger.log_of_events.path, "UPDATE events SET payload = CAST(x'7bff7d' AS TEXT) WHERE position = 1")
    with pytest.raises(DamagedEvent, match=f"position 1, order {order.uuid}, version 1"):
        ledger.order(order.uuid)
    assert ledger.order(other.uuid) == other


# --- the file ---


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    connection = outside(tmp_path / "other.db")
    connection.execute("CREATE TABLE events (x)")
    connection.close()
    with pytest.raises(OperationalError, match="something else"):
        opened(tmp_path / "other.db")


def test_a_database_of_something_else_is_left_as_it_was(tmp_path: Path) -> None:
    connection = outside(tmp_path / "other.db")
    connection.execute("CREATE TABLE events (x)")
    connection.close()
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(OperationalError):
        opened(tmp_path / "other.db")
    assert (tmp_path / "other.db").read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_bytes(b"Dear Sir or Madam,\n" * 500)
    with pytest.raises(OperationalError):
        opened(tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_bytes() == b"Dear Sir or Madam,\n" * 500


def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperationalError):
        opened(tmp_path)


def test_a_ledger_of_a_newer_version_is_refused(recorder: SQLiteRecorder) -> None:
    connection = outside(recorder.path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(OperationalError, match="newer version"):
        opened(recorder.path)


@pytest.mark.parametrize("lacked", [["TABLE kept_files"], ["TABLE kept_files", "TRIGGER checkpoints_are_not_replaced"]])
def test_nothing_is_wrong_with_a_ledger_of_an_older_version_that_is_opened(
    recorder: SQLiteRecorder, lacked: list[str]
) -> None:
    for what in lacked:
        recorder.writer.execute(f"DROP {what}")
    recorder.close()
    recorder.create()
    assert list(recorder.faults()) == []


def test_a_commit_is_on_the_disk_before_it_is_answered(recorder: SQLiteRecorder) -> None:
    assert recorder.writer.execute("PRAGMA synchronous").fetchone() == (2,)  # 2 is FULL
    assert recorder.writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_reader_can_write_nothing(recorder: SQLiteRecorder) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        recorder.reader.execute("INSERT INTO claims VALUES ('a', 'b', 'c', 1, NULL)")


CREATE_AT_ONCE = """
import sys
from pathlib import Path
from domain.log.recorder import SQLiteRecorder
print("ready", flush=True)
for line in sys.stdin:
    recorder = SQLiteRecorder(Path(line.strip()))
    recorder.create()
    (count,) = recorder.reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    print(count, flush=True)
    recorder.close()
"""


def test_four_processes_can_make_the_tables_at_once(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CREATE_AT_ONCE], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    alone = opened(tmp_path / "alone.db")
    (expected,) = alone.reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    alone.close()
    try:
        assert [process.stdout.readline() for process in processes if process.stdout] == ["ready\n"] * 4
        for n in range(20):
            for process in processes:
                assert process.stdin
                process.stdin.write(f"{tmp_path / f'{n}.db'}\n")
                process.stdin.flush()
            answers = [process.stdout.readline() for process in processes if process.stdout]
            assert answers == [f"{expected}\n"] * 4
    finally:
        for process in processes:
            process.communicate(timeout=30)


def test_the_processs_environment_does_not_change_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "COMPRESSOR_TOPIC": "zlib",
        "CIPHER_TOPIC": "eventsourcing.cipher:AESCipher",
        "CIPHER_KEY": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "IS_SNAPSHOTTING_ENABLED": "y",
        "PERSISTENCE_MODULE": "eventsourcing.sqlite",
        "SQLITE_DBNAME": str(tmp_path / "another.db"),
        "AGGREGATE_CACHE_MAXSIZE": "10",
        "AGGREGATE_CACHE_FASTFORWARD": "n",
    }.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(f"ORDERS_{name}", value)
    ledger = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"))
    order = do(ledger.create, new_order(notes="plain to read"), ME).order
    (raw,) = ledger.log_of_events.raw_records()
    assert json.loads(raw.payload)["personal"]["notes"] == "plain to read"
    assert ledger.order(order.uuid) == order
    elsewhere = OrderLedger(SQLiteRecorder(tmp_path / "ledger.db"))
    changed = do(elsewhere.change, order.uuid, c.ChangeStatus(status="hold"), ME).order
    assert ledger.order(order.uuid) == changed
    for one in (ledger, elsewhere):
        one.log_of_events.close()
    assert not (tmp_path / "another.db").exists()


# Python's own module reports every file that it opens. sqlite-utils imports it only for the names of types.
LIVE_A_LITTLE = """
import sys
from pathlib import Path
opened = []
sys.addaudithook(lambda event, arguments: event.startswith("sqlite3.connect") and opened.append(arguments))
import api.app, api.server, run, sqlite_utils
from domain.order.commands import CreateOrder
from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.log.records import Provenance
from domain.log.sqlite import sqlite3
from projections.views.views import Views
ledger = OrderLedger(SQLiteRecorder(Path(sys.argv[1]) / "ledger.db"))
ledger.write(ledger.create, CreateOrder(), Provenance("tester")).result()
views = Views(ledger, Path(sys.argv[1]) / "views.db")
views.ensure()
assert views.position() == 1
assert isinstance(sqlite_utils.Database(memory=True).conn, sqlite3.Connection)
assert sqlite3.__name__ == "pysqlite3" and sqlite3.sqlite_version_info >= (3, 51, 3), sqlite3.sqlite_version
assert not opened, opened
"""


def test_a_process_uses_one_sqlite_only_and_it_is_a_mended_one(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", LIVE_A_LITTLE, str(tmp_path)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_records_of_many_orders_are_read_one_by_one_and_never_sorted_with_their_payloads(
    recorder: SQLiteRecorder,
) -> None:
    asked: list[str] = []
    recorder.reader.set_trace_callback(asked.append)
    assert len(list(recorder.raw_records_elsewhere(map(str, ORDERS), 1, 1, 6))) == 5
    recorder.reader.set_trace_callback(None)
    steps = [detail for *_, detail in recorder.reader.execute(f"EXPLAIN QUERY PLAN {asked[0]}")]
    assert not [step for step in steps if "ORDER BY" in step], steps
