"""`run.py postgres`: for operators of PostgreSQL."""

import click

from domain.log.opening import postgres_grants


@click.group()
def postgres() -> None:
    """For a ledger on PostgreSQL; docs/scaling.md says more."""


@postgres.command("grants")
@click.argument("role")
def postgres_grant_rights(role: str) -> None:
    """Print the SQL that lets ROLE serve, and not alter records.

    The tables belong to the role that makes them; run the SQL as that role, once they are there:

    \b
      LEDGER_URL=postgresql://owner@host/ledger run.py token list        makes the tables
      run.py postgres grants service | psql postgresql://owner@host/ledger
      LEDGER_URL=postgresql://service@host/ledger run.py serve
    """
    print(postgres_grants(role), end="")
