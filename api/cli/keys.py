"""`run.py token`: the access keys of customers and of staff."""

import click
from rich.table import Table

from api.cli.terminal import err, fail, open_ledger, out, settings
from domain.log.keys import SCOPES, Keys
from domain.moments import utc_now


@click.group()
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
        make = Keys(ledger.log_of_events).create
        print(ledger.write(make, customer_id=customer, scopes=scopes, name=name, now=utc_now()).result())
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
    out().print(table)


@token.command("revoke")
@click.argument("name_or_prefix")
def token_revoke(name_or_prefix: str) -> None:
    """Revoke the key with this name or these first letters; that holds from the next request on."""
    ledger = open_ledger(settings())
    try:
        name = ledger.write(Keys(ledger.log_of_events).revoke, name_or_prefix, now=utc_now()).result()
    except ValueError as error:
        fail(str(error))
    err.print(f"revoked {name}")
