"""Which orders have an id of another system, or a word of metadata? A row for each of an order's ids and metadata.

Few orders have any, and an order that never had any has no row.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from domain.log.sqlite import as_json, sqlite3
from domain.order.state import ORDER, Order
from projections.views.view import History, HistoryView, Row

if TYPE_CHECKING:
    from sqlite_utils import Database

EXTERNAL_ID: Final = "external_id"
METADATA: Final = "metadata"
_CREATE: Final = """
CREATE TABLE order_labels (
  kind     TEXT NOT NULL,
  name     TEXT NOT NULL,
  value    TEXT NOT NULL,
  order_id INTEGER NOT NULL,
  PRIMARY KEY (kind, name, value, order_id)
) STRICT, WITHOUT ROWID
"""
# Stands for the rows of an order whose last label was removed, so that its earlier rows are deleted.
_NONE: Final = (None, None, None)


class Labels(HistoryView):
    """The orders' ids in other systems, and their metadata."""

    name = "labels"
    tables = ("order_labels",)
    beside_orders: ClassVar = {"order_labels": "orders.id = order_labels.order_id"}
    kind = ORDER
    differs = "its external ids or metadata in the views are not what its events make"

    def create(self, database: "Database") -> None:
        database.conn.execute(_CREATE)

    def index(self, database: "Database") -> None:
        database.table("order_labels").create_index(("order_id",), index_name="order_labels_order")

    def of_history(self, history: History) -> list[Row]:
        return _rows(history.state)

    def put(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        connection.executemany("DELETE FROM order_labels WHERE order_id = ?", {(row[-1],) for row in rows})
        self.insert(connection, rows)

    def insert(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        found = [row for row in rows if row[0] is not None]
        connection.executemany("INSERT INTO order_labels VALUES (?, ?, ?, ?)", found)

    def remove(self, connection: sqlite3.Connection, state: Order) -> None:
        connection.execute("DELETE FROM order_labels WHERE order_id = ?", (state.id,))

    def shown(self, connection: sqlite3.Connection, states: Sequence[Order]) -> dict[UUID, list[Row]]:
        uuids = {order.id: order.uuid for order in states}
        found: defaultdict[UUID, list[Row]] = defaultdict(list)
        for row in connection.execute(
            "SELECT order_labels.* FROM json_each(?) AS wanted JOIN order_labels ON order_id = wanted.value"
            " ORDER BY kind, name",
            (as_json(uuids),),
        ):
            found[uuids[row[-1]]].append(row)
        emptied = {order.uuid: rows for order in states if (rows := _rows(order)) == [(*_NONE, order.id)]}
        return emptied | found


def _rows(order: Order) -> list[Row]:
    """An order's rows, ordered by kind and name."""
    if order.external_ids is None and order.metadata is None:
        return []
    # Older ids can be recorded with white space around them; they are found without it, too.
    labels: list[Row] = [(EXTERNAL_ID, name, each.strip()) for name, each in sorted((order.external_ids or {}).items())]
    labels += [(METADATA, *pair) for pair in sorted((order.metadata or {}).items())]
    return [(*label, order.id) for label in labels or [_NONE]]
