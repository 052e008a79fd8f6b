"""Which settlement files were reconciled? A row for each reconciliation, and the list of them.

What people wrote as a reason stays out of the views: it is sealed in the log, and read there.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from domain.log.sqlite import sqlite3
from domain.moments import microseconds
from domain.reconciliation.state import RECONCILIATION, STATUSES, Reconciliation, without_reasons
from projections.views.view import History, StateView

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS: Final[dict[str, Any]] = {
    "uuid": str,
    "started": int,  # the position of its first event
    "provider": str,
    "until": int,
    "status": int,  # its place in STATUSES
    "version": int,
    "state": bytes,
}
# Where it started never changes.
_PUT: Final = (
    f"INSERT INTO reconciliations VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT (uuid) DO UPDATE SET"
    f" {', '.join(f'{column} = excluded.{column}' for column in _COLUMNS if column not in ('uuid', 'started'))}"
)
_encode_state = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(Reconciliation).decode

Row = Sequence[Any]


class Reconciliations(StateView):
    """The reconciliations as the list shows them, and their states."""

    name = "reconciliations"
    tables = ("reconciliations",)
    kind = RECONCILIATION

    def create(self, database: "Database") -> None:
        database.table("reconciliations").create(_COLUMNS, pk="uuid", not_null=_COLUMNS.keys(), strict=True)

    def index(self, database: "Database") -> None:
        database.table("reconciliations").create_index(["started"], index_name="reconciliations_started", unique=True)

    def of_history(self, history: History) -> list[Row]:
        state: Reconciliation = history.state
        until = 0 if state.until is None else microseconds(state.until)
        told = (
            state.provider,
            until,
            STATUSES.index(state.status),
            state.version,
            _encode_state(without_reasons(state)),
        )
        return [(str(state.uuid), history.first, *told)]

    def put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        connection.executemany(_PUT, rows)

    def remove(self, connection: sqlite3.Connection, state: Reconciliation) -> None:
        connection.execute("DELETE FROM reconciliations WHERE uuid = ?", (str(state.uuid),))

    def shown(self, connection: sqlite3.Connection, states: Sequence[Reconciliation]) -> dict[UUID, list[Row]]:
        found = connection.execute(
            "SELECT * FROM reconciliations WHERE uuid IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode([of.uuid for of in states]).decode(),),
        )
        return {UUID(row[0]): [row] for row in found}

    def state(self, connection: sqlite3.Connection, uuid: str) -> Reconciliation | None:
        row = connection.execute("SELECT state FROM reconciliations WHERE uuid = ?", (uuid,)).fetchone()
        return _decode_state(row[0]) if row else None

    def version(self, connection: sqlite3.Connection, uuid: str) -> int | None:
        row = connection.execute("SELECT version FROM reconciliations WHERE uuid = ?", (uuid,)).fetchone()
        return int(row[0]) if row else None

    def uuids(self, connection: sqlite3.Connection) -> Iterator[str]:
        return (uuid for (uuid,) in connection.execute("SELECT uuid FROM reconciliations"))


def every(connection: sqlite3.Connection) -> list[Reconciliation]:
    """The reconciliations of all providers, in the order in which they were started."""
    rows = connection.execute("SELECT state FROM reconciliations ORDER BY started")
    return [_decode_state(state) for (state,) in rows]


class Page(msgspec.Struct, frozen=True):
    """A part of the list as of one position of the log; `is_last` where nothing that is wanted comes behind it."""

    position: int
    found: list[tuple[int, Reconciliation]]
    is_last: bool


def page(connection: sqlite3.Connection, *, provider: str | None, status: str | None, after: int, limit: int) -> Page:
    """The reconciliations that started behind the position `after`, in that order, at most `limit`."""
    wanted = None if status is None else STATUSES.index(status)
    rows = connection.execute(
        "SELECT p.position, found.* FROM positions AS p LEFT JOIN (SELECT started, state FROM reconciliations"
        " WHERE started > ? AND (? IS NULL OR provider = ?) AND (? IS NULL OR status = ?)"
        " ORDER BY started LIMIT ?) AS found",
        (after, provider, provider, wanted, wanted, limit + 1),
    ).fetchall()
    found = [(started, _decode_state(state)) for _, started, state in rows if started is not None]
    return Page(rows[0][0], found[:limit], len(found) <= limit)
