"""`run.py import --from KIND`: orders from the exports of shop systems, each compared with its source."""

import gc
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from io import SEEK_END
from itertools import chain, islice
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO, Final, TypeAlias, cast

import click
from rich.text import Text

from api.cli.terminal import NEEDS_A_PERSON, fail, feed, new_table, open_ledger, open_views, out, progress, settings
from domain.counted import counted
from domain.log.records import Provenance
from domain.money import Unit, decimal_text, minor_units
from domain.shops import mapped_csv, shopify_csv, shopify_json, woocommerce
from domain.shops.batches import batches, read_ahead
from domain.shops.bringing import Difference, TieOut, import_orders
from domain.shops.found import Amounts, ExportedOrder, UnreadableOrder
from domain.shops.mapping import NoMapping, mapping_from
from domain.shops.tables import Malformed, Source
from projections import feeder

Reader: TypeAlias = Callable[[Sequence[Source], str, Callable[[int], None]], Iterator[ExportedOrder | UnreadableOrder]]
READERS: Final[dict[str, Reader]] = {
    "shopify-csv": shopify_csv.read,
    "shopify-json": shopify_json.read,
    "woocommerce": woocommerce.read,
}
KINDS: Final = (*READERS, "csv")
BESIDE_BYTES_MIN: Final = 1024 * 1024
PREVIEW_ORDERS: Final = 5
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
EXAMPLE_CHARS_MAX: Final = 60


def import_from(kind: str, files: Sequence[str], *, mapping: str | None, prefix: str, is_dry: bool) -> None:
    """Imports the files of a shop system and prints the tie-out. Ends the program with 1 where an order differs."""
    # As in the import of JSON Lines: a batch's objects have no cycles.
    gc.set_threshold(50_000, 20, 20)
    reader = READERS.get(kind) or _mapped(mapping)
    chosen = settings()
    with ExitStack() as opened:
        sources = [Source(Path(name).name, opened.enter_context(_opened(name))) for name in files]
        size = sum(source.stream.seek(0, SEEK_END) for source in sources)
        done = 0

        def count(more: int) -> None:
            nonlocal done
            done += more

        try:
            orders = reader(sources, prefix, count)
            first = list(islice(orders, PREVIEW_ORDERS))
        except Malformed as error:
            fail(str(error))
        _print_preview(first)
        ledger = open_ledger(chosen, may_be_new=True)
        views = open_views(ledger, chosen)
        there = batches(chain(first, orders), lambda: done)
        is_much = size > BESIDE_BYTES_MIN
        # Processes of their own read the files and feed the views where the import is large.
        feeding = feeder.feeding_apart(views, ledger) if is_much and not is_dry else nullcontext()
        reading = read_ahead(there) if is_much else nullcontext(there)
        with feeding, reading as read, progress("trying" if is_dry else "importing") as say:
            tie_out = import_orders(
                ledger,
                read,
                is_dry=is_dry,
                provenance=Provenance(f"cli:import {kind}"),
                on_bytes=lambda done: say(done, size),
            )
    if not is_dry:
        feed(views)
    _print_tie_out(tie_out, is_dry=is_dry)
    if tie_out.broken:
        fail(f"{tie_out.broken}\nThis is the tie-out of what stands before it; mend the file and run it again.")
    if tie_out.differences:
        sys.exit(NEEDS_A_PERSON)


def _mapped(name: str | None) -> Reader:
    if name is None:
        raise click.UsageError("--from csv needs a --mapping: a TOML file, or one that comes with the program.")
    try:
        mapping = mapping_from(name)
    except NoMapping as error:
        fail(str(error))
    return lambda sources, prefix, count: mapped_csv.read(sources, mapping, prefix, count)


def _opened(name: str) -> BinaryIO:
    """A file that can be read twice: standard input is copied into a temporary file."""
    if name != "-":
        try:
            return Path(name).open("rb")
        except OSError as error:
            fail(f"{name} cannot be read: {error.strerror}")
    kept = cast(BinaryIO, TemporaryFile())  # noqa: SIM115  (its caller closes it)
    copyfileobj(sys.stdin.buffer, kept)
    return kept


