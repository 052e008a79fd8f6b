"""`run.py token`: the access keys of customers and of staff."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.table import Table

from api.cli.terminal import err, fail, open_ledger, out, settings, writing_the_log
from domain.log.keys import SCOPES, Keys
from domain.log.records import Provenance


@click.group()
def token() -> None:
    """Access keys: make, list, scope and revoke them.

    A key is shown once, when it is made; the ledger keeps only its hash. Whatever becomes of a key is recorded, with
    the user of this machine whose doing it is, so that auditors see it.
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
    with _keeping_keys():
        make = Keys(ledger.log_of_events, ledger.watch).create
        print(ledger.write(make, customer_id=customer, scopes=scopes, name=name, now=ledger.clock(), by=_by()).result())


@contextmanager
def _keeping_keys() -> Iterator[None]:
    """Where something of a key is no good, or the clock is not believed, says so in one line."""
    try:
        with writing_the_log():
            yield
    except ValueError as error:
        fail(str(error))


def _by() -> Provenance:
    return Provenance(f"cli:token:{pwd.getpwuid(os.getuid()).pw_name}")


@token.command("list")
def token_list() -> None:
    """Show every key there is and was, by name and first letters."""
    keys = Keys(open_ledger(settings()).log_of_events).list()
    table = Table("name", "starts with", "for", "created", "revoked", box=None, pad_edge=False)
    for key in keys:
        carries = " ".join(key.scopes) if key.customer_id is None else f"customer {key.customer_id}"
        table.add_row(key.name, key.prefix, carries, key.created_at[:19] + "Z", (key.revoked_at or "")[:19])
    out().print(table)


@token.command("scope")
@click.argument("name_or_prefix")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What the key may do from now on, and nothing else; can be repeated.",
)
def token_scope(name_or_prefix: str, scopes: tuple[str, ...]) -> None:
    """Give the staff key with this name or these first letters other scopes; that holds from the next request on."""
    ledger = open_ledger(settings())
    with _keeping_keys():
        scope = Keys(ledger.log_of_events, ledger.watch).scope
        name = ledger.write(scope, name_or_prefix, scopes, now=ledger.clock(), by=_by()).result()
    err.print(f"{name} carries {' '.join(dict.fromkeys(scopes))}")


@token.command("revoke")
@click.argument("name_or_prefix")
def token_revoke(name_or_prefix: str) -> None:
    """Revoke the key with this name or these first letters; that holds from the next request on."""
    ledger = open_ledger(settings())
    with _keeping_keys():
        revoke = Keys(ledger.log_of_events, ledger.watch).revoke
        name = ledger.write(revoke, name_or_prefix, now=ledger.clock(), by=_by()).result()
    err.print(f"revoked {name}")


@token.command("adopt")
def token_adopt() -> None:
    """Record the keys that an older version made, as they are; `serve` does that, too.

    Where any key is recorded already, nothing is: a key that has no events then has come in by another way, and `run.py
    verify` names it.
    """
    ledger = open_ledger(settings())
    with _keeping_keys():
        count = ledger.write(Keys(ledger.log_of_events, ledger.watch).adopt, now=ledger.clock(), by=_by()).result()
    err.print(f"{count} keys recorded")
