"""Is a URL the address of a PostgreSQL database?"""

import re
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

# The driver's message quotes parts of the address, which may be parts of its password.
_QUOTED: Final = re.compile(r'"[^"]*"')
_ENCODED: Final = "in a password write @ as %40, / as %2F, % as %25 and a blank as %20"


def check(url: str) -> None:
    """Raises ValueError where a URL is no address of a database. The message says what would be right, and shows no
    part of a password."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        said = _QUOTED.sub('"…"', str(error)).strip()
        raise ValueError(f"is no address of PostgreSQL: {said}; {_ENCODED}.") from None
    if any("@" in str(given.get(name)) for name in ("host", "dbname")):
        raise ValueError(f"has an @ that is not its last; {_ENCODED}.")
    if not given.get("dbname"):
        raise ValueError("names no database; it should be like 'postgresql://user@host/database'.")
