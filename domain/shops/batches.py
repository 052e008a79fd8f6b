"""The orders of an export in batches, as the import takes them; on request another process reads them.

Reading an export takes about half the time of recording it, so on two cores both are done at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import NamedTuple, TypeAlias

import msgspec

from domain.importing import BATCH_LINES_MAX
from domain.shops.found import ExportedOrder, UnreadableOrder
from domain.shops.tables import Malformed

# An order, and its line of our import; an empty line where the order could not be read.
Read: TypeAlias = tuple[ExportedOrder | UnreadableOrder, bytes]


class Batch(NamedTuple):
    """Some orders, the number of bytes read of the files up to them, and the reason why the files could not be read
    further."""

    orders: list[Read]
    done: int
    broken: str = ""


def batches(orders: Iterator[ExportedOrder | UnreadableOrder], done: Callable[[], int]) -> Iterator[Batch]:
    """The orders in batches, up to the files' end or to the place where a file is broken; `done` returns the number of
    bytes read."""
    batch: list[Read] = []
    broken = ""
    try:
        for found in orders:
            if isinstance(found, ExportedOrder):
                # From here on only the line's bytes are needed, and they are less to send.
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
def read_ahead(there: Iterator[Batch]) -> Iterator[Iterator[Batch]]:
    """The batches, made by another process, which reads ahead of the caller.

    The caller enters it while no other thread runs: this process is forked, with the files that it has opened.
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
        pass  # the process that receives the batches has ended


def _received(receiving: Connection) -> Iterator[Batch]:
    """The batches that the other process sends. Raises EOFError where that process has ended before the files have."""
    while (batch := receiving.recv()) is not None:
        yield batch
