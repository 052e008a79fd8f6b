"""`run.py migrate`: copies the ledger to another engine."""

import click
from eventsourcing.persistence import PersistenceError

from api.cli.terminal import NEEDS_A_PERSON, fail, open_ledger, progress, settings
from domain.counted import counted
from domain.log.migrating import NotMigrated
from domain.log.migrating import migrate as copy
from domain.log.opening import address, open_log, without_secrets
from projections.webhooks.store import copy as copy_webhooks
from projections.webhooks.store import store_of


@click.command()
@click.option("--to", "to_url", required=True, help="Where to, like postgresql://user@host/database.")
def migrate(to_url: str) -> None:
    """Copy the ledger to another place, PostgreSQL or a file.

    All records with the access keys, data keys, kept files and signed heads; and the webhooks.

    Each record is checked by its digest and read back. Nothing can be recorded meanwhile. Run it again where it was
    broken off, and it goes on. The copied ledger stays as it is; set LEDGER_URL to use the copy. Exits 1 where a record
    is not what was recorded, or the other place has another ledger.

    \b
      run.py migrate --to postgresql://owner@host/ledger
      LEDGER_URL=postgresql://owner@host/ledger run.py migrate --to sqlite:///var/copy.db
    """
    chosen = settings()
    try:
        shown, folder, file = address(to_url)
    except ValueError as error:
        fail(f"--to {error}")
    if to_url == chosen.url or (
        file is not None and chosen.ledger is not None and file.resolve() == chosen.ledger.resolve()
    ):
        fail("--to names the ledger itself; it should name another place.")
    ledger = open_ledger(chosen)
    source, target, there = ledger.log_of_events, open_log(to_url), settings(to_url)
    stores = None if ledger.keys is None else (ledger.keys.store, target.key_store(there.keys.path))
    try:
        if file is not None:
            folder.mkdir(0o700, parents=True, exist_ok=True)
        with progress("copying") as say:
            copied = copy(source, target, say, stores)
        copy_webhooks(store_of(source, chosen.webhooks), store_of(target, there.webhooks))
    except NotMigrated as error:
        fail(f"the ledger was not copied whole: {error}", NEEDS_A_PERSON)
    except (PersistenceError, OSError) as error:
        fail(f"broken off, to be run again: {without_secrets(str(error).strip())}", NEEDS_A_PERSON)
    census, checkpoints, keys, files = copied
    print(
        f"{counted(census.head, 'event')}, {counted(sum(census.claims.values()), 'claim')},"
        f" {counted(checkpoints, 'checkpoint')}, {counted(keys, 'access key')} and {counted(files, 'file')} are at"
        f" {shown}, each compared; LEDGER_URL can name it now"
    )
    if stores is not None:
        told = f"the data keys are in {stores[1].shown}, wrapped as they were"
        print(f"{told}: the master key is not copied, and must be there as it is here")
