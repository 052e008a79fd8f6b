#!/usr/bin/env python3
"""The order ledger's one entry point: `run.py --help` shows what it can do."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

import click
from eventsourcing.persistence import MapperDeserialisationError, PersistenceError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from api import settings as settings_module
from api.settings import Settings, WrongSetting
from domain.ledger import OrderLedger
from domain.log.keys import SCOPES, Keys
from domain.log.sqlite import Busy
from domain.moments import utc_now
from projections.views.views import Views

if TYPE_CHECKING:
    from projections.proof.signing import Checkpoints
    from projections.reconciliations.table import Shown

# Exit statuses of the contract.
NEEDS_A_PERSON = 1
WRONG_USAGE = 2
PROBLEMS_SHOWN_MAX = 20
RESULTS_SHOWN_MAX = 200
FEED_BESIDE_BYTES_MIN = 1024 * 1024

err = Console(stderr=True, highlight=False)


def fail(message: str, status: int = WRONG_USAGE) -> NoReturn:
    err.print("error:", style="red", end=" ")
    err.print(message, soft_wrap=True, markup=False)
    sys.exit(status)


def settings() -> Settings:
    try:
        return settings_module.read(os.environ)
    except WrongSetting as error:
        fail(str(error))


def open_ledger(chosen: Settings) -> OrderLedger:
    try:
        chosen.ledger.parent.mkdir(parents=True, exist_ok=True)
        return OrderLedger(chosen.ledger, currency_default=chosen.currency)
    except (PersistenceError, Busy, OSError) as error:
        fail(f"LEDGER_URL: {chosen.ledger} cannot be opened: {error}")


def open_views(ledger: OrderLedger, chosen: Settings) -> Views:
    try:
        chosen.views.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"LEDGER_VIEWS: {chosen.views} cannot be made: {error}")
    return Views(ledger, chosen.views)


@contextmanager
def reading_the_log() -> Iterator[None]:
    """Where the log holds what this program cannot read, says what and where, in one line."""
    try:
        yield
    except MapperDeserialisationError as error:
        fail(f"the log cannot be read further: {error}", NEEDS_A_PERSON)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, a plain line now and then elsewhere, both on standard error."""
    if not err.is_terminal:
        said = [0.0]

        def say(done: int, total: int) -> None:
            share = done / total if total else 1.0
            if share >= said[0] + 0.1 or done == total:
                said[0] = share
                print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)

        yield say
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """An event-sourced order ledger: what every order looks like, looked like, and who changed it.

    Settings come from the environment:

    \b
      LEDGER_URL              where the ledger is       sqlite:///var/ledger.db
      LEDGER_VIEWS            where the views are       views.db beside the ledger
      LEDGER_CURRENCY         of orders that name none  USD
      LEDGER_TIMEZONE         whose days dates mean     UTC
      LEDGER_TRUSTED_PROXIES  whose forwarded headers are believed, like 127.0.0.1,10.0.0.0/8   none
      LEDGER_KEY              signs checkpoints         ledger.key beside the ledger
      LEDGER_CHECKPOINTS      where they are kept too   checkpoints.txt beside the ledger
      LEDGER_CHECKPOINT_SECONDS  how often, 0 never     3600

    The ledger is the truth: back it up. The views can be deleted at any time; they are made again.
    """


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=None, type=click.IntRange(1, 64), help="Processes.  [default: one a core]")
@click.option("--threads", default=4, show_default=True, type=click.IntRange(1, 64), help="Threads in each process.")
@click.option("--demo", is_flag=True, help="Load sample orders into an empty ledger; print URLs and keys to try.")
def serve(host: str, port: int, workers: int | None, threads: int, demo: bool) -> None:
    """Run the service until it is stopped (Ctrl-C, or SIGTERM: what is in flight is finished, within 5 seconds).

    \b
      run.py serve --demo                  with sample orders, to look around
      run.py serve --host 0.0.0.0 --port 80 --workers 4
    """
    from api.app import create_app
    from api.server import Server
    from projections import feeder
    from projections.proof.signing import Checkpoints

    chosen = settings()
    ledger = open_ledger(chosen)
    greeting = f"Serving {chosen.ledger} at http://{host}:{port} (Ctrl-C stops it)"
    if demo:
        from api.demo import load_demo

        greeting += load_demo(ledger, f"http://{host}:{port}")
    views = open_views(ledger, chosen)
    with reading_the_log(), progress("making the views") as say:
        views.ensure(say)
    # A connection must not live through the fork into the workers.
    views.close()
    ledger.log_of_events.close()

    def make_app():  # type: ignore[no-untyped-def]  # falcon's generic App says nothing to the reader here
        own = OrderLedger(chosen.ledger, currency_default=chosen.currency)
        own_views = Views(own, chosen.views)
        signing = Checkpoints(own, own_views, key=chosen.key, kept=chosen.checkpoints)
        feeder.start(own_views, signing, chosen.checkpoint_seconds)
        return create_app(own, own_views, chosen, threads=threads)

    Server(
        make_app,
        host=host,
        port=port,
        workers=workers or os.cpu_count() or 1,
        threads=threads,
        when_ready=lambda: print(greeting, flush=True),
    ).run()


