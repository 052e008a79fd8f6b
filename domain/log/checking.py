"""What does SQLite itself find wrong in a log's file: in the schema, the pages, the indexes against their tables?"""

import re
from collections.abc import Iterator
from typing import Final

from domain.log.records import Fault
from domain.log.schema import make_tables
from domain.log.sqlite import schema_of, sqlite3

_FAULTS_MAX: Final = 1_000
_NOT_INDEXED: Final = re.compile(r"row (\d+) missing from index sqlite_autoindex_events_1")
_INDEX: Final = (
    "the index on order and version (sqlite_autoindex_events_1) does not lead to this record;"
    " `run.py verify --mend-index` makes it anew"
)

# Litestream adds these tables to a database that it copies; they hold nothing of the log.
_LITESTREAMS: Final = frozenset({("table", "_litestream_lock"), ("table", "_litestream_seq")})


def faults(connection: sqlite3.Connection) -> Iterator[Fault]:
    """Every fault of a log's file; the whole file is read."""
    found = [*_of_schema(connection), *_of_file(connection)]
    yield from found
    if found:  # without a fault, the unique index shows that no version is there twice
        yield from _taken_twice(connection)


def _of_schema(connection: sqlite3.Connection) -> Iterator[Fault]:
    """The differences between the file's schema and the schema that `schema.py` makes."""
    own = sqlite3.connect(":memory:", isolation_level=None)
    make_tables(own)
    expected, there = schema_of(own), schema_of(connection)
    own.close()
    for kind, name in sorted(expected.keys() | there.keys()):
        if (kind, name) not in there:
            yield Fault(0, None, f"the schema has no {kind} {name}")
        elif (kind, name) not in expected and (kind, name) not in _LITESTREAMS:
            yield Fault(0, None, f"the schema has what this program did not make: the {kind} {name}")
        elif there[kind, name] != expected.get((kind, name), there[kind, name]):
            yield Fault(0, None, f"the {kind} {name} in the schema is not the one that this program makes")


def _of_file(connection: sqlite3.Connection) -> Iterator[Fault]:
    try:
        for (said,) in connection.execute(f"PRAGMA integrity_check({_FAULTS_MAX})"):
            if said == "ok":
                continue
            if found := _NOT_INDEXED.fullmatch(said):
                position = int(found[1])
                yield Fault(position, _order_at(connection, position), _INDEX)
            else:
                yield Fault(0, None, f"SQLite's integrity check: {said}")
    except sqlite3.DatabaseError as error:
        yield Fault(0, None, f"SQLite's integrity check: {error}")


def _order_at(connection: sqlite3.Connection, position: int) -> str | None:
    row = connection.execute(
        "SELECT CAST(originator_id AS BLOB) FROM events WHERE position = ?", (position,)
    ).fetchone()
    return None if row is None or row[0] is None else row[0].decode(errors="replace")


def _taken_twice(connection: sqlite3.Connection) -> Iterator[Fault]:
    """The versions that more than one record of an order has. Reads the table alone, since an index may be damaged."""
    try:
        for originator, version, first, last in connection.execute(
            "SELECT CAST(originator_id AS BLOB), version, min(position), max(position) FROM events NOT INDEXED"
            " GROUP BY originator_id, version HAVING count(*) > 1 LIMIT ?",
            (_FAULTS_MAX,),
        ):
            order = (originator or b"").decode(errors="replace")
            yield Fault(last, order, f"it has the version {version} that the record at position {first} has")
    except sqlite3.DatabaseError as error:
        yield Fault(0, None, f"the records cannot all be read: {error}")
