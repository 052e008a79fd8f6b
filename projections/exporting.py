"""How does the log leave for other programs? Whole, up to one fixed position, every event as the audit feed shows it.

As JSON Lines, or as CSV with the event's data as JSON text in one column. Digests are checked on the way and no
position is passed over: an export is the log, or it fails. Memory does not grow with the log.

CSV is for spreadsheets, and those run a cell that begins like a formula; an idempotency key, which a client chooses,
can begin like one. So text that begins with one of =, +, -, @, tab or carriage return gets an apostrophe in front in
CSV. JSON Lines is exact.
"""

import csv
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from domain.recorder import RawRecord, SQLiteRecorder
from projections.history import Reading

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
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Event = dict[str, Any]


class RecordMissing(Exception):
    """No record stands at a position before the head: the log is not whole."""

    def __init__(self, position: int) -> None:
        super().__init__(f"position {position}: no record stands at this position")
        self.position = position


def export_events(
    log: SQLiteRecorder,
    reading: Reading,
    file: BinaryIO,
    *,
    form: str,
    head: int,
    progress: Callable[[int, int], None],
) -> None:
    """Writes the events to the position `head` in one of `FORMS`.

    Raises RecordMissing, or what `Reading.entry` raises of a record that it cannot trust.
    """
    beginning, encode = FORMS[form]
    file.write(beginning)
    for batch in _batches(log, head):
        file.write(encode([reading.tell(raw) for raw in batch]))
        progress(batch[-1].position, head)


def _batches(log: SQLiteRecorder, head: int) -> Iterator[list[RawRecord]]:
    """The records to the head, some at a time: one long statement would keep SQLite from tidying the log's WAL."""
    for after in range(0, head, BATCH_EVENTS):
        until = min(head, after + BATCH_EVENTS)
        batch = list(log.raw_records(after=after, until=until))
        for expected, raw in enumerate(batch, after + 1):
            if raw.position != expected:
                raise RecordMissing(expected)
        if len(batch) < until - after:
            raise RecordMissing(after + len(batch) + 1)
        yield batch


def _csv(rows: Iterable[Iterable[str | int | None]]) -> bytes:
    written = StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def _cell(column: str, value: Any) -> str | int | None:
    if column == "data":
        return bytes(value).decode()
    if isinstance(value, datetime):
        return str(msgspec.to_builtins(value))
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value  # type: ignore[no-any-return]  # what is left is text, a number or null


# What a file begins with, and how events are written.
FORMS: Final[dict[str, tuple[bytes, Callable[[list[Event]], bytes]]]] = {
    "jsonl": (b"", msgspec.json.Encoder().encode_lines),
    "csv": (
        _csv([_COLUMNS]),
        lambda events: _csv([_cell(column, event.get(column)) for column in _COLUMNS] for event in events),
    ),
}


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file to write that gets the name `path` when it is whole; nothing is left of one that is not.

    Raises FileExistsError: an export is written over nothing, least of all over the ledger.
    """
    if path.exists():
        raise FileExistsError(path)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    part.touch(exist_ok=False)
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
