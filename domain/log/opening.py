"""Opens a log by its address. This module alone knows the engines, SQLite and PostgreSQL."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from domain.log.log import Log
from domain.log.recorder import SQLiteRecorder

_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")
# A password that is not encoded may have an @ or a slash in it, so the pattern takes everything up to the last @.
_SECRETS: Final = (re.compile(r"(?<=//)([^/@:\s]*):\S*@"), re.compile(r"(?<=[?&])((?:ssl)?password)=[^&]*"))


class Address(NamedTuple):
    """A log's address: as it may be shown, the folder of the files beside the log, and the log's file; None for a log
    in a database."""

    shown: str
    folder: Path
    file: Path | None


def address(url: str) -> Address:
    """The parts of a log's URL. Raises ValueError where it is no address of a log; the message gives a right one."""
    if url.startswith(_SQLITE) and url != _SQLITE:
        file = Path(url.removeprefix(_SQLITE))
        if file.is_dir():
            raise ValueError(f"names the folder {file}; it should name a file in it.")
        return Address(str(file), file.parent, file)
    if url.startswith(_POSTGRES):
        from domain.log.postgres import address as postgres  # noqa: PLC0415  (as below)

        postgres.check(url)
        return Address(without_secrets(url), Path("var"), None)
    raise ValueError(
        f"is {without_secrets(url)!r}; it should be like 'sqlite:///var/ledger.db' (three slashes, then a path), or"
        " 'postgresql://user@host/database'."
    )


def without_secrets(text: str) -> str:
    """A text, such as an address or a message about one, with *** in place of passwords."""
    return _SECRETS[1].sub(r"\1=***", _SECRETS[0].sub(r"\1:***@", text))


def open_log(url: str) -> Log:
    """The log at an address like `sqlite:///var/ledger.db` or `postgresql://host/database`. The log's first use opens
    the connection."""
    if url.startswith(_POSTGRES):
        # Imported here, since the driver takes a while to load and most processes open a file.
        from domain.log.postgres.recorder import PostgresRecorder  # noqa: PLC0415

        return PostgresRecorder(url)
    return SQLiteRecorder(Path(url.removeprefix(_SQLITE)))


def standby_url(url: str) -> str:
    """The address for reading a standby. Raises ValueError where it is no address of PostgreSQL."""
    if not url.startswith(_POSTGRES):
        raise ValueError(f"is {without_secrets(url)!r}; it should be like 'postgresql://user@standby/database'.")
    address(url)
    return url + ("&" if "?" in url else "?") + "target_session_attrs=any"


def postgres_grants(role: str) -> str:
    """The SQL that lets a role of PostgreSQL serve, without the right to alter records."""
    from domain.log.postgres.schema import grants  # noqa: PLC0415  (as above)

    return grants(role)


def exists(url: str) -> bool:
    """Whether the log's file exists; always True for a database. Opening a missing file would make one."""
    file = address(url).file
    return file is None or file.exists()
