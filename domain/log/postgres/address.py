"""Is this the address of a PostgreSQL database?"""

import psycopg
from psycopg.conninfo import conninfo_to_dict


def check(url: str) -> None:
    """Raises ValueError with what would be right."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise ValueError(f"is no address of PostgreSQL: {str(error).strip()}") from None
    if not given.get("dbname"):
        raise ValueError("names no database; it should be like 'postgresql://user@host/database'.")
