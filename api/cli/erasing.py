"""`run.py erase`, `retention` and `privacy`: erases personal data on request and when their retention ends."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import click

from api.cli.terminal import NEEDS_A_PERSON, fail, fed_views, open_ledger, settings, tell
from api.orders import named_order
from api.settings import Settings
from api.under_way import under_way
from domain.counted import counted
from domain.ledger import OrderLedger
from domain.log.records import Provenance
from domain.moments import instant
from domain.order.personal import CONTACT, PARTS
from domain.privacy import retaining
from domain.privacy.erasing import NAME_PATTERN, Erasing, Erasure, ErasureRequest, missing_erasures, repeat
from domain.privacy.erasures import Erasures, ErasuresMalformed
from domain.privacy.keyring import CUSTOMER, GUEST, Hold, Keyring
from domain.reconciliation.state import FILE, SUBJECT
from domain.refusals import Refusal
from projections.customers.orders_of import orders_of
from projections.privacy import all_orders, all_reconciliations
from projections.views.views import Views

_PROVENANCE = Provenance("cli:erase")
_RETENTION = Provenance("cli:retention")


def _sealed(chosen: Settings) -> tuple[OrderLedger, Keyring]:
    """The ledger and its data keys. Ends the program where it has none."""
    ledger = open_ledger(chosen)
    if ledger.keys is None:
        fail("what is personal in this ledger is not sealed; `run.py seal` makes one where it is.")
    return ledger, ledger.keys


@contextmanager
def _opened(chosen: Settings) -> Iterator[tuple[OrderLedger, Keyring, Erasing, Views]]:
    """The ledger, its data keys, the erasing, and the views at the head. The views are renewed at the end, so that no
    erased byte is left in them."""
    ledger, keys = _sealed(chosen)
    views = fed_views(ledger, chosen)
    ledger.feed = lambda written: views.catch_up(written=written)
    erasing = Erasing(ledger, keys, orders_of(views), chosen.keep, Erasures(chosen.erasures))
    try:
        yield ledger, keys, erasing, views
    finally:
        under_way(chosen).forget_refused()
        views.renew()


def _do(work: Callable[..., Erasure], *arguments: Any) -> Erasure:
    try:
        return work(*arguments)
    except Refusal as refusal:
        fail(refusal.detail, NEEDS_A_PERSON)
    except OSError as error:  # of LEDGER_ERASURES
        fail(f"{error}; what was recorded is finished when it is asked for again, or at the next start", NEEDS_A_PERSON)


@click.command("erase")
@click.option("--customer", type=click.IntRange(0, 10**15 - 1), help="The customer whose personal data are erased.")
@click.option("--order", help="Or a guest's order, by its id or UUID.")
@click.option("--reconciliation", type=click.UUID, help="Or of a reconciliation: its file, and people's reasons in it.")
@click.option(
    "--part", "parts", multiple=True, type=click.Choice([*PARTS, FILE]), help="What to erase.  [default: all there is]"
)
@click.option("--basis", default="request", show_default=True, help="Why, in one word.")
@click.option("--reference", help="The number of the case, without blanks.")
@click.option("--force", is_flag=True, help="Also where an order is in work, or a result of a reconciliation open.")
@click.option("--again", is_flag=True, help="Repeat what LEDGER_ERASURES has and a restored ledger has not.")
def erase(again: bool, customer: int | None, order: str | None, reconciliation: UUID | None, **asked: Any) -> None:
    """Erase personal data: record it, and destroy their data keys.

    The data are a customer's, those of a guest's order, or those in a reconciliation.

    \b
      run.py erase --customer 7 --reference T-17
      run.py erase --order 42 --part contact
      run.py erase --reconciliation ID --part file
      run.py erase --again
    """
    chosen = settings()
    if again + sum(named is not None for named in (customer, order, reconciliation)) != 1:
        fail("name one of --customer, --order, --reconciliation and --again")
    all_parts = PARTS if reconciliation is None else (FILE, CONTACT)
    if strange := set(asked["parts"]) - set(all_parts):
        fail(f"--part: there is no {strange.pop()} of that; there is {' and '.join(all_parts)}")
    for option in ("basis", "reference"):
        if asked[option] is not None and not re.fullmatch(NAME_PATTERN, asked[option]):
            fail(f"--{option}: it stays in the log, so it should be a short name without blanks, like T-17")
    with _opened(chosen) as (ledger, keys, erasing, _):
        if again:
            _again(ledger, keys, erasing, Erasures(chosen.erasures))
            return
        request = ErasureRequest(
            tuple(dict.fromkeys(asked["parts"])) or all_parts, asked["basis"], asked["reference"], force=asked["force"]
        )
        if customer is not None:
            made = _do(erasing.erase_customer, customer, request, _PROVENANCE)
        elif reconciliation is not None:
            made = _do(erasing.erase_reconciliation, reconciliation, request, _PROVENANCE)
        else:
            made = _do(erasing.erase_guest, named_order(ledger, order or ""), request, _PROVENANCE)
    if not made.is_new:
        print(f"nothing of {made.subject} is left to erase")
        return
    of_orders = "" if reconciliation is not None else f", in {counted(len(made.orders), 'order')}"
    erased = f"{' and '.join(made.parts)} of {made.subject} erased{of_orders}"
    print(f"{made.id}: {erased}; {counted(len(made.keys), 'key')} destroyed")


def _again(ledger: OrderLedger, keys: Keyring, erasing: Erasing, erasures: Erasures) -> None:
    try:
        missing = missing_erasures(ledger, keys, erasures)
    except ErasuresMalformed as error:
        fail(str(error))
    for noted in missing:
        made = _do(repeat, erasing, noted, _PROVENANCE)
        of_orders = f", in {counted(len(made.orders), 'order')}" if made.orders else ""
        done = f"erased again{of_orders}" if made.is_new else "nothing is in this ledger"
        print(f"{noted.id}: of {noted.subject} {done}")
    print(f"{counted(len(missing), 'erasure was', 'erasures were')} missing in this ledger")


@click.command()
@click.option("--apply", is_flag=True, help="Erase it; else this only says what would be erased.")
def retention(apply: bool) -> None:
    """List the data whose retention has ended, or erase them.

    These are personal data (LEDGER_KEEP_CONTACT, LEDGER_KEEP_INVOICE) and settlement files
    (LEDGER_KEEP_SETTLEMENT_FILES).

    A part is due when no order of its subject and year has had an event for so long; a file and people's reasons are
    due when their reconciliation has had none. Data that are held or in work stay.
    """
    chosen = settings()
    with _opened(chosen) as (ledger, keys, erasing, views):
        now = ledger.latest()
        due, staying = retaining.due(all_orders(ledger, views), keys, chosen.keep, now)
        files, files_staying = retaining.files_due(all_reconciliations(ledger, views), keys, chosen.keep, now)
        for stays in staying + files_staying:
            print(f"{stays.subject} {stays.year} {stays.part}: stays, {stays.why}")
        refused = 0
        for each in due:
            told = f"{each.subject} {each.year} {each.part}"
            if not apply:
                print(f"{told}: due since {instant(each.until)}, {counted(len(each.orders), 'order')}")
            else:
                refused += not _erase_due(told, erasing.erase_due, each)
        for file in files:
            state = file.state
            told = f"{SUBJECT}{state.uuid} {' and '.join(file.parts)} ({state.file} of {state.provider})"
            if not apply:
                print(f"{told}: due since {instant(file.until)}")
            else:
                refused += not _erase_due(told, erasing.erase_file_due, file)
    count, stay = len(due) + len(files) - refused, len(staying) + len(files_staying) + refused
    print(f"{count} {'erased' if apply else 'due'}, {counted(stay, 'stays', 'stay')}")
    if refused:
        sys.exit(NEEDS_A_PERSON)


def _erase_due(told: str, work: Callable[..., Erasure], due: Any) -> bool:
    """Erases one due part and prints it, or the refusal; returns whether it was erased. A refusal does not stop the
    others."""
    try:
        made = work(due, _RETENTION)
    except Refusal as refusal:
        print(f"{told}: stays, {refusal.detail}")
        return False
    print(f"{told}: erased" + (f", in {counted(len(made.orders), 'order')}" if made.orders else ""))
    return True


@click.group()
def privacy() -> None:
    """Holds: personal data that must not be erased."""


def _subject(customer: int | None, order: str | None, reconciliation: UUID | None, ledger: OrderLedger) -> str:
    if sum(named is not None for named in (customer, order, reconciliation)) != 1:
        fail("name one of --customer, --order and --reconciliation")
    if reconciliation is not None:
        return f"{SUBJECT}{reconciliation}"
    if customer is not None:
        return f"{CUSTOMER}{customer}"
    return f"{GUEST}{named_order(ledger, order or '')}"


@privacy.command("hold")
@click.option("--customer", type=click.IntRange(0, 10**15 - 1))
@click.option("--order", help="An order, by its id or UUID; its customer is not erased meanwhile.")
@click.option("--reconciliation", type=click.UUID, help="A reconciliation: its file, and people's reasons in it.")
@click.option("--reference", help="The number of the case, without blanks.")
@click.option("--release", is_flag=True, help="Take the hold off.")
def privacy_hold(
    customer: int | None, order: str | None, reconciliation: UUID | None, reference: str | None, release: bool
) -> None:
    """Hold personal data, or release them; without an option list the holds.

    The data are a customer's, or those in an order or a reconciliation.
    """
    ledger, keys = _sealed(settings())
    store = keys.store
    if customer is None and order is None and reconciliation is None:
        if not (holds := store.holds()):
            tell("there are no holds")
        for hold in holds:
            print(f"{hold.subject} since {hold.since}, by {hold.reference}")
        return
    subject = _subject(customer, order, reconciliation, ledger)
    if release:
        if not store.release(subject):
            fail(f"there is no hold on {subject}")
        tell(f"released {subject}")
        return
    if not reference or not reference.isprintable() or " " in reference:
        fail("--reference: a hold needs the number of its case, without blanks")
    store.put_hold(Hold(subject, reference, instant(ledger.clock())))
    tell(f"held {subject}")
