"""`run.py period`: closes a provider's month once and for ever, and prints its report."""

import sys

import click
import msgspec
from eventsourcing.persistence import OperationalError

from api.cli.terminal import NEEDS_A_PERSON, fail, fed_views, new_table, open_ledger, out, settings
from domain.counted import counted
from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.period.months import month_named
from projections.periods.closing import FORMS, Periods
from projections.proof.signing import Checkpoints, LogAltered
from projections.views.views import Views

_TOTALS = ("currency", "count", "received", "refunded", "net")
_SHOWN = ("received_at", "kind", "order_id", "reference", "amount", "currency", "period")


@click.group()
def period() -> None:
    """Close a provider's month, list closed months, and report.

    Months are those of LEDGER_TIMEZONE. The report of a closed month is the same for ever: a movement of it that is
    recorded later is marked late, and stands in the report of the next open month.
    """


_provider = click.option("--provider", required=True, help="The provider, as the payments name it, like stripe.")


@period.command("close")
@click.argument("month")
@_provider
def period_close(month: str, provider: str) -> None:
    """Close a provider's MONTH, like 2026-03, on a signed head of the log. Again it changes nothing.

    \b
      run.py period close 2026-03 --provider stripe
    """
    chosen = settings()
    ledger, views = _opened()
    checkpoints = Checkpoints(ledger, views, key=chosen.key, kept=chosen.checkpoints)
    try:
        of = month_named(month, chosen.timezone)
        closed, is_new = Periods(ledger, views).close(provider, of, checkpoints, Provenance("cli:period"))
    except LogAltered as error:
        fail(f"nothing is closed: {error} `run.py verify` says where.", NEEDS_A_PERSON)
    was = "is closed" if is_new else f"was closed already, at {closed.closed_at:%Y-%m-%d %H:%M} UTC"
    late = f", {closed.late} of them late" if closed.late else ""
    movements = counted(closed.movements, "movement")
    out().print(f"{month} of {provider} {was}: {movements}{late}, to position {closed.position}", markup=False)


@period.command("report")
@click.argument("month")
@_provider
@click.option("--json", "form", flag_value="json", help="Print it as JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print its movements as CSV.")
def period_report(month: str, provider: str, form: str | None) -> None:
    """Print the report of a provider's MONTH. That of an open month is preliminary."""
    chosen = settings()
    ledger, views = _opened()
    try:
        report = Periods(ledger, views).report(provider, month_named(month, chosen.timezone), form or "json")
    except OperationalError as error:
        fail(str(error), NEEDS_A_PERSON)
    if form in FORMS:
        sys.stdout.buffer.write(report)
    else:
        _print_report(report)


@period.command("list")
@click.option("--provider", help="List the periods of this provider alone.")
def period_list(provider: str | None) -> None:
    """Show the closed periods, by months."""
    table = new_table("period", "provider", "closed", "time zone", "movements", "late", "to position")
    for one in Periods(*_opened()).closed(provider):
        closed_at = f"{one.closed_at:%Y-%m-%d %H:%M}Z"
        counts = (str(number) for number in (one.movements, one.late, one.position))
        table.add_row(one.month, one.provider, closed_at, one.timezone, *counts)
    out().print(table)


def _opened() -> tuple[OrderLedger, Views]:
    chosen = settings()
    ledger = open_ledger(chosen)
    return ledger, fed_views(ledger, chosen)


def _print_report(report: bytes) -> None:
    told = msgspec.json.decode(report)
    console = out()
    movements = new_table(*(name.replace("_", " ") for name in _SHOWN), "")
    for one in told["movements"]:
        movements.add_row(*(str(one[name]) for name in _SHOWN), "late" if one["late"] else "")
    totals = new_table(*_TOTALS)
    for total in told["totals"]:
        totals.add_row(*(str(total[name]) for name in _TOTALS))
    console.print(movements, totals, sep="\n")
    console.print(
        f"{told['period']} of {told['provider']}: {told['status']}, {counted(told['count'], 'movement')},"
        f" {told['late']} late, to position {told['position']}",
        markup=False,
    )
