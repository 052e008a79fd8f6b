"""How far is a settlement file that is being taken in? Every worker of this machine knows, until it is in the log.

Why one was refused can name what stands in it, so that goes after a day, and with the erasure of anybody.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from api.settings import Settings

# The worker that a file came to says so often that it is there; where it has said nothing for longer, it is gone.
BEAT_SECONDS: Final = 5
SILENT_SECONDS_MAX: Final = 60
# A refusal is told for a day to clients that ask again.
_TOLD_SECONDS_MAX: Final = 24 * 60 * 60


class Refused(msgspec.Struct, frozen=True):
    """The error that the file is answered with."""

    status: int
    body: msgspec.Raw


class Progress(msgspec.Struct, frozen=True):
    """`stage` is "received", "reading" or "matching"; `lines` have been read. `refused` is how it ended, if so."""

    id: UUID
    provider: str
    file: str
    stage: str = "received"
    lines: int = 0
    refused: Refused | None = None


_decode = msgspec.json.Decoder(Progress).decode


class UnderWay:
    """Keeps a small file for each upload in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def say(self, progress: Progress) -> None:
        """What is known of an upload now, in place of what was."""
        self._folder.mkdir(0o700, parents=True, exist_ok=True)
        part = self._folder / f"{progress.id}.{os.getpid()}.part"
        part.write_bytes(msgspec.json.encode(progress))
        part.replace(self._path(progress.id))

    def of(self, uuid: UUID) -> Progress | None:
        """What is known of an upload; None where there is none, or its process is gone."""
        path = self._path(uuid)
        try:
            age, progress = time.time() - path.stat().st_mtime, _decode(path.read_bytes())
        except (OSError, ValueError):
            return None
        return progress if age < (SILENT_SECONDS_MAX if progress.refused is None else _TOLD_SECONDS_MAX) else None

    def beat(self, uuid: UUID) -> None:
        """The upload goes on."""
        with suppress(FileNotFoundError):
            os.utime(self._path(uuid))

    def forget(self, uuid: UUID) -> None:
        """The upload is in the log."""
        self._path(uuid).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Removes what nobody will ask for any more."""
        for path in self._folder.glob("*"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _TOLD_SECONDS_MAX:
                    path.unlink()

    def forget_refused(self) -> None:
        """Removes what was refused. Who asks for it is told that there is no such reconciliation."""
        for path in self._folder.glob("*.json"):
            with suppress(OSError, ValueError):
                if _decode(path.read_bytes()).refused is not None:
                    path.unlink()

    def _path(self, uuid: UUID) -> Path:
        return self._folder / f"{uuid}.json"


def under_way(settings: Settings) -> UnderWay:
    return UnderWay(settings.views.parent / "taking-in")
