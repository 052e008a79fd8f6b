"""The content of the views' file, in an order that does not depend on how it came there."""

from contextlib import closing
from pathlib import Path
from typing import Any

from domain.ledger import OrderLedger
from projections.views.views import Views


def rows(views: Views) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, and the SQL of all tables and indexes."""
    reader = views.reader
    tables = [name for (name,) in reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    found = {table: reader.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables}
    found["schema"] = reader.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2").fetchall()
    return found


def anew(ledger: OrderLedger, folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of views made from the log's first event on."""
    with closing(Views(ledger, folder / "anew.db")) as made:
        made.rebuild()
        return rows(made)
