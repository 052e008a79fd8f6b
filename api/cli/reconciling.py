"""`run.py reconcile`: compares a provider's settlement file with the ledger's payments."""

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple
from uuid import UUID

import click
import msgspec
from eventsourcing.persistence import OperationalError
from rich.console import Console
from rich.text import Text

from api.cli.exports import exporting, writing
from api.cli.terminal import NEEDS_A_PERSON, fail, fed_views, new_table, open_ledger, open_views, out, settings
from api.decisions import decisions_in
from domain.counted import counted
from domain.currencies import digits_of
from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.money import Unit, readable
from domain.reconciled import KEPT
from domain.reconciliation.deciding import Wanted
from domain.reconciliation.report import Result
from domain.reconciliation.rules import DEFAULT
from domain.reconciling import Reconciling, WriteConditions
from domain.refusals import InvalidField
from domain.settlement.formats.mapping import Mapping
from domain.settlement.guessing import guess
from domain.settlement.lines import KINDS, Line, Misfit, SettlementRefused
from domain.settlement.reading import read, unsupported_format
from domain.settlement.shipped import recognise, shipped
from projections.exports.workbook import TooManyRows, write_workbook
from projections.journal import Journal
from projections.proof.evidence import NoEarlierHead, evidence_of_reconciliation
from projections.proof.signing import Checkpoints, LogAltered
from projections.reconciliations import shown as reconciliations
from projections.reconciliations.shown import ShownReconciliation
from projections.views.views import Views

RESULTS_SHOWN_MAX = 200


class _Reconcile(click.Group):
    """A group of commands whose first argument may be a file instead of a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["file", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Reconcile, subcommand_metavar="FILE --provider NAME [OPTIONS] | COMMAND [ARGS]...")
def reconcile() -> None:
    """Compare a provider's settlement FILE with the payments.

    FILE is CSV or XLSX in the ledger's own layout or one that a rules file describes, a report of Stripe, PayPal,
    Adyen, Amazon and others, or a bank's statement: docs/settlement-files.md lists them. The same file by the same
    rules changes nothing a second time. Exits 1 while results are open, 2 where the file is refused.

    \b
      run.py reconcile march.csv --provider stripe
      run.py reconcile march.csv --provider stripe --again --xlsx march.xlsx
      run.py reconcile rules bank.csv --provider bank > rules.toml
      run.py reconcile bank.csv --provider bank --rules rules.toml
      run.py reconcile decide ID confirm RESULT
      run.py reconcile kept ID file --output march.csv
      run.py reconcile evidence ID --output evidence.zip

    `run.py reconcile file --help` lists the options that go with a FILE.
    """


@reconcile.command("file")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--provider", required=True, help="The provider of the settlement, as the payments name it, like stripe.")
@click.option("--rules", help="A rules file, TOML, or the name of one that comes with the program, like adyen.")
@click.option("--again", is_flag=True, help="Compare again, up to the log's head, where the file was taken in before.")
@click.option("--json", "form", flag_value="json", help="Print all of it as JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print the results as CSV.")
@click.option("--xlsx", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a workbook as well.")
def take_in(  # noqa: PLR0917  (click hands over each option)
    file: Path, provider: str, rules: str | None, again: bool, form: str | None, xlsx: Path | None
) -> None:
    """Compare a provider's settlement FILE with the payments."""
    ledger, views, reconciling = _opened()
    who = Provenance("cli:reconcile")
    try:
        toml = rules if rules is None or _are_shipped(rules) else Path(rules).read_text("utf-8")
        with file.open("rb") as content:
            outcome = reconciling.start(content, file.name, provider, toml, who)
            if again:
                outcome = reconciling.run_again(outcome.reconciliation.uuid, WriteConditions(who))
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file if rules is None else rules} cannot be read: {error}")
    views.catch_up()
    one = reconciliations.show(ledger, reconciling, outcome.reconciliation)
    if xlsx is not None:
        _write_workbook(one, xlsx)
    _print_reconciliation(one, form)
    if one.state.open:
        sys.exit(NEEDS_A_PERSON)


