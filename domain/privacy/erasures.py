"""The erasures, noted in a file outside the ledger and its backups. A ledger that was restored from an older backup is
compared with the file.

A line for each erasure: the time, the id, the subject, the parts, the years of the orders (`*` for all), the basis, the
reference (`-` for none) and the ids of the destroyed keys. No line has a person's name.
"""

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from domain.durable import open_to_append
from domain.moments import instant
from domain.order.personal import PARTS
from domain.reconciliation.state import FILE

_NONE = "-"
_ALL = "*"
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SUBJECT = re.compile(rf"customer:[0-9]{{1,15}}|(order|reconciliation):{_UUID}")


class NotedErasure(NamedTuple):
    """An erasure, as its line in the file has it; `years` is empty where the erasure covers every year."""

    id: str
    subject: str
    parts: tuple[str, ...]
    years: tuple[int, ...]
    basis: str
    reference: str | None
    keys: tuple[str, ...]


class ErasuresMalformed(Exception):
    """The file of erasures cannot be read, or one of its lines is no erasure."""


class Erasures:
    """The file of erasures."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, noted: NotedErasure, now: datetime) -> None:
        """Adds an erasure's line, unless the file has one with its id. The line is durable when this returns."""
        years = ",".join(map(str, noted.years)) or _ALL
        fields = (instant(now), noted.id, noted.subject, ",".join(noted.parts), years, noted.basis)
        line = " ".join((*fields, noted.reference or _NONE, ",".join(noted.keys) or _NONE))
        with open_to_append(self.path) as file:
            before = file.read()
            if before and not before.endswith(b"\n"):  # a crash cut the last line short
                file.truncate(before.rfind(b"\n") + 1)
            if any(line.split()[1:2] == [noted.id.encode()] for line in before.splitlines()):
                return
            file.write(f"{line}\n".encode())

    def each(self) -> Iterator[NotedErasure]:
        """Yields each erasure in the file; none where there is no file. Raises ErasuresMalformed."""
        try:
            lines = self.path.read_text().splitlines()
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            raise ErasuresMalformed(f"{self.path} cannot be read: {error}") from None
        for number, line in enumerate(lines, 1):
            try:
                _, erasure, subject, parts, years, basis, reference, keys = line.split(" ")
                if not _SUBJECT.fullmatch(subject) or not {*parts.split(",")} <= {*PARTS, FILE}:
                    raise ValueError
                yield NotedErasure(
                    erasure,
                    subject,
                    tuple(parts.split(",")),
                    () if years == _ALL else tuple(map(int, years.split(","))),
                    basis,
                    None if reference == _NONE else reference,
                    () if keys == _NONE else tuple(keys.split(",")),
                )
            except ValueError:
                raise ErasuresMalformed(f"{self.path}, line {number}: this is no erasure") from None

    def missing(self, recorded: Collection[str]) -> list[NotedErasure]:
        """The erasures with a key that is not among `recorded`, the keys that a log has recorded as destroyed. Raises
        ErasuresMalformed."""
        return [noted for noted in self.each() if not set(noted.keys) <= set(recorded)]
