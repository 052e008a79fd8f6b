"""The access keys, as their events record them: the state of each, onto which its next events are folded.

Callers are looked up here only while the log is out of reach: the log itself knows the keys (`domain/log/keys.py`).
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.access.state import KEY, Key
from domain.log.log import StoredKey
from domain.log.sqlite import sqlite3
from domain.moments import instant
from projections.views.one_row import OneRowView, encode_state
from projections.views.view import History, Row

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS: Final[dict[str, Any]] = {"uuid": str, "version": int, "state": bytes}
_STATES: Final = msgspec.json.Decoder(Key)


def stored_as(connection: sqlite3.Connection, key_hash: bytes) -> StoredKey | None:
    """The access key with this hash, as far as the views have come. A former secret's hash gives the key with that
    secret's prefix and expiry."""
    sha256 = key_hash.hex()
    rows = connection.execute("SELECT state FROM access_keys WHERE instr(state, ?)", (sha256.encode(),))
    for key in (_STATES.decode(state) for (state,) in rows):
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


class AccessKeys(OneRowView):
    """The states of the access keys."""

    name = "access_keys"
    tables = ("access_keys",)
    kind = KEY
    columns = _COLUMNS
    decoder = _STATES

    def index(self, database: "Database") -> None:
        """Makes no index: a key is found by its UUID alone."""

    def of_history(self, history: History) -> list[Row]:
        state: Key = history.state
        return [(str(state.uuid), state.version, encode_state(state))]
