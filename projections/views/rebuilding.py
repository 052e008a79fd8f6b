"""How are views made anew? From the whole log, part by part, in several processes where the log is long enough.

Where other code has made only some of the views, only those are made anew, beside the others' rows.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from itertools import starmap
from pathlib import Path
from typing import Any, Final

import msgspec

from domain.aggregate import IncompleteHistory
from domain.ledger import OrderLedger
from domain.log.sqlite import connect, sqlite3, transaction
from domain.privacy.opening import LedgerLocation
from projections.processes import opened, processes, reopened
from projections.views import generation
from projections.views.all import VIEWS
from projections.views.feeding import feed
from projections.views.fold import Rows, fold, histories, no_state, note_stopped, put, rows
from projections.views.view import View

# The log is read in parts of so many positions, in several processes where there are enough parts to be worth starting
# these.
PART_POSITIONS: Final = 4_096
PROCESSES_PARTS_MIN: Final = 5
PARTS_AHEAD_MAX: Final = 8

Progress = Callable[[int, int], None]


def make(ledger: OrderLedger, file: Path, progress: Progress | None) -> sqlite3.Connection:
    """A new generation, fed up to the log's head.

    `progress` is called with the position reached and the head.
    """
    from sqlite_utils import Database  # noqa: PLC0415  (takes a while, and few processes make views)

    connection = _connect(file)
    database = Database(connection)
    generation.create(database)
    head = ledger.head()
    for part in _parts(ledger, head, VIEWS, progress):
        with transaction(connection):
            _insert(connection, VIEWS, part)
            note_stopped(connection, part.rows.stopped)
            generation.set_position(connection, min(part.until, head))
    for view in VIEWS:
        view.index(database)
    with transaction(connection):
        put(connection, _orphaned(ledger, head), no_state)
    _finish(ledger, connection, file)
    return connection


def remake(
    ledger: OrderLedger, file: Path, old: Path, views: Sequence[View], progress: Progress | None
) -> sqlite3.Connection:
    """A copy of the generation `old` in which these views are made anew, up to the copy's position.

    The stopped histories stay as they are: they depend on the fold, which is the same.
    """
    from sqlite_utils import Database  # noqa: PLC0415  (takes a while, and few processes make views)

    connection = _connect(file)
    source = connect(old, "NORMAL", must_exist=True)
    source.backup(connection)  # in one read transaction, so as of one moment
    source.close()
    connection.execute("PRAGMA journal_mode = OFF")
    database = Database(connection)
    generation.drop(database, views)
    for view in views:
        view.create(database)
    for part in _parts(ledger, generation.position(connection), views, progress):
        with transaction(connection):
            _insert(connection, views, part)
    for view in views:
        view.index(database)
    generation.write_fingerprints(connection)
    _finish(ledger, connection, file)
    return connection


def renew(ledger: OrderLedger, file: Path, old: Path) -> sqlite3.Connection:
    """A new generation with the rows of `old`, and without remnants of erased data."""
    generation.copy_rows(old, file)
    connection = _connect(file)
    connection.execute("PRAGMA user_version = 0")
    _finish(ledger, connection, file)
    return connection


def _connect(file: Path) -> sqlite3.Connection:
    """A connection to a file that no process reads yet, so that it need not survive a crash."""
    connection = connect(file, "OFF", writes=True)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA cache_size = -64000")
    connection.execute("PRAGMA secure_delete = ON")  # data may be erased meanwhile
    return connection


def _insert(connection: sqlite3.Connection, views: Sequence[View], part: "Part") -> None:
    for view in views:
        view.insert(connection, part.rows.of[view.name])


def _finish(ledger: OrderLedger, connection: sqlite3.Connection, file: Path) -> None:
    """Makes the file survive a crash, and feeds the records appended meanwhile. Later records are fed under the write
    lock of the generation in force."""
    connection.execute("PRAGMA journal_mode = WAL")
    while generation.position(connection) < ledger.head():
        with transaction(connection):
            feed(ledger, connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    with file.open("rb") as whole:  # once readers use it, it must survive a loss of power too
        os.fsync(whole.fileno())


# --- part by part ---


class Part(msgspec.Struct):
    """A part of the log up to a position: the rows of its records, and of the histories that begin in it.

    `read` is the sum of the part's positions; `folded` is the sum of the positions of those histories' records.
    """

    until: int
    read: int
    folded: int
    rows: Rows


# Parts travel between processes as MessagePack, which takes a quarter of pickling's time.
_read_part: Final = msgspec.msgpack.Decoder(Part).decode


def _parts(ledger: OrderLedger, head: int, views: Sequence[View], progress: Progress | None) -> Iterator[Part]:
    """The parts of the log up to `head`, each with the rows of these views.

    Raises IncompleteHistory at the end where the index did not lead to all of the records.
    """
    log = ledger.log_of_events
    starts = [number * PART_POSITIONS for number in log.parts(PART_POSITIONS) if number * PART_POSITIONS < head]
    names = [view.name for view in views]
    ends = [(ledger.location, after, after + PART_POSITIONS, head, names) for after in starts]
    read = folded = 0
    for made in starmap(make_part, ends) if len(ends) < PROCESSES_PARTS_MIN else _elsewhere(ends):
        part = _read_part(made)
        yield part
        read, folded = read + part.read, folded + part.folded
        if progress:
            progress(min(part.until, head), head)
    if folded != read and folded + sum(raw.position for raw in log.raw_records_without_beginning(head)) != read:
        raise IncompleteHistory(
            "the log's index on order and version does not lead to the records that its table has;"
            " `run.py verify` says which"
        )


def _elsewhere(ends: Sequence[tuple[Any, ...]]) -> Iterator[bytes]:
    """The parts, made by other processes."""
    with processes() as pool:
        coming: deque[Future[bytes]] = deque()
        for arguments in ends:
            coming.append(pool.submit(make_part, *arguments))
            # Parts that wait to be written take memory, so there are few of them.
            if len(coming) > PARTS_AHEAD_MAX:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def make_part(at: LedgerLocation, after: int, until: int, head: int, names: Sequence[str]) -> bytes:
    """The part behind position `after` up to `until` of a ledger that is read up to `head`, with the rows of the views
    with these names; as MessagePack. Raises the errors of `fold`."""
    views = [view for view in VIEWS if view.name in names]
    with opened(at) as (reader, mapper):
        raws = list(reader.raw_records(after=after, until=min(until, head)))
        whole = histories(reader, raws, after + 1, until, head)
        mapper.prefetch_keys(whole)
        made = rows(raws, fold(whole, no_state, mapper.read), views)
    read, folded = (sum(raw.position for raw in some if raw.originator_id is not None) for some in (raws, whole))
    return msgspec.msgpack.encode(Part(until, read, folded, made))


def _orphaned(ledger: OrderLedger, head: int) -> Rows:
    """The histories without a first version in the log: each of them is stopped."""
    with reopened(ledger.location.url) as reader:
        return rows([], fold(reader.raw_records_without_beginning(head), no_state, ledger.mapper.read))
