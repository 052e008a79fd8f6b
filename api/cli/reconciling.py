"""`run.py reconcile`: a provider's settlement file against the ledger's payments."""

import csv
import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.cli.exports import exporting
from api.cli.terminal import (
    NEEDS_A_PERSON,
    fail,
    open_ledger,
    open_views,
    out,
    progress,
    reading_the_log,
    settings,
    writing_the_log,
)
from domain.log.records import Provenance
from domain.reconciling import Given, Reconciling
from domain.refusals import Refusal
from domain.settlement.shipped import shipped
from projections.journal import Journal
from projections.reconciliations import shown as reconciliations
from projections.reconciliations.shown import Shown

RESULTS_SHOWN_MAX = 200


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--provider", required=True, help="Whose settlement it is, as the payments name it, like stripe.")
@click.option("--rules", help="A rules file, TOML, or the name of one that comes with the program, like adyen.")
@click.option("--again", is_flag=True, help="Look again, to the head of the log, where the file was taken in before.")
@click.option("--json", "form", flag_value="json", help="Print all of it as JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print the results as CSV.")
@click.option("--xlsx", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a workbook as well.")
def reconcile(  # noqa: PLR0917  (click hands over each option)
    file: Path, provider: str, rules: str | None, again: bool, form: str | None, xlsx: Path | None
) -> None:
    """Hold a provider's settlement FILE against the payments of the ledger, to the cent.

    CSV or XLSX in our own layout or one that the rules file describes, Stripe's and PayPal's reports, camt.053; see
    docs/settlement.md. The same file by the same rules again changes nothing. Exits 1 while something is open, 2 where
    the file is refused.

    \b
      run.py reconcile march.csv --provider stripe
      run.py reconcile march.csv --provider stripe --again --xlsx march.xlsx
    """
    chosen = settings()
    ledger = open_ledger(chosen)
    views = open_views(ledger, chosen)
    with reading_the_log(), progress("feeding the views") as say:
        views.ensure(say)
    reconciling, who = Reconciling(ledger, Journal(views)), Provenance("cli:reconcile")
    try:
        toml = None if rules is None else _rules_text(rules)
        with writing_the_log(), file.open("rb") as content:
            outcome = reconciling.start(content, file.name, provider, toml, who)
            if again:
                outcome = reconciling.run_again(outcome.reconciliation.uuid, Given(who))
    except Refusal as refusal:
        fail(refusal.detail)
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file if rules is None else rules} cannot be read: {error}")
    views.catch_up()
    one = reconciliations.show(ledger, reconciling, outcome.reconciliation)
    if xlsx is not None:
        _write_workbook(one, xlsx)
    _print_reconciliation(one, form)
    if one.state.open:
        sys.exit(NEEDS_A_PERSON)


def _rules_text(rules: str) -> str:
    """What a rules file says; or the name of one that comes with the program, as it is."""
    if rules in shipped() and not Path(rules).exists():
        return rules
    if not Path(rules).is_file():
        fail(f"{rules} is no file, and none of the rules that come with the program: {', '.join(shipped())}")
    return Path(rules).read_text("utf-8")


def _write_workbook(one: Shown, path: Path) -> None:
    from projections.exports.workbook import TooManyRows, write_workbook

    try:
        with exporting(path) as part:
            assert part is not None
            write_workbook(one, part)
    except TooManyRows as error:
        fail(f"{path}: {error}")


def _print_reconciliation(one: Shown, form: str | None) -> None:
    if form == "json":
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(reconciliations.document(one))) + b"\n")
    elif form == "csv":
        rows = csv.writer(sys.stdout)
        rows.writerow(reconciliations.TABLE_COLUMNS)
        for row in reconciliations.table(one, one.report.results):
            rows.writerow(map(reconciliations.plain_cell, row))
    else:
        console = out()
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


def _print_results(console: Console, one: Shown) -> None:
    """What is not plainly matched, the differences first."""
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


def _print_tie_out(console: Console, one: Shown) -> None:
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