@cli.group()
def token() -> None:
    """Access keys: make, list and revoke them.

    A key is shown once, when it is made; the ledger keeps only its hash.
    """


@token.command("create")
@click.option("--customer", type=click.IntRange(0, 10**15 - 1), help="The customer whose orders the key reads.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="What a staff key may do; can be repeated.",
)
@click.option("--name", help="What to call it; stands as the actor of what it writes.  [default: its first letters]")
def token_create(customer: int | None, scopes: tuple[str, ...], name: str | None) -> None:
    """Make a key and print it, alone, on standard output.

    \b
      run.py token create --customer 7
      run.py token create --scope orders:read --scope orders:write --name backoffice
    """
    ledger = open_ledger(settings())
    try:
        print(Keys(ledger.log_of_events).create(customer_id=customer, scopes=scopes, name=name, now=utc_now()))
    except ValueError as error:
        fail(str(error))


@token.command("list")
def token_list() -> None:
    """Show every key there is and was, by name and first letters."""
    keys = Keys(open_ledger(settings()).log_of_events).list()
    table = Table("name", "starts with", "for", "created", "revoked", box=None, pad_edge=False)
    for key in keys:
        carries = " ".join(key.scopes) if key.customer_id is None else f"customer {key.customer_id}"
        table.add_row(key.name, key.prefix, carries, key.created_at[:19] + "Z", (key.revoked_at or "")[:19])
    Console(highlight=False, width=None if sys.stdout.isatty() else 160).print(table)


@token.command("revoke")
@click.argument("name_or_prefix")
def token_revoke(name_or_prefix: str) -> None:
    """Revoke the key with this name or these first letters; that holds from the next request on."""
    ledger = open_ledger(settings())
    try:
        name = Keys(ledger.log_of_events).revoke(name_or_prefix, now=utc_now())
    except ValueError as error:
        fail(str(error))
    err.print(f"revoked {name}")


@cli.command("import")
@click.argument("file", type=click.File("rb"))
def import_(file: BinaryIO) -> None:
    """Record orders with their history from FILE, JSON Lines; - reads standard input.

    One order a line: the body of POST /api/v1/orders, and optionally id, key, uuid, created_at and history. A line
    is recorded whole or not at all; a bad one is reported with its number, and the rest go on. Orders that are
    there already (by id, key or uuid) are skipped, so an interrupted import is simply run again.
    """
    from domain.importing import import_lines
    from projections import feeder

    # What a batch makes is gone once it is recorded; looking for cycles in every 700 objects of it finds none.
    gc.set_threshold(50_000, 20, 20)
    chosen = settings()
    ledger = open_ledger(chosen)
    views = open_views(ledger, chosen)
    size = _size(file)
    # Worth a process of its own where there is much to come.
    feeding = feeder.beside(views, ledger) if size is None or size > FEED_BESIDE_BYTES_MIN else nullcontext()
    with feeding, progress("importing") as say:
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


@cli.command()
def rebuild() -> None:
    """Make the views anew from the log, also while the service is serving: it changes over when they are whole."""
    chosen = settings()
    ledger = open_ledger(chosen)
    with reading_the_log(), progress("rebuilding") as say:
        position = open_views(ledger, chosen).rebuild(say)
    print(f"the views stand at position {position}")


@cli.group()
def key() -> None:
    """The key that signs the log's checkpoints."""