def _print_preview(first: Sequence[ExportedOrder | UnreadableOrder]) -> None:
    table = new_table(
        *("order", "created", "status there", "here", "customer", "items", "discount", "shipping", "charges"),
        *("total", "paid", "refunded"),
        title="the first orders, as they are mapped",
    )
    for found in first:
        if isinstance(found, ExportedOrder):
            table.add_row(*(Text(_on_one_line(cell)) for cell in _previewed(found)))
        else:
            table.add_row(Text(_on_one_line(found.number or found.place)), Text("cannot be read: see below"))
    if first:
        out().print(table)


def _previewed(found: ExportedOrder) -> tuple[str, ...]:
    line = found.line
    customer = line.get("customer", {})
    charges = (
        f"{charge['kind']} {charge['amount']}{' in prices' if charge.get('included') else ''}"
        for charge in line.get("charges", ())
    )
    discounts = [item["discount_amount"] for item in line.get("items", ()) if "discount_amount" in item]
    discounts += [line["voucher"]["discount_amount"]] if "voucher" in line else []
    statuses = [entry["status"] for entry in line.get("history", ()) if entry["type"] == "status"]
    return (
        line.get("key", found.number),
        line["created_at"],
        found.status,
        statuses[-1] if statuses else "new",
        str(customer.get("id") or customer.get("email") or "-"),
        str(len(line.get("items", ()))),
        decimal_text(sum(map(minor_units, discounts)), found.unit.digits) if discounts else "-",
        line.get("shipping_cost", "-"),
        ", ".join(charges) or "-",
        *(_amount(amount, found.unit) for amount in found.stated),
    )


def _amount(minor: int | None, unit: Unit | None) -> str:
    return "-" if minor is None or unit is None else f"{decimal_text(minor, unit.digits)} {unit.currency}"


def _print_tie_out(tie_out: TieOut, *, is_dry: bool) -> None:
    _print_remarks(tie_out)
    _print_differences(tie_out.differences)
    table = new_table(
        "", "orders", "total there", "here", "paid there", "here", "refunded there", "here", title="tie-out"
    )
    for unit, sums in tie_out.sums.items():
        pairs = (*sums.total, *sums.paid, *sums.refunded)
        cells = (unit.currency, str(sums.orders), *(decimal_text(minor, unit.digits) for minor in pairs))
        table.add_row(*cells, style="" if all(a == b for a, b in zip(pairs[::2], pairs[1::2], strict=True)) else "red")
    out().print(table)
    counts = tie_out.counts
    verb = "would be imported" if is_dry else "imported"
    print(
        f"{counts['imported']} {verb} with {counted(tie_out.events, 'event')}, {counts['there']} there already,"
        f" {counts['rejected']} rejected, {len(tie_out.differences)} different"
    )


def _print_remarks(tie_out: TieOut) -> None:
    remarks = tie_out.remarks
    if remarks.counts:
        print("what the ledger has no place for, or was taken to mean something, with the number of orders:")
    for kind, count in remarks.counts.most_common():
        number, own = remarks.first[kind]
        short = own if len(own) <= EXAMPLE_CHARS_MAX else own[:EXAMPLE_CHARS_MAX] + "…"
        print(_on_one_line(f"{count:8}  {kind} (first: {number}{': ' if short else ''}{short})"))


def _print_differences(differences: Sequence[Difference]) -> None:
    """Prints a line for each order, unwrapped, so that programs can read it."""
    if differences:
        print("what differs, what its source says against what the ledger says:")
    for each in differences:
        print(_on_one_line(f"{each.number or '-'} ({each.place}): {'; '.join(_compared(each))}"))


def _on_one_line(text: str) -> str:
    """The text without control characters, which could begin a line or command a terminal."""
    return _CONTROLS.sub(" ", text)


def _compared(each: Difference) -> Iterator[str]:
    for i, name in enumerate(Amounts._fields):
        there, here = each.stated[i], None if each.ours is None else each.ours[i]
        if there != here:
            yield f"{name} {_amount(there, each.unit)} there, {_amount(here, each.unit)} here"
    if each.ours is None:
        yield "not in the ledger"
    if each.why:
        yield each.why
