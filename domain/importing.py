"""Orders with their history, from JSON Lines: how a shop brings what it has.

Reads a bounded number of lines at a time, so that memory does not grow with the file, and records each such batch
with one commit. Each line stands for itself: taken whole, skipped because it is there, or rejected with its number
and reason; also where what is there is another order, or says something else (`recognising.py`).
"""

import hashlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final, TypeAlias
from uuid import UUID

import msgspec

from domain.import_batch import ImportBatch
from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.order.commands import ImportOrder
from domain.order.imported import Line
from domain.order.state import Order
from domain.refusals import LineTooLong, Refusal
from domain.strict_json import taken

LINE_BYTES_MAX: Final = 1024 * 1024
BATCH_LINES_MAX: Final = 100
# Of long histories some thousand events: while they are recorded nobody else can write, and a log that is elsewhere
# takes its lock back from a node that keeps it for seconds.
BATCH_BYTES_MAX: Final = 256 * 1024
_PROVENANCE: Final = Provenance("cli:import")
# An order that was recorded, the UUID of one that was there already, or why a line was not taken.
CameTo: TypeAlias = Order | UUID | Refusal


class Imported(msgspec.Struct):
    """How many lines came to what."""

    imported: int = 0
    events: int = 0
    skipped: int = 0
    rejected: int = 0


def import_lines(
    ledger: OrderLedger,
    file: BinaryIO,
    *,
    on_rejected: Callable[[int, str], None],
    on_bytes: Callable[[int], None] | None = None,
    provenance: Provenance = _PROVENANCE,
) -> Imported:
    """Records every line of the file that can be recorded; empty lines count for nothing.

    `on_rejected` is told the number and reason of each line that cannot; `on_bytes`, how far in the file this is.
    """
    result = Imported()
    for batch, done in batches(file):
        for number, came_to in take(ledger, batch, provenance):
            if isinstance(came_to, Order):
                result.imported += 1
                result.events += came_to.version
            elif isinstance(came_to, UUID):
                result.skipped += 1
            else:
                result.rejected += 1
                on_rejected(number, came_to.detail)
        if on_bytes:
            on_bytes(done)
    return result


def take(
    ledger: OrderLedger,
    batch: Sequence[tuple[int, bytes]],
    provenance: Provenance,
    *,
    trial: ImportBatch | None = None,
    meant: Callable[[int, ImportOrder], ImportOrder] = lambda _, order: order,
) -> list[tuple[int, CameTo]]:
    """What each line of a batch came to: its order, the UUID of that where it is there already, or why it was refused.

    With a trial of the ledger nothing is recorded, and it is what would be. `meant` says what the order of a line is
    to be taken for, or raises a Refusal.
    """
    came_to: dict[int, CameTo] = {}
    read: list[tuple[int, ImportOrder, bytes]] = []
    for number, line in batch:
        try:
            read.append((number, meant(number, _parse(line)), hashlib.sha256(line.strip()).digest()))
        except Refusal as refusal:
            came_to[number] = refusal
    # Before anything is decided: a file that comes again is mostly there.
    recognised = ledger.recognised([(order, fingerprint) for _, order, fingerprint in read])
    new: list[tuple[int, tuple[ImportOrder, Line | Refusal]]] = []
    for (number, order, fingerprint), there in zip(read, recognised, strict=True):
        if there:
            came_to[number] = there
        else:
            new.append((number, (order, ledger.import_line(order, fingerprint))))
    if new:
        lines = [of for _, of in new]
        outcomes = trial.add(lines) if trial else ledger.write(ledger.import_batch, lines, provenance).result()
        came_to |= zip((number for number, _ in new), outcomes, strict=True)
    return sorted(came_to.items())


def _parse(line: bytes) -> ImportOrder:
    if len(line) > LINE_BYTES_MAX:
        raise LineTooLong(f"A line has at most {LINE_BYTES_MAX} bytes.")
    return taken(line, ImportOrder)


def batches(
    file: BinaryIO, *, lines_max: int = BATCH_LINES_MAX, bytes_max: int = BATCH_BYTES_MAX
) -> Iterator[tuple[list[tuple[int, bytes]], int]]:
    """Numbered lines that are not empty, some at a time, and how many bytes were read up to their end."""
    batch: list[tuple[int, bytes]] = []
    done = size = number = 0
    while line := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        done += len(line)
        rest = line
        while len(rest) > LINE_BYTES_MAX and not rest.endswith(b"\n"):  # the rest of a line too long to take
            rest = file.readline(LINE_BYTES_MAX + 1)
            done += len(rest)
        if number == 1 and len(line) <= LINE_BYTES_MAX:
            line = line.removeprefix(BOM_UTF8)
        if len(line) > LINE_BYTES_MAX or line.strip():
            batch.append((number, line))
            size += len(line)
        if len(batch) >= lines_max or size >= bytes_max:
            yield batch, done
            batch, size = [], 0
    if batch:
        yield batch, done