@key.command("create")
def key_create() -> None:
    """Make the signing key (LEDGER_KEY) and print its public half.

    Keep the public half where auditors find it: it proves what the ledger signed. Keep the private half out of backups
    that others read. A key that is there is never written over.
    """
    from projections.proof.signing import create_key

    chosen = settings()
    try:
        print(create_key(chosen.key))
    except FileExistsError:
        fail(f"{chosen.key} is there already; a signing key is never written over. `run.py key show` prints it.")


@key.command("show")
def key_show() -> None:
    """Print the public half of the signing key."""
    from projections.proof.signing import NoSigningKey

    try:
        print(_checkpoints(settings()).public())
    except NoSigningKey as error:
        fail(str(error))


def _checkpoints(chosen: Settings) -> "Checkpoints":
    from projections.proof.signing import Checkpoints

    ledger = open_ledger(chosen)
    return Checkpoints(ledger, open_views(ledger, chosen), key=chosen.key, kept=chosen.checkpoints)


@cli.command()
def checkpoint() -> None:
    """Sign the head of the log, print it, and keep it in the ledger and in LEDGER_CHECKPOINTS.

    Hand copies to people who do not trust each other: whoever has one can tell when the log is cut or rewritten.
    """
    from projections.proof.signing import LogAltered, NoSigningKey

    chosen = settings()
    ledger = open_ledger(chosen)
    with reading_the_log(), progress("feeding the views") as say:
        open_views(ledger, chosen).ensure(say)
    try:
        sys.stdout.buffer.write(_checkpoints(chosen).current())
    except NoSigningKey as error:
        fail(str(error))
    except LogAltered as error:
        fail(f"the log is not signed any more: {error} `run.py verify` says where.", NEEDS_A_PERSON)


