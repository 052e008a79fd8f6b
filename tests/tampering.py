"""A SQLite file altered from outside, past the triggers that keep its rows as they are."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from domain.log.sqlite import sqlite3


def tamper(file: Path, statement: str, *values: Any) -> None:
    """Runs a statement on the file, as an attacker could."""
    with without_triggers(file) as connection:
        connection.execute(statement, values)


@contextmanager
def without_triggers(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file without its triggers, for an attacker. The triggers come back at the end."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)
