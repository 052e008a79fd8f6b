"""A query of the views together with the position of the log that its answer is as of."""

from collections.abc import Sequence
from typing import Any

from domain.log.sqlite import sqlite3


def with_position(connection: sqlite3.Connection, select: str, values: Sequence[Any]) -> tuple[int, list[Any]]:
    """The views' position and the rows of a query, as of one moment. The first column of a row must not be null."""
    rows = connection.execute(
        f"SELECT p.position, found.* FROM positions AS p LEFT JOIN ({select}) AS found", values
    ).fetchall()
    return rows[0][0], [row[1:] for row in rows if row[1] is not None]
