"""How is a question asked of the views, so that its answer says what position of the log it is of?"""

from collections.abc import Sequence
from typing import Any

from domain.log.sqlite import sqlite3


def with_position(connection: sqlite3.Connection, select: str, values: Sequence[Any]) -> tuple[int, list[Any]]:
    """The position of the views, and the rows that a query finds at it; their first column is never null."""
    rows = connection.execute(
        f"SELECT p.position, found.* FROM positions AS p LEFT JOIN ({select}) AS found", values
    ).fetchall()
    return rows[0][0], [row[1:] for row in rows if row[1] is not None]
