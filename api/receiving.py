"""Receives large bodies: piece by piece into a file, so that they take no memory; a few at a time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, Final

from falcon.asgi import Request

from api.asking import Asking
from api.bodies import BrokenOff
from api.errors import Problem, not_ready

UPLOAD_SECONDS_MAX: Final = 120.0


class Receiving:
    """The places of one worker for large bodies. They are few, so that other long work finds threads."""

    def __init__(self, asking: Asking, places: int) -> None:
        self._asking = asking
        self._places = places

    @contextmanager
    def place(self) -> Iterator[None]:
        """Takes a place for one body. Raises a 503 where there is none."""
        if not self._places:
            raise not_ready("too-many-uploads", "Other files are being taken in; send this one in a moment.")
        self._places -= 1
        try:
            yield
        finally:
            self._places += 1

    async def receive(self, req: Request, file: IO[bytes], bytes_max: int, too_large: Problem) -> bool:
        """Writes the body into a file; returns whether it came whole and in time. Raises a 413 beyond `bytes_max`."""
        length, taken = req.content_length or 0, 0
        if length > bytes_max:
            raise too_large
        try:
            async with asyncio.timeout(UPLOAD_SECONDS_MAX):
                async for piece in req.stream:
                    await self._asking.write_in_thread(partial(file.write, piece), None)
                    taken += len(piece)
                    if taken > bytes_max:
                        raise too_large
        except (TimeoutError, BrokenOff):
            return False
        return taken >= length


def media_type(req: Request) -> str:
    return (req.content_type or "").partition(";")[0].strip().lower()
