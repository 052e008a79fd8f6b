"""How does the log leave for other programs? Whole, up to one fixed position, every event as the audit feed shows it.

As JSON Lines, or as CSV with the event's data as JSON text in one column. Digests are checked on the way and no
position is skipped: an export is the whole log, or it fails. Memory does not grow with the log.

In CSV, text that a spreadsheet would take for a formula has an apostrophe in front (`csv_text.py`). JSON Lines is
exact.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from domain.log.log import Log
from domain.log.records import RawRecord
from projections import csv_text
from projections.history import HistoryReader

BATCH_EVENTS: Final = 2_000
_COLUMNS: Final = (
    "log",
    "position",
    "order",
    "order_id",
    "version",
    "type",
    "topic",
    "occurred_at",
    "recorded_at",
    "actor",
    "request_id",
    "idempotency_key",
    "summary",
    "data",
    "digest",
    "reconciliation",
)
Event = dict[str, Any]


class RecordMissing(Exception):
    """No record stands at a position before the head: the log is not whole."""

    def __init__(self, position: int) -> None:
        super().__init__(f"position {position}: no record stands at this position")
        self.position = position


def export_events(
    log: Log, reading: HistoryReader, file: BinaryIO, *, form: str, head: int, progress: Callable[[int, int], None]
) -> None:
    """Writes the events up to the position `head` in one of `FORMS`.

    Raises RecordMissing, and the errors of `HistoryReader.audit_event` for a record that is damaged or unknown.
    """
    beginning, encode = FORMS[form]
    file.write(beginning)
    for batch in _batches(log, head):
        file.write(encode([reading.audit_event(raw) for raw in batch]))
        progress(batch[-1].position, head)


def _batches(log: Log, head: int) -> Iterator[list[RawRecord]]:
    """The records up to the head, some at a time: one long statement would keep SQLite from truncating the log's WAL.
    Raises RecordMissing."""
    for after in range(0, head, BATCH_EVENTS):
        until = min(head, after + BATCH_EVENTS)
        batch = list(log.raw_records(after=after, until=until))
        for expected, raw in enumerate(batch, after + 1):
            if raw.position != expected:
                raise RecordMissing(expected)
        if len(batch) < until - after:
            raise RecordMissing(after + len(batch) + 1)
        yield batch


def histories(log: Log, head: int, progress: Callable[[int, int], None]) -> Iterator[list[RawRecord]]:
    """The records up to the head, history by history, ordered by UUID. Read in parts, so that no statement runs for
    long. Raises RecordMissing at the end, where records are missing."""
    ends = ["", *(f"{i:02x}" for i in range(1, 256)), "~"]
    exported = 0
    for low, high in pairwise(ends):
        for _, raws in groupby(log.raw_records_by_order(low, high), key=lambda raw: raw.originator_id):
            if known := [raw for raw in raws if raw.position <= head]:
                yield known
                exported += len(known)
                progress(exported, head)
    if exported < head:
        positions = (raw.position for raw in log.raw_records(until=head))
        raise RecordMissing(next((expected for expected, found in enumerate(positions, 1) if found != expected), head))


def _cell(column: str, value: Any) -> str:
    return bytes(value).decode() if column == "data" else csv_text.cell(value)


# For each form: the beginning of the file, and the encoding of events.
FORMS: Final[dict[str, tuple[bytes, Callable[[list[Event]], bytes]]]] = {
    "jsonl": (b"", msgspec.json.Encoder().encode_lines),
    "csv": (
        csv_text.lines([_COLUMNS]),
        lambda events: csv_text.lines([_cell(column, event.get(column)) for column in _COLUMNS] for event in events),
    ),
}


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file to write, which gets the name `path` when it is whole. An unfinished file is removed.

    Raises FileExistsError: an export overwrites nothing, least of all the ledger.
    """
    if path.exists():
        raise FileExistsError(path)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    part.touch(0o600, exist_ok=False)
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
