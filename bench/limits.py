"""What are the machine's limits? The barest loop around each of the steps that cannot be left out."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec

from domain.ledger import OrderLedger
from domain.log.recorder import SQLiteRecorder
from domain.log.sqlite import connect, sqlite3, transaction
from domain.order import events
from domain.privacy.masters import MastersLocation
from domain.privacy.opening import KeysLocation
from domain.topics import SEALED
from projections import tree
from projections.orders.table import Orders
from projections.views.rebuilding import PART_POSITIONS
from projections.views.views import Views


class Cost(NamedTuple):
    """The duration of a piece of work, and the processor seconds of this process and of its children."""

    seconds: float
    cpu_seconds: float


def cost(work: Callable[[], object]) -> Cost:
    started, before = time.perf_counter(), sum(os.times()[:4])
    work()
    return Cost(time.perf_counter() - started, sum(os.times()[:4]) - before)


def commits_per_second(folder: Path, seconds: float) -> float:
    """The durable commits a second of one writer on one connection, one row each: every write waits for the disk."""
    connection = connect(folder / "commits.db", "FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, text TEXT)")
    done, started = 0, time.perf_counter()
    while (now := time.perf_counter()) < started + seconds:
        connection.execute("INSERT INTO rows (text) VALUES ('a row of some forty bytes, as small ones are')")
        done += 1
    connection.close()
    return done / (now - started)


def bare_creates_per_second(ledger: Path, views: Path, folder: Path, items: int, seconds: float) -> float:
    """The creates a second of a bare loop that writes a new order's rows: no request, decision or rendering.

    It writes into copies of both files, with no other writer: events and claims in a durable commit, the views' rows in
    another that need not be durable.
    """
    for name, file in (("log", ledger), ("shown", views)):
        (folder / f"bare-{name}.db").unlink(missing_ok=True)
        connect(file, "FULL").execute("VACUUM INTO ?", (str(folder / f"bare-{name}.db"),))
    log, shown = connect(folder / "bare-log.db", "FULL"), connect(folder / "bare-shown.db", "NORMAL")
    (last,) = log.execute("SELECT max(value) FROM claims WHERE kind = 'order-id'").fetchone()
    view, done, spent = Orders(), 0, 0.0
    while spent < seconds:
        uuid, number, key = str(uuid4()), last + done + 1, uuid4().hex
        old = log.execute(
            "SELECT originator_id FROM claims WHERE kind = 'order-id' AND value = ?", (1 + done % last,)
        ).fetchone()
        records = log.execute(
            "SELECT * FROM events WHERE originator_id = ? AND version <= ?", (*old, 1 + items)
        ).fetchall()
        order = view.state(shown, *old)
        assert order is not None
        ((narrow, *wide),) = view.shown(shown, [order])[order.uuid]
        rows = ((*narrow[:2], number, uuid, key, *narrow[5:]), *((number, *row[1:]) for row in wide))
        claims = [("order-id", number, uuid, 1, None), ("order-key", key, uuid, 1, None)]
        started = time.perf_counter()
        with transaction(log):
            log.executemany(
                "INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [(uuid, *row[2:]) for row in records]
            )
            log.executemany("INSERT INTO claims VALUES (?, ?, ?, ?, ?)", claims)
        with transaction(shown):
            view.insert(shown, [rows])
            tree.append(shown, [row[-1] for row in records])
            shown.execute("UPDATE positions SET position = position + ?", (len(records),))
        spent += time.perf_counter() - started
        done += 1
    log.close()
    shown.close()
    return done / spent


def rebuild(ledger: Path, folder: Path) -> Cost:
    """The cost of a rebuild of the views by the program's own code."""
    keys = KeysLocation(ledger.with_name("keys.db"), MastersLocation(ledger.with_name("master.key")))
    return cost(Views(OrderLedger(SQLiteRecorder(ledger), keys=keys), folder / "rebuilt.db").rebuild)


def bare_rebuild(ledger: Path, folder: Path) -> Cost:
    """The cost of reading the log, decoding each event and writing the finished views' rows, without fold and
    rendering.

    The rows are read beforehand, from the views that `rebuild` has left.
    """
    finished = connect(folder / "rebuilt.db", "OFF")
    tables, indexes = _schema(finished)
    rows = {table: finished.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    (folder / "bare.db").unlink(missing_ok=True)
    log, target = connect(ledger, "FULL"), connect(folder / "bare.db", "OFF")
    return cost(lambda: _copy(log, target, tables, indexes, rows))


def _copy(
    log: sqlite3.Connection,
    target: sqlite3.Connection,
    tables: dict[str, str],
    indexes: list[str],
    rows: dict[str, list[Any]],
) -> None:
    """Writes each table's rows in step with the reading of the log."""
    (head,) = log.execute("SELECT max(position) FROM events").fetchone()
    for statement in tables.values():
        target.execute(statement)
    before = 0
    for position in _decoded(log):
        with transaction(target):
            for table, ready in rows.items():
                due = ready[len(ready) * before // head : len(ready) * position // head]
                if due:
                    target.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(due[0]))})", due)
        before = position
    for statement in indexes:
        target.execute(statement)
    target.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _schema(connection: sqlite3.Connection) -> tuple[dict[str, str], list[str]]:
    """The SQL of the ordinary tables, by name, and the SQL of their indexes."""
    names = connection.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    ordinary = {name for (name,) in names if not name.startswith("sqlite_")}
    made = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    tables = {name: sql for kind, name, _, sql in made if kind == "table" and name in ordinary}
    return tables, [sql for kind, _, table, sql in made if kind == "index" and table in ordinary]


def _decoded(log: sqlite3.Connection) -> Iterator[int]:
    """Decodes the log batch by batch. Yields the position after each batch."""
    decoders: dict[str, Any] = {topic: msgspec.json.Decoder(shape).decode for topic, shape in events.TOPICS.items()}
    decoders |= {topic + SEALED: msgspec.json.Decoder().decode for topic in events.TOPICS}
    rows = log.execute("SELECT position, topic, payload FROM events ORDER BY position")
    while batch := rows.fetchmany(PART_POSITIONS):
        for _, topic, payload in batch:
            decoders[topic](payload)
        yield batch[-1][0]