def _are_shipped(rules: str) -> bool:
    """Whether this names rules that come with the program, and not a file. Ends the program where it names neither."""
    path = Path(rules)
    if not path.is_file() and (path.exists() or rules not in shipped()):
        fail(f"{rules} is no file, and none of the rules that come with the program: {', '.join(shipped())}")
    return not path.is_file()


def _opened() -> tuple[OrderLedger, Views, Reconciling]:
    chosen = settings()
    ledger = open_ledger(chosen)
    views = fed_views(ledger, chosen)
    return ledger, views, Reconciling(ledger, Journal(views), chosen.kept_bytes_max, chosen.timezone.key)


_DECISIONS = ("confirm", "break", "explain", "match", "undo", "close", "withdraw", "run")


@reconcile.command()
@click.argument("reconciliation", type=click.UUID)
@click.argument("decision", required=False, type=click.Choice(_DECISIONS))
@click.argument("results", nargs=-1)
@click.option("--line", "lines", multiple=True, type=int, help="A row of the file, to be matched; several times.")
@click.option("--entry", "entries", multiple=True, type=int, help="The position of a payment, to be matched.")
@click.option("--reason", help="Why.")
@click.option("--csv", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Many decisions.")
def decide(  # noqa: PLR0917  (click hands over each option)
    reconciliation: UUID,
    decision: str | None,
    results: tuple[str, ...],
    lines: tuple[int, ...],
    entries: tuple[int, ...],
    reason: str | None,
    file: Path | None,
) -> None:
    """Decide on the results of a RECONCILIATION.

    Confirm, break, explain or undo RESULTS; match lines to payments by hand; close, withdraw or run it again. With
    --csv, `run.py reconcile FILE` shows the names of results, the rows of lines and the positions of payments.

    A CSV has the columns decision, results, lines, entries and reason; blanks separate several results, lines or
    entries. All decisions are recorded or none. Exits 1 while results are open, 2 where a decision is refused.

    \b
      run.py reconcile decide ID confirm RESULT RESULT
      run.py reconcile decide ID explain RESULT --reason "the other shop's"
      run.py reconcile decide ID match --line 3 --line 4 --entry 1234 --reason "the bank's charge"
      run.py reconcile decide ID --csv decisions.csv
    """
    if (decision is None) == (file is None):
        fail("say what is decided, or give a CSV of decisions: one of the two")
    if decision == "withdraw" and not reason:
        fail("to withdraw takes a --reason")
    ledger, views, reconciling = _opened()
    given = WriteConditions(Provenance("cli:reconcile"))
    try:
        if decision == "withdraw":
            outcome = reconciling.withdraw(reconciliation, reason or "", given)
        elif decision in ("close", "run"):
            outcome = (reconciling.close if decision == "close" else reconciling.run_again)(reconciliation, given)
        elif file is not None:
            outcome = reconciling.decide(reconciliation, decisions_in(file.read_text("utf-8-sig")), given)
        else:
            told = {"decision": decision, "results": results, "lines": lines, "entries": entries, "reason": reason}
            outcome = reconciling.decide(reconciliation, [msgspec.convert(told, Wanted)], given)
    except msgspec.ValidationError as error:
        fail(str(error))
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}")
    views.catch_up()
    one = reconciliations.show(ledger, reconciling, outcome.reconciliation)
    console = out()
    _print_results(console, one, list(filter(None, map(one.kept.result, outcome.results))))
    _print_standing(console, one)
    if one.state.open:
        sys.exit(NEEDS_A_PERSON)


@reconcile.command()
@click.argument("reconciliation", type=click.UUID)
@click.argument("what", type=click.Choice(KEPT))
@click.option("--output", "path", type=click.Path(dir_okay=False, path_type=Path), help="A file that is not there yet.")
def kept(reconciliation: UUID, what: str, path: Path | None) -> None:
    """Write the file, rules or report of a RECONCILIATION."""
    ledger = open_ledger(settings())
    reconciling = Reconciling(ledger, Journal(open_views(ledger, settings())))
    try:
        with writing(path) as file:
            file.writelines(reconciling.pieces(reconciling.get(reconciliation), what))
    except OperationalError as error:
        fail(str(error), NEEDS_A_PERSON)


