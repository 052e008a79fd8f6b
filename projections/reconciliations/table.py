"""Which settlement files were reconciled? A row for each reconciliation, and the list of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.log.sqlite import sqlite3
from domain.moments import microseconds
from domain.reconciliation.state import Reconciliation

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS: Final[dict[str, Any]] = {
    "uuid": str,
    "started": int,  # the position of its first event
    "provider": str,
    "until": int,
    "is_closed": int,
    "version": int,
    "state": bytes,
}
_encode_state = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(Reconciliation).decode

Row = tuple[Any, ...]


def create(database: "Database") -> None:
    """Makes the table in an empty file."""
    database.table("reconciliations").create(_COLUMNS, pk="uuid", not_null=_COLUMNS.keys(), strict=True)
    database.table("reconciliations").create_index(["started"], index_name="reconciliations_started", unique=True)


def state(connection: sqlite3.Connection, uuid: str) -> tuple[int, Reconciliation] | None:
    """Where it started and what it is, to fold the next events onto."""
    row = connection.execute("SELECT started, state FROM reconciliations WHERE uuid = ?", (uuid,)).fetchone()
    return (row[0], _decode_state(row[1])) if row else None


def row(started: int, of: Reconciliation) -> Row:
    until = 0 if of.until is None else microseconds(of.until)
    return (str(of.uuid), started, of.provider, until, of.is_closed, of.version, _encode_state(of))


def put(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Writes each reconciliation's row, over the one that was there."""
    if rows:
        connection.executemany("INSERT OR REPLACE INTO reconciliations VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def remove(connection: sqlite3.Connection, uuid: str) -> None:
    """Takes out one whose history cannot be read any more."""
    connection.execute("DELETE FROM reconciliations WHERE uuid = ?", (uuid,))


def row_of(connection: sqlite3.Connection, uuid: str) -> Row | None:
    found: Row | None = connection.execute("SELECT * FROM reconciliations WHERE uuid = ?", (uuid,)).fetchone()
    return found


def version(shown: Row) -> int:
    """The version that a row shows."""
    return int(shown[list(_COLUMNS).index("version")])


class Page(msgspec.Struct, frozen=True):
    """A part of the list as of one position of the log; `is_last` where nothing that is wanted comes behind it."""

    position: int
    found: list[tuple[int, Reconciliation]]
    is_last: bool


def page(
    connection: sqlite3.Connection, *, provider: str | None, is_closed: bool | None, after: int, limit: int
) -> Page:
    """What started behind the position `after`, in that order, at most so much of it."""
    rows = connection.execute(
        "SELECT p.position, found.* FROM positions AS p LEFT JOIN (SELECT started, state FROM reconciliations"
        " WHERE started > ? AND (? IS NULL OR provider = ?) AND (? IS NULL OR is_closed = ?)"
        " ORDER BY started LIMIT ?) AS found",
        (after, provider, provider, is_closed, is_closed, limit + 1),
    ).fetchall()
    found = [(started, _decode_state(state)) for _, started, state in rows if started is not None]
    return Page(rows[0][0], found[:limit], len(found) <= limit)
