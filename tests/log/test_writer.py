"""The writer's thread: does it go on when callers give up or the log fails, so that no other caller loses by it?"""

import resource
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from domain.log.log import LogAway, LogFull, ReadHints, Transaction, WriteLost
from domain.log.recorder import SQLiteRecorder
from domain.log.records import Provenance
from domain.log.writer import Writer
from domain.moments import utc_now

MIB = 1024 * 1024


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SQLiteRecorder]:
    log = SQLiteRecorder(tmp_path / "ledger.db")
    log.create()
    yield log
    log.close()


def test_work_that_nobody_waits_for_is_left_out_when_a_lost_commit_is_written_again(log: SQLiteRecorder) -> None:
    begun, losses = Event(), iter([True])

    @contextmanager
    def losing(wants: ReadHints) -> Iterator[Transaction]:
        with log.transaction(wants) as t:
            yield t
            if next(losses, False):
                raise WriteLost("the connection was lost")

    writer = Writer(losing, lambda _: 0, None)
    first = writer.submit(lambda _: begun.wait(1))
    given_up = writer.submit(lambda _: "never")
    third = writer.submit(lambda _: "done")
    assert given_up.cancel()
    writer.start()
    begun.set()
    assert (first.result(5), third.result(5)) == (True, "done")
    writer.stop()


def test_work_beside_a_piece_that_the_disk_fails_is_not_half_done(log: SQLiteRecorder) -> None:
    writer = Writer(log.transaction, lambda _: 0, None)
    # 16 MiB are more than SQLite keeps in memory until the commit.
    asked = [writer.submit(writes(size)) for size in (8, 16 * MIB, 8, 8)]
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * MIB, hard))
    try:
        writer.start()
        writer.stop()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [type(each.exception()) for each in asked] == [type(None), LogFull, type(None), type(None)]
    assert [len(raw.payload) for raw in log.raw_records()] == [8, 8, 8]


def test_a_log_that_is_away_when_the_views_are_fed_is_said_in_a_line(
    log: SQLiteRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    def feed(_: Transaction) -> int:
        raise LogAway("the server closed the connection")

    writer = Writer(log.transaction, feed, None)
    written = writer.submit(writes(8))
    writer.start()
    assert written.exception() is None  # from here on the one transaction is fed, before that of the stop
    lines, fed_to = [(line.getMessage(), line.exc_info) for line in caplog.records], writer.fed_to
    writer.stop()
    assert fed_to == 0
    assert lines == [("the views could not be fed after a write: the server closed the connection", None)]


def writes(size: int) -> Callable[[Transaction], object]:
    def write(t: Transaction) -> object:
        payload = f'"{secrets.token_hex(size // 2 - 1)}"'.encode()
        return t.append([StoredEvent(uuid4(), 1, "a.b.v1", payload)], provenance=Provenance("a"), now=utc_now())

    return write