@reconcile.command()
@click.argument("reconciliation", type=click.UUID)
@click.option("--since", type=int, help="The size of an earlier signed head; the zip proves that the log continues it.")
@click.option("--output", "path", type=click.Path(dir_okay=False, path_type=Path), help="A file that is not there yet.")
def evidence(reconciliation: UUID, since: int | None, path: Path | None) -> None:
    """Write the evidence of a RECONCILIATION.

    It is a zip with its history, proofs, and the program that checks them offline.

    \b
      run.py reconcile evidence ID --output evidence.zip
      unzip evidence.zip verify.py && python3 verify.py evidence.zip
    """
    ledger, views, reconciling = _opened()
    checkpoints = Checkpoints(ledger, views, key=settings().key, kept=settings().checkpoints)
    try:
        found = evidence_of_reconciliation(ledger, views, reconciling, checkpoints, reconciliation, since=since)
    except NoEarlierHead as error:
        fail(str(error))
    except (LogAltered, OperationalError) as error:
        fail(str(error), NEEDS_A_PERSON)
    with writing(path) as file:
        file.write(found.content)


def _write_workbook(one: ShownReconciliation, path: Path) -> None:
    try:
        with exporting(path) as part:
            write_workbook(one, part)
    except TooManyRows as error:
        fail(f"{path}: {error}")


def _print_reconciliation(one: ShownReconciliation, form: str | None) -> None:
    if form == "json":
        results = [reconciliations.result_document(one, result) for result in one.results()]
        whole = {**reconciliations.document(one), "since_last_run": reconciliations.difference(one), "results": results}
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(whole)) + b"\n")
    elif form == "csv":
        rows = csv.writer(sys.stdout)
        rows.writerow(reconciliations.TABLE_COLUMNS)
        for row in reconciliations.table(one, one.results()):
            rows.writerow(map(reconciliations.plain_cell, row))
    else:
        console = out()
        _print_results(console, one, _not_plainly_matched(one))
        _print_tie_out(console, one)
        state = one.state
        found = ", ".join(f"{count} {_words(of)}" for of, count in state.outcomes.items()) or "nothing to match"
        lines = f"{counted(one.head.lines, 'line')} of {state.file}"
        entries = counted(one.head.entries, "payment or refund", "payments and refunds")
        console.print(f"{lines}, {entries}: {found}", markup=False)
        _print_standing(console, one)


def _print_standing(console: Console, one: ShownReconciliation) -> None:
    state = one.state
    status = f"{state.open} open" if state.status == "open" else state.status
    console.print(f"reconciliation {state.uuid}: {status}", style="bold red" if state.open else "bold green")


def _words(name: str) -> str:
    return name.replace("_", " ")


_SHOWN_STYLES = {"open": "red", "confirmed": "green", "explained": "yellow", "broken": "red", "in_transit": "cyan"}


def _not_plainly_matched(one: ShownReconciliation) -> list[Result]:
    """The results that are not simply matched."""
    return [result for result in one.results() if reconciliations.result_status(one, result) != "matched"]


def _print_results(console: Console, one: ShownReconciliation, wanted: Sequence[Result]) -> None:
    table = new_table("", "what", "row", "reference", "settled", "order", "booked", "")
    for result in wanted[:RESULTS_SHOWN_MAX]:
        stands = reconciliations.result_status(one, result)
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
            (decision and decision.reason) or reconciliations.differences_in_words(result),
        )
        # `Text` keeps rich from reading a file's text as markup.
        table.add_row(*(Text(cell) for cell in cells), style=_SHOWN_STYLES.get(stands, ""))
    if wanted:
        console.print(table)
    if len(wanted) > RESULTS_SHOWN_MAX:
        console.print(f"and {len(wanted) - RESULTS_SHOWN_MAX} more; --csv, --json and --xlsx have all of them")


