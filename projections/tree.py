"""What was the log's root at each size, and is this record in it? The Merkle tree of RFC 9162 over the log's digests.

Its complete nodes are kept as a view: they can always be made again from the log, and never change once they are there.
"""

from collections.abc import Sequence

from sqlite_utils import Database

from domain import merkle
from domain.sqlite import sqlite3


def create(database: Database) -> None:
    """Makes the table in an empty file."""
    database.conn.execute(
        "CREATE TABLE tree_nodes (level INTEGER, place INTEGER, hash BLOB NOT NULL, PRIMARY KEY (level, place))"
        " STRICT, WITHOUT ROWID"
    )


def size(connection: sqlite3.Connection) -> int:
    """How many records the tree has."""
    (last,) = connection.execute("SELECT max(place) FROM tree_nodes WHERE level = 0").fetchone()
    return 0 if last is None else int(last) + 1


def node(connection: sqlite3.Connection) -> merkle.Get:
    """Reads nodes from this connection; a KeyError says which is missing."""

    def get(level: int, place: int) -> bytes:
        row = connection.execute("SELECT hash FROM tree_nodes WHERE level = ? AND place = ?", (level, place)).fetchone()
        if row is None:
            raise KeyError((level, place))
        return bytes(row[0])

    return get


def append(connection: sqlite3.Connection, digests: Sequence[bytes]) -> None:
    """Adds the digests of the log's next records."""
    nodes = merkle.append(size(connection), digests, node(connection))
    connection.executemany("INSERT INTO tree_nodes VALUES (?, ?, ?)", nodes)
