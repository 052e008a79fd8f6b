"""Is the views' file whole by SQLite's own check, and which histories have the views stopped at?"""

from typing import Final

from domain.log.sqlite import sqlite3
from projections.proof.problems import SOMEWHERE, Problem

_SAID_MAX: Final = 100


def check_views(reader: sqlite3.Connection) -> list[Problem]:
    """Reads the whole file."""
    try:
        stopped = reader.execute("SELECT uuid, position, reason FROM stopped ORDER BY position").fetchall()
        said = [said for (said,) in reader.execute(f"PRAGMA integrity_check({_SAID_MAX})") if said != "ok"]
    except sqlite3.DatabaseError as error:
        stopped, said = [], [str(error)]
    problems = [Problem(position, uuid, f"the views stop here: {reason}") for uuid, position, reason in stopped]
    why = "the file of the views is damaged, `run.py rebuild` makes it anew: "
    return problems + [Problem(0, None, why + line, until=SOMEWHERE) for line in said]
