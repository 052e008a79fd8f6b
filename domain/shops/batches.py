"""The orders of an export, some at a time, as the import takes them; on request read by a process of their own.

Reading an export costs about half of what recording it does, so on two cores it is done beside it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import NamedTuple, TypeAlias

import msgspec

from domain.importing import BATCH_LINES_MAX
from domain.shops.found import Found, Refused
from domain.shops.tables import Malformed

# An order, and the line of our import that it comes to; none where it could not be read.
Read: TypeAlias = tuple[Found | Refused, bytes]


class Batch(NamedTuple):
    """Some orders, how many bytes of the files were read up to them, and why the files could not be read further."""

    orders: list[Read]
    done: int
    broken: str = ""


def batches(orders: Iterator[Found | Refused], done: Callable[[], int]) -> Iterator[Batch]:
    """The orders up to where the files end, or are broken; `done` tells how many bytes were read."""
    batch: list[Read] = []
    broken = ""
    try:
        for found in orders:
            if isinstance(found, Found):
                # The line is needed no more but as its bytes, which are less to hand on.
                batch.append((found._replace(line={}), msgspec.json.encode(found.line)))
            else:
                batch.append((found, b""))
            if len(batch) >= BATCH_LINES_MAX:
                yield Batch(batch, done())
                batch = []
    except Malformed as error:
        broken = str(error)
    yield Batch(batch, done(), broken)


@contextmanager
def beside(there: Iterator[Batch]) -> Iterator[Iterator[Batch]]:
    """The batches, made by another process, which goes on meanwhile with what is not asked for yet.

    To be entered while no other thread runs: this process is forked, with the files that it has opened.
    """
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(there, sending, receiving))
    process.start()
    sending.close()
    try:
        yield _received(receiving)
    finally:
        receiving.close()
        process.join()


def _send(there: Iterator[Batch], sending: Connection, receiving: Connection) -> None:
    receiving.close()
    try:
        for batch in there:
            sending.send(batch)
        sending.send(None)
    except BrokenPipeError:
        pass  # who asked for them has ended


def _received(receiving: Connection) -> Iterator[Batch]:
    """Raises EOFError where the process that reads has ended before the files have."""
    while (batch := receiving.recv()) is not None:
        yield batch
