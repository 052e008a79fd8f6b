"""What was erased, in a file outside the ledger and its backups: a ledger that is restored from before an erasure is
held against it.

A line for each erasure: when, its id, whose, the parts, the years of the orders (`*` for all), the basis, the reference
(`-` for none) and the ids of the keys that were destroyed. There is no name in it.
"""

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from domain.durable import appending
from domain.moments import instant
from domain.order.personal import PARTS
from domain.reconciliation.state import FILE

_NONE = "-"
_ALL = "*"
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SUBJECT = re.compile(rf"customer:[0-9]{{1,15}}|(order|reconciliation):{_UUID}")


class Noted(NamedTuple):
    """An erasure as it is noted; `years` is empty where it was of every year."""

    id: str
    subject: str
    parts: tuple[str, ...]
    years: tuple[int, ...]
    basis: str
    reference: str | None
    keys: tuple[str, ...]


class ErasuresMalformed(Exception):
    """A line of the file is none of ours."""


class Erasures:
    """The file of erasures."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, noted: Noted, now: datetime) -> None:
        """Adds an erasure, unless it is there; durable when this returns."""
        years = ",".join(map(str, noted.years)) or _ALL
        fields = (instant(now), noted.id, noted.subject, ",".join(noted.parts), years, noted.basis)
        line = " ".join((*fields, noted.reference or _NONE, ",".join(noted.keys) or _NONE))
        with appending(self.path) as file:
            before = file.read()
            if before and not before.endswith(b"\n"):  # a crash has cut the last one short
                file.truncate(before.rfind(b"\n") + 1)
            if any(line.split()[1:2] == [noted.id.encode()] for line in before.splitlines()):
                return
            file.write(f"{line}\n".encode())

    def each(self) -> Iterator[Noted]:
        """Raises ErasuresMalformed."""
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
                yield Noted(
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

    def missing(self, recorded: Collection[str]) -> list[Noted]:
        """The erasures of which a log that has recorded these keys as destroyed does not know, or not all."""
        return [noted for noted in self.each() if not set(noted.keys) <= set(recorded)]
