"""Where are a ledger's data keys, and are they this ledger's? The one place that knows where keys can be stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from domain.log.log import KeptKeyring, Log
from domain.log.mapper import EventMapper
from domain.moments import instant
from domain.privacy.keyring import Keyring
from domain.privacy.masters import MastersAt
from domain.privacy.sqlite_keys import SQLiteKeyStore


class NotTheKeys(Exception):
    """The keys are missing, or they are not this ledger's."""


class KeysAt(NamedTuple):
    """Where the data keys are, and what wraps them."""

    path: Path
    masters: MastersAt

    def open(self) -> Keyring:
        """Raises MasterUnknown."""
        return Keyring(SQLiteKeyStore(self.path), self.masters.read())


class LedgerAt(NamedTuple):
    """How another process opens the same ledger: the log's address, and where its keys are."""

    url: str
    keys: KeysAt | None = None


def keys_of(log: Log, at: KeysAt, now: datetime, *, makes: bool = True) -> KeysAt | None:
    """The keys of a log; None where it was begun without. Where it is empty they are made, with a master key, unless
    this `makes` none.

    Raises NotTheKeys, MasterUnknown.
    """
    log.create()
    kept = log.keyring()
    if kept is None and makes and log.max_notification_id() is None:
        create_keys(log, at, now)
        kept = log.keyring()
    if kept is None:
        return None
    if not at.path.exists():
        raise NotTheKeys(
            f"what is personal in this ledger is sealed by the keyring {kept.id}, and {at.path} is missing"
        )
    if (found := SQLiteKeyStore(at.path).id) != kept.id:
        raise NotTheKeys(f"what is personal in this ledger is sealed by the keyring {kept.id}; {at.path} is {found}")
    return at


def create_keys(log: Log, at: KeysAt, now: datetime) -> str:
    """Makes what is missing of the keys, and binds the log to them: what is personal is sealed from now on. Returns the
    keyring's id. Raises MasterUnknown."""
    with log.transaction() as t:  # so that one process makes them, and no other writes meanwhile
        if (kept := t.keyring()) is not None:
            return kept.id
        store = make_keys(at)
        t.keep_keyring(KeptKeyring(store.id, t.max_notification_id() or 0, instant(now)))
        return store.id


def make_keys(at: KeysAt) -> SQLiteKeyStore:
    """Makes what is missing of the keys, and of what wraps them. Raises MasterUnknown."""
    if at.masters.text is None and not at.masters.file.exists():
        at.masters.add()
    at.masters.read()
    store = SQLiteKeyStore(at.path)
    store.create()
    return store


@contextmanager
def mapping(at: KeysAt | None, *, checks: bool = False) -> Iterator[EventMapper]:
    """A mapper that opens what is personal, as long as it is needed."""
    keys = None if at is None else at.open()
    try:
        yield EventMapper(keys, checks=checks)
    finally:
        if keys is not None:
            keys.store.close()
