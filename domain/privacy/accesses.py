"""Who read which order's personal data, and when? The readings are logged in a file of their own: a line is added for
each reading before the answer goes out."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from domain.durable import open_to_append
from domain.moments import instant


class Access(msgspec.Struct, frozen=True):
    """One reading: the actor read these parts of the order with this UUID."""

    at: str
    actor: str
    order: str
    parts: tuple[str, ...]
    request_id: str | None = None


class Accesses:
    """The file of accesses."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(
        self, *, actor: str, orders: Iterable[str], parts: Iterable[str], request_id: str | None, now: datetime
    ) -> None:
        """Adds a line for each order. The lines are durable when this returns."""
        parts = tuple(parts)
        lines = [msgspec.json.encode(Access(instant(now), actor, order, parts, request_id)) for order in orders]
        if not lines:
            return
        with open_to_append(self.path) as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":  # a crash or a full disk cut the last line short; its reading was not answered
                    file.write(b"\n")
            file.write(b"".join(line + b"\n" for line in lines))
