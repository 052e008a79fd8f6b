"""`run.py export`: writes the log for other programs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
from eventsourcing.persistence import MapperDeserialisationError

from api.cli.terminal import NEEDS_A_PERSON, fail, fed_views, open_to_export, progress, settings, tell
from domain.aggregate import BrokenHistory
from domain.counted import counted
from domain.order.personal import PARTS
from domain.privacy.accesses import Accesses
from projections import privacy
from projections.customers.orders_of import orders_of
from projections.exports import beancount, ocel
from projections.exports.events import RecordMissing, whole_file
from projections.exports.events import export_events as write_events
from projections.exports.lines import export_orders as write_orders
from projections.exports.person import export_person
from projections.history import HistoryReader


@click.group()
def export() -> None:
    """The log for other programs, up to its head at the start.

    Each record is checked by its digest; where one does not hold, no file is left and the exit status is 1.
    """


@export.command("events")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="[default: standard output]")
def export_events(form: str, output: Path | None) -> None:
    """Every event as the audit feed shows it. JSON Lines, or CSV with the event's data as JSON in one column.

    In CSV, a text that spreadsheets take for a formula has an apostrophe in front; JSON Lines is exact.
    """
    ledger = open_to_export(settings())
    head, reading = ledger.head(), HistoryReader(ledger)
    with writing(output) as file, progress("exporting") as say:
        write_events(ledger.log_of_events, reading, file, form=form, head=head, progress=say)


@export.command("orders")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="[default: standard output]")
def export_orders(output: Path | None) -> None:
    """Every order with its history, as `run.py import` takes it. JSON Lines, one order a line.

    Imported elsewhere, each order has the same id, key and UUID, and the same document at each version. An import takes
    histories of at most 1,000 entries and lines of at most 1 MiB. Orders with erased personal data are left out and
    counted; then the exit status is 1. The lines have personal data.
    """
    ledger = open_to_export(settings())
    head, reading = ledger.head(), HistoryReader(ledger, PARTS)
    with writing(output) as file, progress("exporting") as say:
        left_out = write_orders(ledger.log_of_events, reading, file, head=head, progress=say)
    if left_out:
        told = counted(left_out, "order was left out", "orders were left out")
        tell(f"{told}, of which personal data was erased")
        sys.exit(NEEDS_A_PERSON)


@export.command("ocel")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_ocel(file: Path) -> None:
    """An event log for process mining (OCEL 2.0, its SQLite form).

    Orders, items, payments and customers are its objects; amounts are whole numbers of minor units. Names, addresses,
    notes and other personal data are left out.
    """
    ledger = open_to_export(settings())
    head, reading = ledger.head(), HistoryReader(ledger)
    with exporting(file) as part, progress("exporting") as say:
        ocel.export_ocel(ledger.log_of_events, reading, part, head=head, progress=say)


@export.command("beancount")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="[default: standard output]")
def export_beancount(output: Path | None) -> None:
    """The books, for Beancount.

    They have receivables, income, and each provider's receipts, fees and payouts. An order is booked when it is placed,
    a payment or refund on its day; fees, adjustments and payouts are those of the reconciled settlement files. Names,
    addresses, notes and other personal data are left out.
    """
    chosen = settings()
    ledger = open_to_export(chosen)
    with writing(output) as file, progress("exporting") as say:
        erased = beancount.export_beancount(ledger, file, head=ledger.head(), zone=chosen.timezone, progress=say)
    if erased:
        fail(f"the books lack fees and payouts of files that were erased: {', '.join(erased)}", NEEDS_A_PERSON)


@export.command("customer")
@click.argument("customer", type=click.IntRange(0, 10**15 - 1))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_customer(customer: int, file: Path) -> None:
    """A customer's data, for the customer. FILE is a zip with a page for people.

    It has the order documents, every event in words, payments, erasures, and the ends of retention. It has personal
    data, so the export is recorded in LEDGER_ACCESSES.
    """
    chosen = settings()
    ledger = open_to_export(chosen)
    views = fed_views(ledger, chosen)
    orders = privacy.orders(ledger, orders_of(views)(customer))
    if not orders:
        fail("no order names such a customer", NEEDS_A_PERSON)
    with exporting(file) as part:
        part.write_bytes(export_person(ledger, views, customer, orders, chosen.keep))
        uuids = [str(order.uuid) for order in orders]
        Accesses(chosen.accesses).note(
            actor="cli:export", orders=uuids, parts=PARTS, request_id=None, now=ledger.clock()
        )


@contextmanager
def writing(output: Path | None) -> Iterator[BinaryIO]:
    """The opened file of `exporting`, or standard output where `output` names none."""
    if output is None:
        with _failures_told("standard output"):
            yield sys.stdout.buffer
    else:
        with exporting(output) as part, part.open("wb") as file:
            yield file


@contextmanager
def exporting(output: Path) -> Iterator[Path]:
    """The file to write for `output`. Ends the program with the reason where the export fails."""
    with _failures_told(output), whole_file(output) as part:
        yield part


@contextmanager
def _failures_told(output: Path | str) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        fail(f"{output} is there already; an export is written over nothing.")
    except BrokenPipeError:
        raise  # the reader of standard output has left; click ends quietly
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror or error}")
    except (MapperDeserialisationError, BrokenHistory, RecordMissing) as error:
        fail(f"{error}. `run.py verify` says more.", NEEDS_A_PERSON)
