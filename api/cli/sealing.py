"""`run.py keys` and `seal`: the data keys that seal personal data, and the master keys that wrap them."""

import sys
from collections import Counter

import click

from api.cli.terminal import NEEDS_A_PERSON, fail, open_ledger, progress, settings, tell
from api.settings import Settings
from domain.counted import counted
from domain.ledger import OrderLedger
from domain.log.log import Log
from domain.log.migrating import NotMigrated, copy_keys
from domain.log.opening import exists, open_log
from domain.moments import utc_now
from domain.privacy.keyring import Keyring, KeyUnknown, StoredDataKey
from domain.privacy.masters import MasterUnknown
from domain.privacy.opening import KeysLocation, create_keys, make_keys
from domain.privacy.sealing_logs import NotSealed, extension, seal_log
from projections.proof.signing import ORIGIN, Checkpoints, NoSigningKey
from projections.views.views import Views
from projections.webhooks.store import copy as copy_webhooks
from projections.webhooks.store import store_of


@click.group()
def keys() -> None:
    """The data keys that seal personal data, and their master key.

    LEDGER_KEYS names the file of data keys, LEDGER_MASTER that of master keys.

    A new ledger is given both. Keep the master key away from backups of the data keys, and delete these backups soon:
    an old copy of both opens data that were erased since.
    """


@keys.command("create")
def keys_create() -> None:
    """Make the keys of a ledger that has none. Personal data are sealed from now on.

    Earlier records stay plain: `run.py seal` makes a ledger in which they are sealed, too. Restart running services:
    until then they record nothing.
    """
    chosen = settings()
    if not exists(chosen.url):
        fail(f"LEDGER_URL: there is no ledger at {chosen.shown_url}; `run.py serve` makes one, with its keys.")
    log = open_log(chosen.url)
    log.create()
    if (kept := log.keyring()) is not None:
        fail(f"this ledger has keys already: the keyring {kept.id}. `run.py keys rotate` changes what wraps them.")
    try:
        print(create_keys(log, chosen.keys, utc_now()))
    except MasterUnknown as error:
        fail(str(error))


@keys.command("status")
def keys_status() -> None:
    """Count the data keys, and name the master keys that wrap them.

    Exits 1 where a key cannot be opened.
    """
    ledger = open_ledger(settings())
    kept = ledger.log_of_events.keyring()
    if ledger.keys is None or kept is None:
        print("this ledger has no keys: what is personal in it is recorded as it is")
        sys.exit(NEEDS_A_PERSON)
    found = list(ledger.keys.store.each())
    print(f"keyring {kept.id}, since position {kept.since} ({kept.made_at})")
    for part, count in sorted(Counter(key.part for key in found if key.destroyed_at is None).items()):
        print(f"{counted(count, 'key')} of the part {part}")
    print(f"{sum(key.destroyed_at is not None for key in found)} destroyed")
    for master, count in sorted(Counter(key.master for key in found if key.destroyed_at is None).items()):
        current = ", which wraps new ones" if master == ledger.keys.master.current else ""
        print(f"{count} wrapped by the master key {master}{current}")
    if kept.since:
        print(f"what is recorded up to position {kept.since} is not sealed; `run.py seal` makes a ledger where it is")
    problems = [problem for key in found if (problem := _problem(ledger.keys, key))]
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(NEEDS_A_PERSON)


