"""Opens a log by its address: the one place that knows which engines there are."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from domain.log.log import Log
from domain.log.recorder import SQLiteRecorder

_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")
# A password that is not encoded may have an @ or a slash in it, so it is all up to the last @.
_SECRETS: Final = (re.compile(r"(?<=//)([^/@:\s]*):\S*@"), re.compile(r"(?<=[?&])((?:ssl)?password)=[^&]*"))


class Address(NamedTuple):
    """Where a log is: the address as it may be shown, the folder for what belongs beside it, and its file, if any."""

    shown: str
    folder: Path
    file: Path | None


def address(url: str) -> Address:
    """Raises ValueError with what would be right."""
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
    """An address, or what is said of one, without its password."""
    return _SECRETS[1].sub(r"\1=***", _SECRETS[0].sub(r"\1:***@", text))


def open_log(url: str) -> Log:
    """The log at an address like `sqlite:///var/ledger.db` or `postgresql://host/database`; nothing is opened before
    it is used."""
    if url.startswith(_POSTGRES):
        # The driver takes a while to load, and many processes want a file alone.
        from domain.log.postgres.recorder import PostgresRecorder  # noqa: PLC0415

        return PostgresRecorder(url)
    return SQLiteRecorder(Path(url.removeprefix(_SQLITE)))


def of_standby(url: str) -> str:
    """The address by which a standby is read. Raises ValueError where it can be none's."""
    if not url.startswith(_POSTGRES):
        raise ValueError(f"is {without_secrets(url)!r}; it should be like 'postgresql://user@standby/database'.")
    address(url)
    return url + ("&" if "?" in url else "?") + "target_session_attrs=any"


def postgres_grants(role: str) -> str:
    """The SQL that lets a role of PostgreSQL serve, and not alter what is recorded."""
    from domain.log.postgres.schema import grants  # noqa: PLC0415  (as above)

    return grants(role)


def is_there(url: str) -> bool:
    """Whether there can be a log to be read: a file is made where there is none, and that is not always wanted."""
    file = address(url).file
    return file is None or file.exists()
