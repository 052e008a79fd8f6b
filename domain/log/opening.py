"""Opens a log by its address: the one place that knows which engines there are."""

from pathlib import Path
from typing import Final

from domain.log.log import Log
from domain.log.recorder import SQLiteRecorder

SQLITE: Final = "sqlite:///"


def open_log(url: str) -> Log:
    """The log at an address like `sqlite:///var/ledger.db`; nothing is opened before it is used."""
    return SQLiteRecorder(Path(url.removeprefix(SQLITE)))
