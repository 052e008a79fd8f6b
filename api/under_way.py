"""How far is the reconciling of a large settlement file? Every worker of this machine can tell, until it is recorded.

A refusal may quote the file, which can hold personal data: it is removed after a day, and at any erasure.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from api.settings import Settings

# How often the worker that received the file gives a sign of life; and how long it may be silent before it counts as
# gone.
BEAT_SECONDS: Final = 5
SILENT_SECONDS_MAX: Final = 60
# A refusal is told for a day to clients that ask again.
_TOLD_SECONDS_MAX: Final = 24 * 60 * 60


class Refused(msgspec.Struct, frozen=True):
    """The error with which a file was refused."""

    status: int
    body: msgspec.Raw


class Progress(msgspec.Struct, frozen=True):
    """An upload under way. `stage` is "received", "reading" or "matching"; `lines` is the number of lines read;
    `refused` has the error where the file was refused."""

    id: UUID
    provider: str
    file: str
    stage: str = "received"
    lines: int = 0
    refused: Refused | None = None


_decode = msgspec.json.Decoder(Progress).decode


class UnderWay:
    """The uploads under way, each with a small file in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, progress: Progress) -> None:
        """Writes the progress of an upload over its earlier one."""
        self._folder.mkdir(0o700, parents=True, exist_ok=True)
        part = self._folder / f"{progress.id}.{os.getpid()}.part"
        part.write_bytes(msgspec.json.encode(progress))
        part.replace(self._path(progress.id))

    def get(self, uuid: UUID) -> Progress | None:
        """The progress of an upload; None where there is no such upload, or its worker is gone."""
        path = self._path(uuid)
        try:
            age, progress = time.time() - path.stat().st_mtime, _decode(path.read_bytes())
        except (OSError, ValueError):
            return None
        return progress if age < (SILENT_SECONDS_MAX if progress.refused is None else _TOLD_SECONDS_MAX) else None

    def beat(self, uuid: UUID) -> None:
        """Gives a sign of life of an upload."""
        with suppress(FileNotFoundError):
            os.utime(self._path(uuid))

    def forget(self, uuid: UUID) -> None:
        """Removes an upload that is in the log."""
        self._path(uuid).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Removes the files that are older than a day."""
        for path in self._folder.glob("*"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _TOLD_SECONDS_MAX:
                    path.unlink()

    def forget_refused(self) -> None:
        """Removes the refused uploads. A client that asks for one is told that there is no such reconciliation."""
        for path in self._folder.glob("*.json"):
            with suppress(OSError, ValueError):
                if _decode(path.read_bytes()).refused is not None:
                    path.unlink()

    def _path(self, uuid: UUID) -> Path:
        return self._folder / f"{uuid}.json"


def under_way(settings: Settings) -> UnderWay:
    return UnderWay(settings.views.parent / "taking-in")
