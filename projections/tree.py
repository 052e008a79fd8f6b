"""What was the log's root at each size, and is this record in it? The Merkle tree of RFC 9162 over the log's digests.

The tree's complete nodes are kept as a view: they can always be made again from the log, and never change. They are
stored in the order in which they become complete, so that a growing tree only writes at the table's end. This is the
numbering of transparency logs (golang.org/x/mod/sumdb/tlog, StoredHashIndex).
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from domain.log.records import RawRecord
from domain.log.sqlite import sqlite3
from domain.proof import merkle
from projections.views.view import RecordView

if TYPE_CHECKING:
    from sqlite_utils import Database

# The number of nodes in one row, one behind the other.
_ROW_NODES: Final = 64
_HASH_BYTES: Final = 32


class Tree(RecordView):
    """The tree's nodes. Every record of the log is a leaf, even where its history cannot be read."""

    name = "tree"
    tables = ("tree_nodes",)

    def create(self, database: "Database") -> None:
        database.conn.execute("CREATE TABLE tree_nodes (row INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT")

    def index(self, database: "Database") -> None:
        """Makes no index: the table's key is enough."""

    def of_records(self, raws: Sequence[RawRecord]) -> list[bytes]:
        return [raw.digest for raw in raws]

    def put(self, connection: sqlite3.Connection, rows: Sequence[bytes]) -> None:
        append(connection, rows)

    def cut(self, connection: sqlite3.Connection, position: int) -> None:
        row, nodes = divmod(_complete(position), _ROW_NODES)
        connection.execute("DELETE FROM tree_nodes WHERE row > ? OR (row = ? AND ? = 0)", (row, row, nodes))
        connection.execute(
            "UPDATE tree_nodes SET hashes = substr(hashes, 1, ?) WHERE row = ?", (nodes * _HASH_BYTES, row)
        )


def number(level: int, place: int) -> int:
    """A node's number in the table: the number of nodes that are complete before it."""
    last_leaf = ((place + 1) << level) - 1
    return _complete(last_leaf) + level


def _complete(leaves: int) -> int:
    """The number of complete nodes in a tree of so many leaves."""
    return 2 * leaves - leaves.bit_count()


def size(connection: sqlite3.Connection) -> int:
    """The number of records in the tree."""
    return _leaves_before(*_last(connection))


def _last(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """The last row's number and content; row 0 and no content where there is none."""
    found = connection.execute("SELECT row, hashes FROM tree_nodes ORDER BY row DESC LIMIT 1").fetchone()
    return found or (0, b"")


def _leaves_before(row: int, hashes: bytes) -> int:
    """The number of leaves of a tree that ends with this row."""
    nodes = row * _ROW_NODES + len(hashes) // _HASH_BYTES
    leaves = nodes // 2
    while _complete(leaves) < nodes:
        leaves += 1
    return leaves


def node(connection: sqlite3.Connection) -> merkle.Get:
    """A reader of nodes on this connection, which reads each row once. It raises KeyError with the level and index of a
    missing node."""

    @cache
    def row(of: int) -> bytes:
        found = connection.execute("SELECT hashes FROM tree_nodes WHERE row = ?", (of,)).fetchone()
        return found[0] if found else b""

    def get(level: int, place: int) -> bytes:
        of, at = divmod(number(level, place), _ROW_NODES)
        found = row(of)[at * _HASH_BYTES : (at + 1) * _HASH_BYTES]
        if len(found) < _HASH_BYTES:
            raise KeyError((level, place))
        return found

    return get


def between(connection: sqlite3.Connection, first: int, last: int) -> bytes:
    """The nodes from one number to another, both included, as far as the tree goes; zeros in place of a missing
    node."""
    last_row, _ = _last(connection)
    of, until = first // _ROW_NODES, min(last // _ROW_NODES, last_row)
    rows = dict(connection.execute("SELECT row, hashes FROM tree_nodes WHERE row BETWEEN ? AND ?", (of, until)))
    full = _ROW_NODES * _HASH_BYTES
    whole = b"".join([rows.get(row, b"").ljust(0 if row == last_row else full, b"\0") for row in range(of, until + 1)])
    return whole[first * _HASH_BYTES - of * full : (last + 1) * _HASH_BYTES - of * full]


def leaves(connection: sqlite3.Connection, first: int, last: int) -> list[bytes]:
    """The leaves from one position of the log to another, both included, as far as the tree goes."""
    return of_level(between(connection, number(0, first - 1), number(0, last - 1)), first - 1, 0, first - 1, last - 1)


def of_level(nodes: bytes, behind: int, level: int, first: int, last: int) -> list[bytes]:
    """The nodes of one level, from index `first` to `last`, both included, as far as `nodes` goes. `nodes` are bytes as
    `between` returns them, from the node that becomes complete first behind `behind` leaves."""
    complete_with = ((first + 1) << level) - 1
    # The high bits that all these leaves share do not change the differences of their numbers.
    alike = ((((last + 1) << level) - 1) ^ behind).bit_length()
    base = behind >> alike << alike
    spans = _spans(behind - base, level, complete_with - base, last - first + 1)
    return [node for span in spans if (node := nodes[span])]


@lru_cache(maxsize=128)
def _spans(behind: int, level: int, leaf: int, count: int) -> list[slice]:
    """The slices of bytes of `count` nodes of one level, the first of which becomes complete with `leaf`. The bytes
    begin with the node that becomes complete first behind `behind` leaves."""
    start = _complete(behind)
    complete_with = range(leaf, leaf + (count << level), 1 << level)
    places = [(2 * leaf - leaf.bit_count() + level - start) * _HASH_BYTES for leaf in complete_with]
    return [slice(place, place + _HASH_BYTES) for place in places]


def append(connection: sqlite3.Connection, digests: Sequence[bytes]) -> None:
    """Adds the digests of the log's next records."""
    row, hashes = _last(connection)
    nodes = merkle.append(_leaves_before(row, hashes), digests, node(connection))
    hashes += b"".join([found for _, _, found in nodes])
    step = _ROW_NODES * _HASH_BYTES
    connection.executemany(
        "INSERT OR REPLACE INTO tree_nodes VALUES (?, ?)",
        [(row + i, hashes[i * step : (i + 1) * step]) for i in range(-(-len(hashes) // step))],
    )
