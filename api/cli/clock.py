"""`run.py clock`: has the clock jumped ahead? An operator can accept it."""

import sys

import click

from api.cli.terminal import NEEDS_A_PERSON, open_ledger, settings
from domain.moments import instant


@click.command()
@click.option("--accept", is_flag=True, help="The clock is right: record by it from now on.")
def clock(accept: bool) -> None:
    """Say whether the ledger records by this machine's clock.

    Recorded times never go back, so an hour with a clock in a wrong year would give that year to all later records.
    Therefore nothing is recorded while the clock is more than a minute ahead of the time counted since the machine's
    start, until the clock is set or `--accept` confirms it. A clock is rightly ahead after a virtual machine was
    halted, or after a late clock was set.
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
