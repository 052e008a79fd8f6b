"""What are the access keys, by what is recorded of them? Each one's state, onto which its next events are folded.

Nobody asks here who a caller is unless the log is out of reach: the log itself knows (`domain/log/keys.py`).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from domain.access.state import KEY, Key
from domain.log.log import StoredKey
from domain.log.sqlite import sqlite3
from domain.moments import instant
from projections.views.view import History, StateView

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS: Final[dict[str, Any]] = {"uuid": str, "version": int, "state": bytes}
_encode_state = msgspec.json.Encoder().encode
_decode_state = msgspec.json.Decoder(Key).decode

Row = Sequence[Any]


def stored_as(connection: sqlite3.Connection, key_hash: bytes) -> StoredKey | None:
    """The access key with this hash, as far as the views have come; by a former secret, as it is with that."""
    sha256 = key_hash.hex()
    rows = connection.execute("SELECT state FROM access_keys WHERE instr(state, ?)", (sha256.encode(),))
    for key in (_decode_state(state) for (state,) in rows):
        secrets = {
            key.sha256: (key.prefix, key.expires_at),
            **{of.sha256: (of.prefix, of.expires_at) for of in key.former},
        }
        if sha256 in secrets:
            prefix, expires_at = secrets[sha256]
            return StoredKey(
                key.name,
                prefix,
                key_hash,
                key.customer_id,
                " ".join(key.scopes),
                instant(key.made_at),
                _text(key.revoked_at),
                _text(expires_at),
                " ".join(key.origins),
            )
    return None


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


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
