"""`run.py clock`: is the clock believed, and an operator's word that it is right."""

import sys

import click

from api.cli.terminal import NEEDS_A_PERSON, open_ledger, settings
from domain.moments import instant


@click.command()
@click.option("--accept", is_flag=True, help="The clock is right: record by it from now on.")
def clock(accept: bool) -> None:
    """Say whether the ledger records by this machine's clock.

    A record's time is never taken back, and no later record has an earlier one: a single hour in a wrong year would be
    the time of all that comes after it. So where the clock is more than a minute ahead of what it should show by the
    time since the machine was started, nothing is recorded until it is set right, or until `--accept` says that it is.
    It is ahead and right where a virtual machine was halted for a while, or where it was set because it was behind.
    """
    ledger = open_ledger(settings())
    assert ledger.watch is not None
    if accept:
        ledger.write(ledger.watch.accept, ledger.clock()).result()
    print(f"the clock shows {instant(ledger.clock())}")
    if problem := ledger.clock_problem():
        print(f"nothing is recorded: {problem}")
        sys.exit(NEEDS_A_PERSON)
    print("it is believed")
