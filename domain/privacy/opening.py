"""Where are a ledger's data keys, and are they this ledger's?"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from domain.log.log import KeptKeyring, Log
from domain.log.mapper import DamagedEvent, EventMapper, SealDamaged, UnknownTopic
from domain.moments import instant
from domain.privacy.keyring import Keyring, KeyStore
from domain.privacy.masters import MastersAt, MasterUnknown


class NotTheKeys(Exception):
    """The keys are missing, or they are not this ledger's."""


class SealedSince(Exception):
    """A ledger that was opened without keys has got some: what this process would record could never be erased."""


# So many of the last records are read before anything is taken in.
_LAST_RECORDS: Final = 100


class KeysAt(NamedTuple):
    """Where the data keys are, where these are in a file, and what wraps them."""

    path: Path
    masters: MastersAt

    def open(self, log: Log) -> Keyring:
        """The keys of a log. Raises MasterUnknown."""
        return Keyring(log.key_store(self.path), self.masters.read())


class LedgerAt(NamedTuple):
    """How another process opens the same ledger: the log's address, and where its keys are."""

    url: str
    keys: KeysAt | None = None


def keys_of(log: Log, at: KeysAt, now: datetime) -> KeysAt | None:
    """The keys of a log; None where it was begun without. Where it is empty they are made, with a master key.

    Raises NotTheKeys, MasterUnknown.
    """
    log.create()
    kept = log.keyring()
    if kept is None and log.max_notification_id() is None:
        create_keys(log, at, now)
        kept = log.keyring()
    if kept is None:
        return None
    sealed = f"what is personal in this ledger is sealed by the keyring {kept.id}"
    store = log.key_store(at.path)
    if not store.is_there():
        raise NotTheKeys(f"{sealed}, and {store.shown} is missing")
    if store.id != kept.id:
        raise NotTheKeys(f"{sealed}; {store.shown} is {store.id}")
    if store.file is None:
        _must_be_able_to_open(store, at.masters.names)
    return at


def _must_be_able_to_open(store: KeyStore, masters: Sequence[str]) -> None:
    """Raises MasterUnknown: a node with another master key would wrap new keys so that no other can open them."""
    if (key := store.any_alive()) is not None and key.master not in masters:
        raise MasterUnknown(f"the keys are wrapped by the master key {key.master}; given are {', '.join(masters)}")


def create_keys(log: Log, at: KeysAt, now: datetime) -> str:
    """Makes what is missing of the keys, and binds the log to them: what is personal is sealed from now on. Returns the
    keyring's id. Raises MasterUnknown."""
    with log.transaction() as t:  # so that one process makes them, and no other writes meanwhile
        if (kept := t.keyring()) is not None:
            return kept.id
        store = make_keys(log, at)
        t.keep_keyring(KeptKeyring(store.id, t.max_notification_id() or 0, instant(now)))
        return store.id


def make_keys(log: Log, at: KeysAt) -> KeyStore:
    """Makes what is missing of the keys, and of what wraps them. Raises MasterUnknown."""
    if not at.masters.are_there:
        at.masters.add()
    at.masters.read()
    store = log.key_store(at.path)
    store.create()
    return store


def must_open(log: Log, mapper: EventMapper, keys: Keyring) -> None:
    """Opens a key, and the last records: so nothing is taken in with another master key, which would make keys that
    nobody else can open, nor with keys out of a backup from before some of those by which the records are sealed.

    Raises MasterUnknown, KeyUnknown, KeysMissing.
    """
    keys.try_master()
    raws = list(log.raw_records(after=max((log.max_notification_id() or 0) - _LAST_RECORDS, 0)))
    mapper.foresee(raws)
    for raw in raws:
        with suppress(DamagedEvent, SealDamaged, UnknownTopic):  # of which the views tell
            mapper.read_unchecked(raw)