def _print_tie_out(console: Console, one: ShownReconciliation) -> None:
    for statement in one.head.tie_out:
        table = new_table("", "lines", "gross", "fee", "net", title=statement.currency)
        for column in table.columns[1:]:
            column.justify = "right"
        for row in statement.rows:
            unexplained = row.item.startswith("unexplained")
            cells = (row.item, str(row.count or ""), row.gross, row.fee, row.net)
            table.add_row(*(Text(cell) for cell in cells), style="red" if unexplained else "")
        console.print(table)


PREVIEW_LINES = 10
_FIRST = 'version = "1"\nsettlement_delay_days = 3\n'


@reconcile.command("rules")
@click.argument("file")
@click.option(
    "--provider", help="The provider of the files, as the payments name it; without it the rules are for all."
)
def begin_rules(file: str, provider: str | None) -> None:
    """Guess the rules for a FILE of any layout, and print them.

    The rules go to standard output, a preview of their lines to standard error. FILE may also name rules that come with
    the program, like adyen: these are printed. Exits 1 where a person must check a guess, 2 where the file is no table.

    \b
      run.py reconcile rules bank.csv --provider bank > rules.toml
    """
    if _are_shipped(file):
        click.echo(f"{DEFAULT}\n{shipped()[file].text}", nl=False)
        return
    path = Path(file)
    with path.open("rb") as content:
        begun = _begun(content, path.name, provider)
    click.echo(begun.toml, nl=False)
    sys.exit(_preview(begun, path, provider or "provider"))


class _Begun(NamedTuple):
    """Rules for a file: their text, the mapping they describe, and the guesses that a person must check."""

    toml: str
    mapping: Mapping | None
    doubts: list[str]


def _begun(content: BinaryIO, name: str, provider: str | None) -> _Begun:
    """The rules that the program knows for a file, or guesses."""
    if called := unsupported_format(content):
        fail(f"{name}: this is {called}")
    try:
        if known := recognise(content):
            return _Begun(f"{DEFAULT}\n{shipped()[known].text}", shipped()[known].mapping, [])
        with suppress(SettlementRefused):
            for _ in islice(read(content, name, "provider"), PREVIEW_LINES):
                pass
            return _Begun(f"# {name} is read as it is.\n{DEFAULT}", None, [])
        guessed = guess(content, settings().currency)
    except (Misfit, InvalidField) as error:
        fail(f"{name}: {error}")
    told = [f"# Guessed from {name}. Look at it, mend it, and take the file in by it."]
    told += [f"# {doubt}" for doubt in guessed.doubts]
    return _Begun("\n".join([*told, "", _FIRST, guessed.toml(provider)]), guessed.mapping, guessed.doubts)


def _preview(begun: _Begun, path: Path, provider: str) -> int:
    """Shows the first lines that the rules read, and whether they read all; returns the exit status."""
    console = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 160)
    table = new_table("row", "kind", "reference", "gross", "fee", "net", "", "at", "order", "payout")
    unknown: Counter[str] = Counter()
    refusal, count = None, 0
    with path.open("rb") as content:
        try:
            for count, line in enumerate(read(content, path.name, provider, begun.mapping), 1):
                unknown.update([line.raw_kind] if line.kind not in KINDS else [])
                if count <= PREVIEW_LINES:
                    table.add_row(*(Text(cell) for cell in _previewed(line)))
        except SettlementRefused as error:
            refusal = error.detail
    console.print(table)
    for doubt in begun.doubts:
        console.print(doubt, style="yellow", markup=False)
    for kind, times in unknown.most_common(PREVIEW_LINES):
        console.print(f"{counted(times, 'line')} of {kind!r}, which is none of our kinds", style="red", markup=False)
    told = refusal or counted(count, "line is read", "lines are read")
    console.print(told, style="red" if refusal else "green", markup=False)
    return NEEDS_A_PERSON if refusal or unknown or begun.doubts else 0


def _previewed(line: Line) -> list[str]:
    unit = Unit(line.currency, digits_of(line.currency))
    amounts = [readable(minor, unit).partition(" ")[0] for minor in (line.gross, line.fee, line.net)]
    at = f"{line.occurred_at:%Y-%m-%d %H:%M}"
    return [str(line.row), line.kind, line.reference, *amounts, line.currency, at, line.order[:40], line.payout]
