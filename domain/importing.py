"""Imports orders with their histories from JSON Lines, as a shop brings them from its old system.

Reads a bounded number of lines at a time, so that memory does not grow with the file, and records each batch with one
commit. Each line is an order by itself: taken whole, skipped because its order is in the ledger, or rejected with its
number and reason. A line that conflicts with the order in the ledger is rejected, too (`recognising.py`).
"""

import hashlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final, TypeAlias
from uuid import UUID

import msgspec

from domain.faults import joined
from domain.import_batch import ImportBatch
from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.order.commands import ImportOrder
from domain.order.imported import AcceptedLine
from domain.order.state import Order
from domain.refusals import InvalidField, LineTooLong, Refusal
from domain.strict_json import decode, decode_partial

LINE_BYTES_MAX: Final = 1024 * 1024
BATCH_LINES_MAX: Final = 100
# Some thousand events of long histories. Nobody else can write while a batch is recorded, and PostgreSQL takes the lock
# from a node that keeps it for seconds.
BATCH_BYTES_MAX: Final = 256 * 1024
_PROVENANCE: Final = Provenance("cli:import")
# A line's outcome: the order that it recorded, the UUID of the order that was there already, or its refusal.
LineOutcome: TypeAlias = Order | UUID | Refusal


class ImportCounts(msgspec.Struct):
    """The counts of an import: lines by their outcome, and recorded events."""

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
) -> ImportCounts:
    """Records every line of the file that can be recorded; empty lines do not count.

    `on_rejected` gets the number and reason of each rejected line; `on_bytes` gets the bytes read so far.
    """
    result = ImportCounts()
    for batch, done in batches(file):
        for number, outcome in record_lines(ledger, batch, provenance):
            if isinstance(outcome, Order):
                result.imported += 1
                result.events += outcome.version
            elif isinstance(outcome, UUID):
                result.skipped += 1
            else:
                result.rejected += 1
                on_rejected(number, outcome.detail)
        if on_bytes:
            on_bytes(done)
    return result


def record_lines(
    ledger: OrderLedger,
    batch: Sequence[tuple[int, bytes]],
    provenance: Provenance,
    *,
    trial: ImportBatch | None = None,
    prepare: Callable[[int, ImportOrder], ImportOrder] = lambda _, order: order,
) -> list[tuple[int, LineOutcome]]:
    """Records a batch of numbered lines; returns each line's number and outcome, in the order of numbers.

    With a `trial` nothing is recorded, and the outcomes are what recording would give. `prepare` gets a line's number
    and order; it returns the order to record, or raises a Refusal.
    """
    outcomes: dict[int, LineOutcome] = {}
    read: list[tuple[int, ImportOrder, bytes]] = []
    for number, line in batch:
        try:
            read.append((number, prepare(number, _parse(line)), hashlib.sha256(line.strip()).digest()))
        except InvalidField as refusal:
            outcomes[number] = _with_others(ledger, line, refusal)
        except Refusal as refusal:
            outcomes[number] = refusal
    # Looked up before any line is decided, since most lines of a repeated file are in the ledger.
    recognised = ledger.recognise([(order, fingerprint) for _, order, fingerprint in read])
    new: list[tuple[int, tuple[ImportOrder, AcceptedLine | Refusal]]] = []
    for (number, order, fingerprint), there in zip(read, recognised, strict=True):
        if there:
            outcomes[number] = there
        else:
            new.append((number, (order, ledger.import_line(order, fingerprint))))
    if new:
        lines = [of for _, of in new]
        recorded = trial.add(lines) if trial else ledger.write(ledger.import_batch, lines, provenance).result()
        outcomes |= zip((number for number, _ in new), recorded, strict=True)
    return sorted(outcomes.items())


def _parse(line: bytes) -> ImportOrder:
    if len(line) > LINE_BYTES_MAX:
        raise LineTooLong(f"A line has at most {LINE_BYTES_MAX} bytes.")
    return decode(line, ImportOrder)


def _with_others(ledger: OrderLedger, line: bytes, refusal: InvalidField) -> InvalidField:
    """The faults of a malformed line, with the refusals of its well-formed fields."""
    try:
        found = ledger.import_line(decode_partial(line, ImportOrder, refusal.faults))
    except InvalidField as other:
        found = other
    return joined(refusal, found) if isinstance(found, InvalidField) else refusal


def batches(
    file: BinaryIO, *, lines_max: int = BATCH_LINES_MAX, bytes_max: int = BATCH_BYTES_MAX
) -> Iterator[tuple[list[tuple[int, bytes]], int]]:
    """The file's lines that are not empty, with their numbers, batch by batch; with each batch, the bytes read so
    far."""
    batch: list[tuple[int, bytes]] = []
    done = size = number = 0
    while line := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        done += len(line)
        rest = line
        while len(rest) > LINE_BYTES_MAX and not rest.endswith(b"\n"):  # skips the rest of a line that is too long
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
