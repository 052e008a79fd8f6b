"""`run.py import`: orders with their history, from JSON Lines."""

import gc
import os
import sys
from contextlib import nullcontext
from typing import BinaryIO

import click

from api.cli.terminal import (
    NEEDS_A_PERSON,
    err,
    open_ledger,
    open_views,
    progress,
    reading_the_log,
    settings,
    writing_the_log,
)
from domain.importing import import_lines

FEED_BESIDE_BYTES_MIN = 1024 * 1024


@click.command("import")
@click.argument("file", type=click.File("rb"))
def import_(file: BinaryIO) -> None:
    """Record orders with their history from FILE, JSON Lines; - reads standard input.

    One order a line: the body of POST /api/v1/orders, and optionally id, key, uuid, created_at and history. A line
    is recorded whole or not at all; a bad one is reported with its number, and the rest go on. Orders that are
    there already (by id, key or uuid) are skipped, so an interrupted import is simply run again; where what is there
    is another order, or says something else than the line, that is reported with both sides, and the exit status is 1.
    """
    from projections import feeder

    # What a batch makes is gone once it is recorded; looking for cycles in every 700 objects of it finds none.
    gc.set_threshold(50_000, 20, 20)
    chosen = settings()
    ledger = open_ledger(chosen, may_be_new=True)
    views = open_views(ledger, chosen)
    size = _size(file)
    # Worth a process of its own where there is much to come.
    feeding = feeder.beside(views, ledger) if size is None or size > FEED_BESIDE_BYTES_MIN else nullcontext()
    with feeding, writing_the_log(), progress("importing") as say:
        result = import_lines(
            ledger,
            file,
            on_rejected=lambda number, reason: err.print(f"line {number}: {reason}", markup=False, soft_wrap=True),
            on_bytes=(lambda done: say(done, size)) if size else None,
        )
    with reading_the_log(), progress("feeding the views") as say:
        views.ensure(say)
    print(
        f"{result.imported} imported with {result.events} events, {result.skipped} there already,"
        f" {result.rejected} rejected"
    )
    if result.rejected:
        sys.exit(NEEDS_A_PERSON)


def _size(file: BinaryIO) -> int | None:
    """Bytes to come, where that can be known."""
    try:
        return os.fstat(file.fileno()).st_size if file.seekable() else None
    except (OSError, ValueError):
        return None