@cli.command()
@click.option(
    "--checkpoint",
    "handed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint, or several, that somebody kept.",
)
@click.option("--key", "key_text", help="The public key to check signatures by.  [default: the ledger's own]")
def verify(handed: Path | None, key_text: str | None) -> None:
    """Read every stored byte again and say whether the log is what was recorded.

    Each record against its digest, the order of versions, the tree against every checkpoint that was kept (in the
    ledger, in LEDGER_CHECKPOINTS and in the file that is handed over), their signatures, and each order, folded anew,
    against the views. Names the first bad position, its order and the reason, and exits 1.
    """
    from domain.proof.checkpoint import CheckpointMalformed, VerifierKey, split
    from projections.proof.signing import NoSigningKey
    from projections.proof.verification import Checked
    from projections.proof.verification import verify as verify_log

    chosen = settings()
    if not chosen.ledger.exists():
        fail(f"LEDGER_URL: there is no ledger at {chosen.ledger}")
    ledger = open_ledger(chosen)
    try:
        public = VerifierKey.parse(key_text) if key_text else _checkpoints(chosen).public()
    except CheckpointMalformed as error:
        fail(f"--key: {error}")
    except NoSigningKey:
        public = None
    views = open_views(ledger, chosen)
    sources = [Checked("kept in the ledger", ledger.log_of_events.checkpoints())]
    for source, path in ((f"kept in {chosen.checkpoints}", chosen.checkpoints), (f"in {handed}", handed)):
        if path is not None and path.exists():
            sources.append(Checked(source, list(split(path.read_bytes()))))
    with progress("verifying") as say:
        found = verify_log(chosen.ledger, views.in_force(), checkpoints=sources, key=public, progress=say)
    print(f"{found.events} events of {found.orders} orders read, {found.checkpoints} checkpoints held against them")
    if views.in_force() is None:
        print("there are no views of this version of the program to compare with")
    if found.unsigned:
        print("no signing key is known, so the checkpoints' signatures were not checked (--key names one)")
    if not found.problems:
        print("everything holds")
        return
    first = found.problems[0]
    print(f"position {first.position}, order {first.order or 'unknown'}: {first.reason}")
    for problem in found.problems[1:PROBLEMS_SHOWN_MAX]:
        print(f"also position {problem.position}, order {problem.order or 'unknown'}: {problem.reason}")
    if len(found.problems) > PROBLEMS_SHOWN_MAX:
        print(f"and {len(found.problems) - PROBLEMS_SHOWN_MAX} more")
    sys.exit(NEEDS_A_PERSON)


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--provider", required=True, help="Whose settlement it is, as the payments name it, like stripe.")
@click.option("--rules", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A rules file, TOML.")
@click.option("--again", is_flag=True, help="Look again, to the head of the log, where the file was taken in before.")
@click.option("--json", "form", flag_value="json", help="Print all of it as JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print the results as CSV.")
@click.option("--xlsx", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a workbook as well.")
def reconcile(  # noqa: PLR0917  (click hands over each option)
    file: Path, provider: str, rules: Path | None, again: bool, form: str | None, xlsx: Path | None
) -> None:
    """Hold a provider's settlement FILE against the payments of the ledger, to the cent.

    CSV or XLSX in our own layout or one that the rules file describes, Stripe's and PayPal's reports, camt.053; see
    docs/settlement.md. The same file by the same rules again changes nothing. Exits 1 while something is open, 2 where
    the file is refused.

    \b
      run.py reconcile march.csv --provider stripe
      run.py reconcile march.csv --provider stripe --again --xlsx march.xlsx
    """
    from domain.log.records import Provenance
    from domain.reconciling import Given, Reconciling
    from domain.refusals import Refusal
    from projections.reconciliations import table as reconciliations

    chosen = settings()
    ledger = open_ledger(chosen)
    views = open_views(ledger, chosen)
    with reading_the_log(), progress("feeding the views") as say:
        views.ensure(say)
    reconciling, who = Reconciling(ledger, reconciliations.Journal(views)), Provenance("cli:reconcile")
    try:
        toml = None if rules is None else rules.read_text("utf-8")
        with file.open("rb") as content:
            outcome = reconciling.start(content, file.name, provider, toml, who)
        if again:
            outcome = reconciling.run_again(outcome.reconciliation.uuid, Given(who))
    except Refusal as refusal:
        fail(refusal.detail)
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file if rules is None else rules} cannot be read: {error}")
    views.catch_up()
    one = reconciliations.shown(ledger, reconciling, outcome.reconciliation)
    if xlsx is not None:
        _write_workbook(one, xlsx)
    _print_reconciliation(one, form)
    if one.state.open:
        sys.exit(NEEDS_A_PERSON)


def _write_workbook(one: "Shown", path: Path) -> None:
    from projections.exports.workbook import TooManyRows, write_workbook

    try:
        with _exporting(path) as part:
            assert part is not None
            write_workbook(one, part)
    except TooManyRows as error:
        fail(f"{path}: {error}")


def _print_reconciliation(one: "Shown", form: str | None) -> None:
    import csv

    import msgspec

    from projections.reconciliations import table as reconciliations

    if form == "json":
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(reconciliations.document(one))) + b"\n")
    elif form == "csv":
        rows = csv.writer(sys.stdout)
        rows.writerow(reconciliations.TABLE_COLUMNS)
        for row in reconciliations.table(one, one.report.results):
            rows.writerow(map(reconciliations.plain_cell, row))
    else:
        console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
        _print_results(console, one)
        _print_tie_out(console, one)
        state = one.state
        found = ", ".join(f"{count} {_words(of)}" for of, count in state.outcomes.items()) or "nothing to match"
        told = f"{one.report.lines} lines of {state.file}, {one.report.entries} payments and refunds: {found}"
        console.print(told, markup=False)
        status = "closed" if state.is_closed else f"{state.open} open"
        console.print(f"reconciliation {state.uuid}: {status}", style="bold red" if state.open else "bold green")


def _words(name: str) -> str:
    return name.replace("_", " ")


_SHOWN_STYLES = {"open": "red", "confirmed": "green", "explained": "yellow", "broken": "red", "in_transit": "cyan"}


def _print_results(console: Console, one: "Shown") -> None:
    """What is not plainly matched, the differences first."""
    from rich.text import Text

    from projections.reconciliations import table as reconciliations

    wanted = [result for result in one.report.results if reconciliations.standing(one, result) != "matched"]
    table = Table("", "what", "row", "reference", "settled", "order", "booked", "", box=None, pad_edge=False)
    for result in wanted[:RESULTS_SHOWN_MAX]:
        stands = reconciliations.standing(one, result)
        lines, entries = result.lines, result.entries
        references = [line.reference for line in lines] or [entry.reference for entry in entries]
        decision = one.decisions.get(result.id)
        cells = (
            _words(stands),
            _words(result.outcome),
            " ".join(str(line.row) for line in lines),
            " ".join(references),
            " ".join(f"{line.gross} {line.currency}" for line in lines),
            " ".join(str(entry.order_id) for entry in entries),
            " ".join(f"{entry.amount} {entry.currency}" for entry in entries),
            (decision and decision.reason) or reconciliations.differing(result),
        )
        # As text of its own: what stands in a file is not rich's markup.
        table.add_row(*(Text(cell) for cell in cells), style=_SHOWN_STYLES.get(stands, ""))
    if wanted:
        console.print(table)
    if len(wanted) > RESULTS_SHOWN_MAX:
        console.print(f"and {len(wanted) - RESULTS_SHOWN_MAX} more; --csv, --json and --xlsx have all of them")


