"""A view with one table of its own name, in which each history has one row: its state, and columns to query by."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import msgspec

from domain.aggregate import State
from domain.log.sqlite import sqlite3
from projections.views.view import Row, StateView

if TYPE_CHECKING:
    from sqlite_utils import Database

encode_state = msgspec.json.Encoder().encode


class OneRowView(StateView):
    """A view with one row for each history. `columns` begin with `uuid`, and include `version` and `state`; a column in
    `fixed` keeps its first value."""

    columns: ClassVar[dict[str, Any]]
    fixed: ClassVar[frozenset[str]] = frozenset()
    decoder: ClassVar[msgspec.json.Decoder[Any]]

    def create(self, database: "Database") -> None:
        database.table(self.name).create(self.columns, pk="uuid", not_null=self.columns.keys(), strict=True)

    def put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        changed = [column for column in self.columns if column != "uuid" and column not in self.fixed]
        connection.executemany(
            f"INSERT INTO {self.name} VALUES ({', '.join('?' * len(self.columns))}) ON CONFLICT (uuid) DO UPDATE SET"
            f" {', '.join(f'{column} = excluded.{column}' for column in changed)}",
            rows,
        )

    def remove(self, connection: sqlite3.Connection, state: Any) -> None:
        connection.execute(f"DELETE FROM {self.name} WHERE uuid = ?", (str(state.uuid),))

    def shown(self, connection: sqlite3.Connection, states: Sequence[Any]) -> dict[UUID, list[Row]]:
        found = connection.execute(
            f"SELECT * FROM {self.name} WHERE uuid IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode([of.uuid for of in states]).decode(),),
        )
        return {UUID(row[0]): [row] for row in found}

    def state(self, connection: sqlite3.Connection, uuid: str) -> State | None:
        row = connection.execute(f"SELECT state FROM {self.name} WHERE uuid = ?", (uuid,)).fetchone()
        return self.decoder.decode(row[0]) if row else None

    def version(self, connection: sqlite3.Connection, uuid: str) -> int | None:
        row = connection.execute(f"SELECT version FROM {self.name} WHERE uuid = ?", (uuid,)).fetchone()
        return int(row[0]) if row else None

    def uuids(self, connection: sqlite3.Connection) -> Iterator[str]:
        return (uuid for (uuid,) in connection.execute(f"SELECT uuid FROM {self.name}"))