@click.command()
@click.argument("new")
def seal(new: str) -> None:
    """Write this ledger anew into NEW, with personal data sealed. NEW is another file or URL.

    For a ledger that was begun before personal data were sealed. Each record keeps its position, version, time, actor
    and request. NEW is given keys, and its first checkpoint, signed by this ledger's key, names the root of the old
    log. The webhooks are copied, the signing key is not. Compare the two, use NEW, and destroy the old ledger with its
    copies.

    \b
      run.py seal var/sealed/ledger.db
    """
    chosen = settings()
    ledger = open_ledger(chosen)
    url = new if "://" in new else f"sqlite:///{new}"
    there = settings(url)
    if url == chosen.url or (there.ledger is not None and there.ledger.exists()):
        fail(f"{there.shown_url} is there already; name one that is not, or remove what a broken off one has left.")
    there.folder.mkdir(0o700, parents=True, exist_ok=True)
    target = open_log(url)
    try:
        target.create()
        at = _keys_of_new(ledger, target, chosen, there)
        with progress("sealing") as say:
            made = seal_log(ledger, target, at.open(target), ledger.clock(), say)
        copy_webhooks(store_of(ledger.log_of_events, chosen.webhooks), store_of(target, there.webhooks))
        sealed = OrderLedger(target, keys=at)
        signing = Checkpoints(sealed, Views(sealed, there.views), key=chosen.key, kept=there.checkpoints)
        print(signing.sign_first(made.records, made.root, extension(ORIGIN, made)).decode(), end="")
    except (NotSealed, NotMigrated) as error:
        fail(str(error), NEEDS_A_PERSON)
    except MasterUnknown as error:
        fail(str(error))
    except NoSigningKey as error:
        tell(f"not signed: {error}")
    records = counted(made.records, "record is", "records are")
    print(
        f"{records} in {there.shown_url}, {made.sealed} of them sealed by the keys in {target.key_store(at.path).shown}"
    )
    if ledger.keys is not None and at.masters != there.keys.masters:
        print(f"the master key {at.masters.file} is not copied: bring it to {there.keys.masters.file}")
    if chosen.key.exists() and chosen.key != there.key:
        print(f"the signing key {chosen.key} is not copied: bring it to {there.key}, and make no other")


def _keys_of_new(ledger: OrderLedger, target: Log, chosen: Settings, there: Settings) -> KeysLocation:
    """The address of a new ledger's keys, which this makes. Records that are sealed already keep their keys: these are
    shared between two files, and copied to another engine.

    Raises MasterUnknown, NotMigrated.
    """
    if ledger.keys is None:
        make_keys(target, there.keys)
        return there.keys
    source = ledger.keys.store
    are_shared = source.file is not None and there.ledger is not None
    at = KeysLocation(chosen.keys.path if are_shared else there.keys.path, chosen.keys.masters)
    copy_keys(source, target.key_store(at.path))
    return at


def _problem(keyring: Keyring, key: StoredDataKey) -> str | None:
    try:
        keyring.open(key.id)
    except (KeyUnknown, MasterUnknown) as error:
        return str(error)
    return None


@keys.command("rotate")
def keys_rotate() -> None:
    """Wrap every data key by a new master key. It is added to LEDGER_MASTER; where LEDGER_MASTER_KEY is set, the last
    master key in it is used.

    Running services read LEDGER_MASTER again by themselves. LEDGER_MASTER_KEY they read at their start: set it, restart
    them, and run this then.
    """
    chosen = settings()
    ledger = open_ledger(chosen)
    if ledger.keys is None:
        fail("this ledger has no keys; `run.py keys create` makes them")
    try:
        if chosen.keys.masters.text is None:
            chosen.keys.masters.add()
        _let_others_finish(ledger)
        keyring = chosen.keys.open(ledger.log_of_events)
        count = keyring.wrap_anew()
    except (MasterUnknown, KeyUnknown) as error:
        fail(str(error), NEEDS_A_PERSON)
    print(f"{counted(count, 'key')} wrapped by the master key {keyring.master.current}")


def _let_others_finish(ledger: OrderLedger) -> None:
    """Waits for the transaction under way. Later transactions read the current master key at their beginning."""
    ledger.write(lambda _: None).result()


@keys.command("retire-master")
@click.argument("name")
def keys_retire_master(name: str) -> None:
    """Delete the master key NAME from LEDGER_MASTER. No data key may be wrapped by it any more.

    Older copies of the data keys, wherever they are, cannot be opened then: no erased data come back.
    """
    chosen = settings()
    ledger = open_ledger(chosen)
    if ledger.keys is None:
        fail("this ledger has no keys; `run.py keys create` makes them")
    masters = chosen.keys.masters
    if masters.text is not None:
        fail("the master keys are in LEDGER_MASTER_KEY: take it out of there, and out of where that comes from")
    if name not in masters.names:
        fail(f"there is no master key {name}; there are {', '.join(masters.names)}")
    if name == ledger.keys.master.current:
        fail(f"{name} is the one that wraps; `run.py keys rotate` makes another first")
    _let_others_finish(ledger)
    if wrapped := sum(key.master == name and key.destroyed_at is None for key in ledger.keys.store.each()):
        fail(f"{counted(wrapped, 'key is', 'keys are')} wrapped by it still; `run.py keys rotate` wraps them anew")
    masters.remove(name)
    print(f"the master key {name} is gone from {masters.file}; destroy its other copies, too")