def _print_tie_out(console: Console, one: "Shown") -> None:
    from rich.text import Text

    for statement in one.report.tie_out:
        table = Table("", "lines", "gross", "fee", "net", title=f"{statement.currency}", box=None, pad_edge=False)
        table.title_justify = "left"
        for column in table.columns[1:]:
            column.justify = "right"
        for row in statement.rows:
            unexplained = row.item.startswith("unexplained")
            cells = (row.item, str(row.count or ""), row.gross, row.fee, row.net)
            table.add_row(*(Text(cell) for cell in cells), style="red" if unexplained else "")
        console.print(table)


@cli.group()
def export() -> None:
    """The log for other programs, whole, as it stands when the export begins.

    Every record is held against its digest on the way; where one does not hold, nothing is left of the file, and the
    exit status is 1.
    """


@export.command("events")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="[default: standard output]")
def export_events(form: str, output: Path | None) -> None:
    """Every event as the audit feed shows it: JSON Lines, or CSV with the event's data as JSON text in one column.

    In CSV, text that a spreadsheet would take for a formula has an apostrophe in front; JSON Lines is exact.
    """
    from projections.exports import events as exporting
    from projections.history import Reading

    ledger = open_ledger(settings())
    head, reading = ledger.head(), Reading(ledger)
    with _exporting(output) as part, progress("exporting") as say, _opened(part) as file:
        exporting.export_events(ledger.log_of_events, reading, file, form=form, head=head, progress=say)


@contextmanager
def _opened(part: Path | None) -> Iterator[BinaryIO]:
    if part is None:
        yield sys.stdout.buffer
    else:
        with part.open("wb") as file:
            yield file


@export.command("ocel")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_ocel(file: Path) -> None:
    """An object-centric event log (OCEL 2.0, its SQLite form), for process-mining tools.

    Orders, items, payments and customers are its objects; amounts are whole numbers of minor units. Names, addresses,
    notes and other personal data are left out.
    """
    from projections.exports import ocel
    from projections.history import Reading

    ledger = open_ledger(settings())
    head, reading = ledger.head(), Reading(ledger)
    with _exporting(file) as part, progress("exporting") as say:
        assert part is not None
        ocel.export_ocel(ledger.log_of_events, reading, part, head=head, progress=say)


@export.command("beancount")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="[default: standard output]")
def export_beancount(output: Path | None) -> None:
    """The books, for Beancount: what is receivable, income, and what each provider took in, kept and paid out.

    An order is booked when it is placed, a payment or refund on the day it was received or refunded; fees, adjustments
    and payouts as the settlement files have them that were reconciled. Names, addresses, notes and other personal data
    are left out.
    """
    from projections.exports import beancount
    from projections.history import Reading

    chosen = settings()
    ledger = open_ledger(chosen)
    head, reading = ledger.head(), Reading(ledger)
    with _exporting(output) as part, progress("exporting") as say, _opened(part) as file:
        beancount.export_beancount(ledger.log_of_events, reading, file, head=head, zone=chosen.timezone, progress=say)


@contextmanager
def _exporting(output: Path | None) -> Iterator[Path | None]:
    """The file to write for `output`, if any; what cannot be exported ends the program with the reason."""
    from domain.ledger import DamagedEvent, UnknownTopic
    from domain.order.state import BrokenHistory
    from projections.exports.events import RecordMissing, whole_file

    try:
        with whole_file(output) if output else nullcontext() as part:
            yield part
    except FileExistsError:
        fail(f"{output} is there already; an export is written over nothing.")
    except BrokenPipeError:
        raise  # whoever reads has enough, and click ends quietly
    except OSError as error:
        fail(f"{output or 'standard output'} cannot be written: {error.strerror or error}")
    except (DamagedEvent, UnknownTopic, BrokenHistory, RecordMissing) as error:
        fail(f"{error}. `run.py verify` says more.", NEEDS_A_PERSON)


if __name__ == "__main__":
    cli()
