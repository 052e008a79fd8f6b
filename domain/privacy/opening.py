"""Where are a ledger's data keys, and do they belong to this ledger?"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from domain.log.log import KeptKeyring, Log
from domain.log.mapper import DamagedEvent, EventMapper, SealDamaged, UnknownTopic
from domain.moments import instant
from domain.privacy.keyring import Keyring, KeyStore
from domain.privacy.masters import MastersLocation, MasterUnknown


class WrongKeys(Exception):
    """The keys are missing, or they are another ledger's."""


class SealedSince(Exception):
    """A ledger that this process opened without keys has got keys since: this process would record personal data that
    could never be erased."""


# The number of last records that are read before any command is taken in.
_LAST_RECORDS: Final = 100


class KeysLocation(NamedTuple):
    """The file of the data keys, where the log keeps them in a file, and the source of the master keys."""

    path: Path
    masters: MastersLocation

    def open(self, log: Log) -> Keyring:
        """A log's keyring. Raises MasterUnknown."""
        return Keyring(log.key_store(self.path), self.masters.read())


class LedgerLocation(NamedTuple):
    """The addresses by which another process opens the same ledger: the log's, and that of its keys."""

    url: str
    keys: KeysLocation | None = None


def keys_of(log: Log, at: KeysLocation, now: datetime) -> KeysLocation | None:
    """The address of a log's keys; None where the log was begun without keys. For an empty log, makes the keys and a
    master key.

    Raises WrongKeys, MasterUnknown.
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
    if not store.exists():
        raise WrongKeys(f"{sealed}, and {store.shown} is missing")
    if store.id != kept.id:
        raise WrongKeys(f"{sealed}; {store.shown} is {store.id}")
    if store.file is None:
        _must_be_able_to_open(store, at.masters.names)
    return at


def _must_be_able_to_open(store: KeyStore, masters: Sequence[str]) -> None:
    """Raises MasterUnknown where the node's master keys do not unwrap the store's: other nodes could not open new keys
    of this node."""
    if (key := store.any_alive()) is not None and key.master not in masters:
        raise MasterUnknown(f"the keys are wrapped by the master key {key.master}; given are {', '.join(masters)}")


def create_keys(log: Log, at: KeysLocation, now: datetime) -> str:
    """Makes the keys that are missing and binds the log to them: personal data are sealed from now on. Returns the
    keyring's id. Raises MasterUnknown."""
    with log.transaction() as t:  # so that one process makes the keys, and no other writes meanwhile
        if (kept := t.keyring()) is not None:
            return kept.id
        store = make_keys(log, at)
        t.keep_keyring(KeptKeyring(store.id, t.max_notification_id() or 0, instant(now)))
        return store.id


def make_keys(log: Log, at: KeysLocation) -> KeyStore:
    """Makes the store of data keys and the master key, where they are missing. Raises MasterUnknown."""
    if not at.masters.exist:
        at.masters.add()
    at.masters.read()
    store = log.key_store(at.path)
    store.create()
    return store


def must_open(log: Log, mapper: EventMapper, keys: Keyring) -> None:
    """Opens one key and the last records. Another master key would wrap new keys that no other node can open; a keyring
    out of an old backup lacks keys that sealed recent records. Neither may take commands in.

    Raises MasterUnknown, KeyUnknown, KeysMissing.
    """
    keys.try_master()
    raws = list(log.raw_records(after=max((log.max_notification_id() or 0) - _LAST_RECORDS, 0)))
    mapper.prefetch_keys(raws)
    for raw in raws:
        with suppress(DamagedEvent, SealDamaged, UnknownTopic):  # which the views report
            mapper.read_unchecked(raw)
