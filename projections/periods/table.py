"""Which periods are closed? The months of each provider, and from which position of the log on each of them is."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from domain.log.sqlite import sqlite3
from domain.moments import microseconds
from domain.period.state import PERIOD, Period
from projections.views.view import History, StateView

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS: Final[dict[str, Any]] = {
    "uuid": str,
    "version": int,
    "provider": str,
    "month": str,
    "since": int,  # microseconds, both ends inclusive
    "until": int,
    "closed_on": int,  # the position of the head that it was closed on
    "state": bytes,
}
_PUT: Final = f"INSERT OR REPLACE INTO periods VALUES ({', '.join('?' * len(_COLUMNS))})"
_encode_state = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(Period).decode

Row = Sequence[Any]


class Periods(StateView):
    """The closed periods."""

    name = "periods"
    tables = ("periods",)
    kind = PERIOD

    def create(self, database: "Database") -> None:
        database.table("periods").create(_COLUMNS, pk="uuid", not_null=_COLUMNS.keys(), strict=True)

    def index(self, database: "Database") -> None:
        """A provider has twelve of them a year, and each line of the journal asks for its own's."""
        database.table("periods").create_index(["provider"], index_name="periods_provider")

    def of_history(self, history: History) -> list[Row]:
        state: Period = history.state
        span = (microseconds(state.since), microseconds(state.until))
        told = (state.provider, state.month, *span, state.position, _encode_state(state))
        return [(str(state.uuid), state.version, *told)]

    def put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        connection.executemany(_PUT, rows)

    def remove(self, connection: sqlite3.Connection, state: Period) -> None:
        connection.execute("DELETE FROM periods WHERE uuid = ?", (str(state.uuid),))

    def shown(self, connection: sqlite3.Connection, states: Sequence[Period]) -> dict[UUID, list[Row]]:
        found = connection.execute(
            "SELECT * FROM periods WHERE uuid IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode([of.uuid for of in states]).decode(),),
        )
        return {UUID(row[0]): [row] for row in found}

    def state(self, connection: sqlite3.Connection, uuid: str) -> Period | None:
        row = connection.execute("SELECT state FROM periods WHERE uuid = ?", (uuid,)).fetchone()
        return _decode_state(row[0]) if row else None

    def version(self, connection: sqlite3.Connection, uuid: str) -> int | None:
        row = connection.execute("SELECT version FROM periods WHERE uuid = ?", (uuid,)).fetchone()
        return int(row[0]) if row else None

    def uuids(self, connection: sqlite3.Connection) -> Iterator[str]:
        return (uuid for (uuid,) in connection.execute("SELECT uuid FROM periods"))


def closed(connection: sqlite3.Connection, provider: str | None = None) -> list[Period]:
    """The closed periods, of one provider or of all, by months."""
    rows = connection.execute(
        "SELECT state FROM periods WHERE ? IS NULL OR provider = ? ORDER BY month, provider", (provider, provider)
    )
    return [_decode_state(state) for (state,) in rows]
