"""Is the views' file whole? It is checked by SQLite's own check, by its schema, and by its derived tables against the
tables they are made from. The histories at which the views stopped are reported too."""

from collections.abc import Iterator
from typing import Final

from domain.counted import counted
from domain.ledger import LOG
from domain.log.log import Log
from domain.log.sqlite import schema_of, sqlite3
from projections import tree
from projections.proof.problems import SOMEWHERE, Problem
from projections.views.all import VIEWS
from projections.views.generation import create_indexed

_SAID_MAX: Final = 100


def check_views(reader: sqlite3.Connection, log: Log) -> list[Problem]:
    """The problems of the views' file. Reads the whole file."""
    try:
        reader.execute("BEGIN")  # so that all queries see one moment
        try:
            stopped = reader.execute("SELECT uuid, position, reason FROM stopped ORDER BY position").fetchall()
            said = [*_of_schema(reader), *_of_position(reader, log), *_of_tables(reader)]
            said += [line for (line,) in reader.execute(f"PRAGMA integrity_check({_SAID_MAX})") if line != "ok"]
        finally:
            reader.execute("ROLLBACK")
    except sqlite3.DatabaseError as error:
        stopped, said = [], [str(error)]
    problems = [Problem(position, uuid, f"the views stop here: {reason}") for uuid, position, reason in stopped]
    why = "the file of the views is damaged, `run.py rebuild` makes it anew: "
    return problems + [Problem(0, None, why + line, until=SOMEWHERE) for line in said]


def _of_schema(reader: sqlite3.Connection) -> Iterator[str]:
    """The tables, indexes and triggers that differ from those this program makes."""
    from sqlite_utils import Database  # noqa: PLC0415  (takes a while)

    own = sqlite3.connect(":memory:", isolation_level=None)
    create_indexed(Database(own))
    expected, there = schema_of(own), schema_of(reader)
    own.close()
    for kind, name in sorted(expected.keys() | there.keys()):
        if expected.get((kind, name)) != there.get((kind, name)):
            yield f"the {kind} {name} in it is not the one that this program makes, or is one of the two alone"


def _of_position(reader: sqlite3.Connection, log: Log) -> Iterator[str]:
    """The fault in the file's stated position, where it differs from the tree's size or is beyond the log."""
    positions = reader.execute("SELECT log, position FROM positions").fetchall()
    size = tree.size(reader)
    if positions != [(LOG, size)]:
        yield f"its tree has {counted(size, 'record')}, and it says that it has come to {positions}"
    elif size > (log.max_notification_id() or 0):
        yield f"it says that it has come to position {size}, and the log has not"


def _of_tables(reader: sqlite3.Connection) -> Iterator[str]:
    """The first differing row of each derived table, and of each table beside `orders` the first row without an
    order."""
    for view in VIEWS:
        for table, query in view.made_of.items():
            row = reader.execute(
                f"SELECT * FROM (SELECT * FROM {table} EXCEPT {query})"
                f" UNION ALL SELECT * FROM (SELECT * FROM ({query}) EXCEPT SELECT * FROM {table}) LIMIT 1"
            ).fetchone()
            if row is not None:
                yield f"its {table} are not what its orders come to, first where {_first(reader, table, row)}"
        for table, joined in view.beside_orders.items():
            row = reader.execute(
                f"SELECT * FROM {table} WHERE NOT EXISTS (SELECT 1 FROM orders WHERE {joined}) LIMIT 1"
            ).fetchone()
            if row is not None:
                yield f"its {table} have a row that is of no order, where {_first(reader, table, row)}"


def _first(reader: sqlite3.Connection, table: str, row: tuple[object, ...]) -> str:
    """The name and value of a row's first column, which is never personal."""
    (column,) = reader.execute(f"SELECT name FROM pragma_table_info('{table}') WHERE cid = 0").fetchone()
    return f"{column} is {row[0]}"
