"""What are the access keys, by what is recorded of them? Each one's state, onto which its next events are folded.

Nobody asks here who a caller is: the log itself knows (`domain/log/keys.py`).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from domain.access.state import KEY, Key
from domain.log.sqlite import sqlite3
from projections.views.view import History, StateView

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS: Final[dict[str, Any]] = {"uuid": str, "version": int, "state": bytes}
_encode_state = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(Key).decode

Row = Sequence[Any]


class AccessKeys(StateView):
    """The states of the access keys."""

    name = "access_keys"
    tables = ("access_keys",)
    kind = KEY

    def create(self, database: "Database") -> None:
        database.table("access_keys").create(_COLUMNS, pk="uuid", not_null=_COLUMNS.keys(), strict=True)

    def index(self, database: "Database") -> None:
        """A key is found by its UUID alone."""

    def of_history(self, history: History) -> list[Row]:
        state: Key = history.state
        return [(str(state.uuid), state.version, _encode_state(state))]

    def put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        connection.executemany("INSERT OR REPLACE INTO access_keys VALUES (?, ?, ?)", rows)

    def remove(self, connection: sqlite3.Connection, state: Key) -> None:
        connection.execute("DELETE FROM access_keys WHERE uuid = ?", (str(state.uuid),))

    def shown(self, connection: sqlite3.Connection, states: Sequence[Key]) -> dict[UUID, list[Row]]:
        found = connection.execute(
            "SELECT * FROM access_keys WHERE uuid IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode([of.uuid for of in states]).decode(),),
        )
        return {UUID(row[0]): [row] for row in found}

    def state(self, connection: sqlite3.Connection, uuid: str) -> Key | None:
        row = connection.execute("SELECT state FROM access_keys WHERE uuid = ?", (uuid,)).fetchone()
        return _decode_state(row[0]) if row else None

    def version(self, connection: sqlite3.Connection, uuid: str) -> int | None:
        row = connection.execute("SELECT version FROM access_keys WHERE uuid = ?", (uuid,)).fetchone()
        return int(row[0]) if row else None

    def uuids(self, connection: sqlite3.Connection) -> Iterator[str]:
        return (uuid for (uuid,) in connection.execute("SELECT uuid FROM access_keys"))
