"""`run.py token`: the access keys of customers and of staff."""

import os
import pwd
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import click
from msgspec import UNSET

from api.cli.terminal import new_table, open_ledger, out, settings, tell
from domain.counted import counted
from domain.ledger import OrderLedger
from domain.log.keys import SCOPES, Keys
from domain.log.records import Provenance
from domain.moments import moment_written, utc_now
from projections.access.uses import Uses


class _End(click.ParamType[datetime]):
    """The time when a key expires."""

    name = "when"
    said = "When it expires: a time (2027-01-31T12:00:00Z), a day (at its beginning), or a number of days (90d)."

    def convert(self, value: Any, _param: Any, _ctx: Any) -> datetime:
        if found := re.fullmatch(r"([1-9][0-9]{0,4})d", value):
            return utc_now() + timedelta(days=int(found[1]))
        try:
            moment = moment_written(value) or datetime.combine(date.fromisoformat(value), time(), UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time like 2027-01-31T12:00:00Z, no day like 2027-01-31, and no days like 90d.")
        return moment


@click.group()
def token() -> None:
    """Access keys: make, list, scope, rotate and revoke them.

    A key is shown once, when it is made; the ledger keeps only its hash. Every change of a key is recorded with the
    user of this machine who made it, so that auditors see it.
    """


@token.command("create")
@click.option("--customer", type=click.IntRange(0, 10**15 - 1), help="The customer whose orders the key reads.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="What a staff key may do; can be repeated."
)
@click.option("--name", help="What to call it; stands as the actor of what it writes.  [default: its first letters]")
@click.option("--expires", type=_End(), help=_End.said)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    help="An origin from whose pages a browser may bring the key, like https://shop.example.com; can be repeated.  "
    "[default: all]",
)
def token_create(
    customer: int | None, scopes: tuple[str, ...], name: str | None, expires: datetime | None, origins: tuple[str, ...]
) -> None:
    """Make a key and print it, alone, on standard output.

    \b
      run.py token create --customer 7
      run.py token create --scope orders:read --scope orders:write --name backoffice --expires 90d
    """
    ledger = open_ledger(settings())
    terms: Any = {"customer_id": customer, "scopes": scopes, "name": name, "expires_at": expires, "origins": origins}
    print(ledger.write(_keys(ledger).create, **terms, now=ledger.clock(), by=_by()).result())


def _keys(ledger: OrderLedger) -> Keys:
    return Keys(ledger.log_of_events, ledger.watch)


def _by() -> Provenance:
    return Provenance(f"cli:token:{pwd.getpwuid(os.getuid()).pw_name}")


@token.command("list")
def token_list() -> None:
    """Show all keys, the revoked ones included, by name and first letters."""
    chosen = settings()
    used = Uses(chosen.key_uses).all()
    table = new_table("name", "starts with", "for", "created", "last used", "expires", "revoked")
    ledger = open_ledger(chosen)  # named, since a ledger without a reference closes its log
    for key in _keys(ledger).list():
        carries = " ".join(key.scopes) if key.customer_id is None else f"customer {key.customer_id}"
        times = [at and at[:19] + "Z" for at in (key.created_at, used.get(key.name), key.expires_at, key.revoked_at)]
        table.add_row(key.name, key.prefix, carries, *times)
        for former in key.former:
            table.add_row("", former.prefix, "the same, before it was rotated", "", "", former.expires_at[:19] + "Z")
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
    """Give a staff key other scopes.

    The key is named by its name or its first letters. The scopes hold from the next request on.
    """
    ledger = open_ledger(settings())
    name = _keys(ledger).find_name(name_or_prefix)
    ledger.write(_keys(ledger).change, name, scopes=scopes, now=ledger.clock(), by=_by()).result()
    tell(f"{name} carries {' '.join(dict.fromkeys(scopes))}")


@token.command("revoke")
@click.argument("name_or_prefix")
def token_revoke(name_or_prefix: str) -> None:
    """Revoke a key, named by its name or its first letters. It is refused from the next request on."""
    ledger = open_ledger(settings())
    name = _keys(ledger).find_name(name_or_prefix)
    ledger.write(_keys(ledger).revoke, name, now=ledger.clock(), by=_by()).result()
    tell(f"revoked {name}")


@token.command("rotate")
@click.argument("name_or_prefix")
@click.option(
    "--keep",
    "keep_days",
    type=click.IntRange(0, 3650),
    default=0,
    show_default=True,
    help="For how many days the secrets before the new one are taken, too; 0 ends them at once.",
)
@click.option("--expires", type=_End(), help=_End.said + "  [default: as before]")
def token_rotate(name_or_prefix: str, keep_days: int, expires: datetime | None) -> None:
    """Give a key a new secret, and print that alone.

    The key is named by its name or its first letters. It keeps its name and scopes.
    """
    ledger = open_ledger(settings())
    name, now = _keys(ledger).find_name(name_or_prefix), ledger.clock()
    until = now + timedelta(days=keep_days) if keep_days else None
    end = UNSET if expires is None else expires
    rotate = _keys(ledger).rotate
    print(ledger.write(rotate, name, keep_until=until, expires_at=end, now=now, by=_by()).result())


@token.command("adopt")
def token_adopt() -> None:
    """Record the keys that an older version made. They stay as they are; `serve` records them, too.

    Does nothing where any key is recorded already: a key without events has come in by another way then, and `run.py
    verify` names it.
    """
    ledger = open_ledger(settings())
    count = ledger.write(_keys(ledger).adopt, now=ledger.clock(), by=_by()).result()
    tell(f"{counted(count, 'key')} recorded")
