"""`run.py import`: orders with their histories, from JSON Lines or from the exports of shop systems."""

import gc
import os
import sys
from contextlib import nullcontext
from typing import BinaryIO, cast

import click

from api.cli import shops
from api.cli.terminal import NEEDS_A_PERSON, fail, feed, open_ledger, open_views, progress, settings, tell
from domain.counted import counted
from domain.importing import import_lines
from projections import feeder

FEED_BESIDE_BYTES_MIN = 1024 * 1024


@click.command("import")
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@click.option("--from", "kind", type=click.Choice(shops.KINDS), help="The shop system of the export.")
@click.option("--dry-run", "is_dry", is_flag=True, help="With --from: show all of it and record nothing.")
@click.option("--mapping", help="With --from csv: a TOML file that says what its columns are, or one of ours: amazon,"
              " etsy-items, etsy-orders, square-items, square-transactions.")  # fmt: skip
@click.option("--prefix", default="", help="With --from: tells a second shop apart, whose numbers are alike.")
def import_(files: tuple[str, ...], kind: str | None, is_dry: bool, mapping: str | None, prefix: str) -> None:
    """Record orders with their history. FILE is JSON Lines; - reads standard input.

    A line has one order: the body of POST /api/v1/orders, and optionally id, key, uuid, created_at and history. A line
    is recorded whole or not at all; a wrong line is reported with its number, and the others go on. An order that is
    recorded already (by id, key, uuid or external_ids) is skipped, so run an interrupted import again. A line that
    differs from the recorded order is reported with both sides, and the exit status is 1.

    With --from, FILE is the export of a shop system. Each order is compared with its source: total, paid and refunded.
    docs/importing.md tells how fields are mapped. Exits 1 where an order differs or was rejected.

    \b
      run.py import orders.jsonl
      run.py import --from shopify-csv --dry-run orders_export_1.csv orders_export_2.csv
      run.py import --from woocommerce orders.json refunds.json
    """
    if kind is not None:
        shops.import_from(kind, files, mapping=mapping, prefix=prefix, is_dry=is_dry)
        return
    if is_dry or mapping or prefix or len(files) > 1:
        raise click.UsageError("JSON Lines come as one FILE; --dry-run, --mapping and --prefix go with --from.")
    try:
        with click.open_file(files[0], "rb") as file:
            _import_lines(cast(BinaryIO, file))
    except OSError as error:
        fail(f"{files[0]} cannot be read: {error.strerror}")


def _import_lines(file: BinaryIO) -> None:

    # A batch's objects are freed when it is recorded and have no cycles, so the collector need not look so often.
    gc.set_threshold(50_000, 20, 20)
    chosen = settings()
    ledger = open_ledger(chosen, may_be_new=True)
    views = open_views(ledger, chosen)
    size = _size(file)
    # A process of its own feeds the views where the import is large.
    feeding = feeder.feeding_apart(views, ledger) if size is None or size > FEED_BESIDE_BYTES_MIN else nullcontext()
    with feeding, progress("importing") as say:
        result = import_lines(
            ledger,
            file,
            on_rejected=lambda number, reason: tell(f"line {number}: {reason}"),
            on_bytes=(lambda done: say(done, size)) if size else None,
        )
    feed(views)
    print(
        f"{result.imported} imported with {counted(result.events, 'event')}, {result.skipped} there already,"
        f" {result.rejected} rejected"
    )
    if result.rejected:
        sys.exit(NEEDS_A_PERSON)


def _size(file: BinaryIO) -> int | None:
    """The size of a file in bytes; None for a pipe."""
    try:
        return os.fstat(file.fileno()).st_size if file.seekable() else None
    except (OSError, ValueError):
        return None
