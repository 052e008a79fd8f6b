"""Who can still read a person's data? The data keys: one for each subject, part and year, wrapped by a master key.

A destroyed key leaves its row, so that "destroyed" is never taken for "never seen". A destroyed key that comes back out
of a backup is recognised and destroyed again. Unwrapped keys stay in this process's memory, up to a bound, until
another process retires or destroys keys.
"""

import hmac
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple, Protocol, TypeAlias

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.moments import instant
from domain.privacy.masters import Master, MasterUnknown, UnwrapFailed

# Subjects begin with one of these: a customer, and the order of a guest.
CUSTOMER: Final = "customer:"
GUEST: Final = "order:"
OPENED_MAX: Final = 20_000
# Stores read at most so many keys with one statement; PostgreSQL writes so many, too.
KEYS_AT_ONCE: Final = 10_000
# For so long a key that another process has destroyed may stay in this process's memory while it is at work.
_LOOK_EVERY_SECONDS: Final = 0.1
_KEY_BYTES: Final = 32
# The ids of keys made in one transaction begin with the same random bytes; each ends with random bytes of its own.
_TOGETHER_BYTES: Final = 3
_KEY_ID_BYTES: Final = 6


class KeyUnknown(Exception):
    """A key that the keyring does not have, or one with an altered row. Nothing may be taken for erased because of
    it."""


class DataOwner(NamedTuple):
    """The owner of personal data: a subject like `customer:7`, and the year of the order that has the data."""

    subject: str
    year: int


class StoredDataKey(NamedTuple):
    """A data key's row; its times are instants. `wrapped` is None where the erasure `erasure` has destroyed the key."""

    id: str
    subject: str
    part: str
    year: int
    master: str
    wrapped: bytes | None
    made_at: str
    retired_at: str | None = None
    destroyed_at: str | None = None
    erasure: str | None = None

    @property
    def context(self) -> bytes:
        """The bytes that a wrapped key is bound to: the key's id, subject, part and year."""
        return "\0".join(("order-ledger data key", self.id, self.subject, self.part, str(self.year))).encode()


class Hold(NamedTuple):
    """A legal hold: a subject's personal data must not be erased. It has the time it began and the operator's
    reference."""

    subject: str
    reference: str
    since: str


class KeyStore(Protocol):
    """The store of the data keys. Many threads use it; one at a time writes."""

    @property
    def file(self) -> Path | None:
        """The store's file; None where the store is in a database."""

    @property
    def shown(self) -> str:
        """The store's address, as people read it."""

    def exists(self) -> bool: ...

    def create(self, keyring: str | None = None) -> None:
        """Creates the tables that are missing. A new store gets the id `keyring`, where one is given."""

    def take_over(self, other: "KeyStore") -> None:
        """Copies all keys, holds and put-aside erasures of another store, and its id where this store is new. Keys that
        are destroyed here stay destroyed."""

    @property
    def id(self) -> str:
        """The store's id, for ever."""

    def has_changed(self) -> bool:
        """Whether another process has retired, destroyed or wrapped keys since the last call."""

    def get(self, key_id: str) -> StoredDataKey | None:
        """The key with this id; None where there is none."""

    def get_all(self, key_ids: Collection[str]) -> list[StoredDataKey]:
        """The keys with these ids; unknown ids are left out."""

    def in_use(self, owner: DataOwner, part: str) -> StoredDataKey | None:
        """The key that seals this part of this owner now, also one that was put and is not committed yet. For the
        writer."""

    def any_alive(self) -> StoredDataKey | None:
        """One of the keys that are not destroyed; None where there is none."""

    def of_subject(self, subject: str) -> list[StoredDataKey]:
        """Every key that a subject has or had, by year and part."""

    def alive(self, key_ids: Collection[str]) -> list[str]:
        """The ids, among these, of keys that are not destroyed."""

    def each(self) -> Iterator[StoredDataKey]:
        """Every key, ordered by id."""

    def put(self, key: StoredDataKey) -> None:
        """Adds a new key with the next `commit`. For the writer."""

    def commit(self) -> None:
        """Makes the keys that were `put` durable, at the latest with the log's transaction."""

    def rollback(self) -> None:
        """Forgets the keys that were `put` since the last commit."""

    def retire(self, key_ids: Iterable[str], at: str) -> None:
        """Retires keys: no process seals by them any more, and they still open. Durable at the latest with the log's
        transaction."""

    def destroy(self, key_ids: Iterable[str], erasure: str, at: str) -> list[str]:
        """Destroys keys and every remnant of them in the store. Returns the ids of those that were not destroyed
        before."""

    def hold_on(self, subjects: Collection[str]) -> Hold | None:
        """A hold on one of these subjects; None where there is none."""

    def holds(self) -> list[Hold]:
        """Every hold, ordered by subject."""

    def put_hold(self, hold: Hold) -> None:
        """Puts a hold on a subject; replaces the subject's earlier hold."""

    def release(self, subject: str) -> bool:
        """Removes the hold on a subject. Returns whether there was one."""

    def put_aside(self, erasure: str) -> None:
        """Notes that an erasure has nothing to erase in this ledger."""

    def aside(self) -> set[str]:
        """The ids of the erasures that were put aside."""

    def wrapped_anew(self, keys: Sequence[StoredDataKey]) -> None:
        """Replaces the master and wrapped bytes of these keys, all or none. Leaves no remnant of the earlier bytes."""

    def close(self) -> None:
        """Closes the store's connections. They open again at the next use."""


class DataKey:
    """An unwrapped data key: `aead` seals, `salting` makes the salts of hashes, `marking` the fingerprints of
    commands."""

    __slots__ = ("_key", "_marking", "_salting", "aead", "id")

    def __init__(self, key_id: str, key: bytes) -> None:
        self.id = key_id
        self._key = key
        self.aead = AESGCM(_expanded(key, b"seal"))
        self._salting = self._marking = b""

    @property
    def salting(self) -> bytes:
        self._salting = self._salting or _expanded(self._key, b"salt")
        return self._salting

    @property
    def marking(self) -> bytes:
        self._marking = self._marking or _expanded(self._key, b"mark")
        return self._marking


def _expanded(key: bytes, label: bytes) -> bytes:
    """HKDF-Expand (RFC 5869) to 32 bytes. The key is uniformly random, so it needs no HKDF-Extract."""
    return hmac.digest(key, label + b"\x01", "sha256")


# Unwrapped keys by id, None where a key is destroyed; and those in use, by owner and part.
_Opened: TypeAlias = dict[str, DataKey | None]
_InUse: TypeAlias = dict[tuple[DataOwner, str], DataKey]


class Keyring:
    """The data keys of one ledger."""

    def __init__(self, store: KeyStore, master: Master) -> None:
        self.store = store
        self.master = master
        self._opened: _Opened = {}
        # Whether `open_all` has opened the keys, so that hardly one is left to be prefetched.
        self.are_all_open = False
        self._in_use: _InUse = {}
        # Keys made in the transaction that is under way, and their rows; no other connection sees them yet.
        self._new: dict[str, DataKey] = {}
        self._new_rows: dict[str, StoredDataKey] = {}
        # The beginning of the ids of keys made in this transaction: they stand beside each other in the store, so one
        # page is written instead of one for each key.
        self._together = ""
        # Keys retired in this transaction, and when; other connections may still read them as keys in use.
        self._retired: dict[str, str] = {}
        # Whether this transaction has checked which master key wraps.
        self._has_looked = False
        # Called before anything is sealed or opened, since the store may have keys that must be destroyed first.
        self.before: Callable[[], None] = lambda: None
        self._look_at = 0.0
        self._looking = Lock()
        # Functions called when keys are forgotten, so that the texts opened by them are forgotten, too.
        self.on_forgotten: list[Callable[[], None]] = []

    # --- the memory of this process ---

    def refresh(self) -> None:
        """Forgets the unwrapped keys where another process has retired or destroyed keys."""
        self.before()
        self._look_at = time.monotonic() + _LOOK_EVERY_SECONDS
        with self._looking:  # no thread goes on with keys that another thread is about to forget
            if self.store.has_changed():
                self.forget()

    def forget(self) -> None:
        # Other threads may be reading the old dictionaries at this moment, so these are replaced, not cleared.
        self._opened, self._in_use = {}, {}
        self.are_all_open = False
        for forget in self.on_forgotten:
            forget()

    @contextmanager
    def sealing(self) -> Iterator[None]:
        """Makes the keys created inside durable at its end, or with the log's commit, and never later. A key without
        events costs nothing; events without their key would be lost."""
        self.refresh()
        self._together = secrets.token_urlsafe(_TOGETHER_BYTES)
        try:
            yield
            self.store.commit()
        except BaseException:
            self.store.rollback()
            self._in_use = {}
            raise
        finally:
            self._new, self._new_rows, self._has_looked = {}, {}, False
            if self._retired:
                self._in_use, self._retired = {}, {}

    # --- keys ---

    def sealing_key(self, owner: DataOwner, part: str, now: datetime) -> DataKey:
        """The key that seals this part of this owner, inside `sealing`; a new key where none is in use. Raises
        KeyUnknown, MasterUnknown."""
        if (known := self._in_use.get((owner, part))) is not None and known.id not in self._retired:
            return known
        stored = self.store.in_use(owner, part)
        if stored is not None and stored.wrapped is None:  # impossible by `destroy`, which also retires the key
            raise _altered(stored)
        key = self._new_key(owner, part, now) if stored is None else self._unwrapped(stored)
        assert key is not None
        if len(self._in_use) >= OPENED_MAX:
            self._in_use = {}
        self._in_use[owner, part] = key
        return key

    def _new_key(self, owner: DataOwner, part: str, now: datetime) -> DataKey:
        if not self._has_looked:  # a key wrapped by a master key that was removed would never open again
            self.master.refresh()
            self._has_looked = True
        key, key_id = secrets.token_bytes(_KEY_BYTES), self._together + secrets.token_urlsafe(_KEY_ID_BYTES)
        new = StoredDataKey(key_id, owner.subject, part, owner.year, "", None, instant(now))
        self._new_rows[key_id] = row = self._wrapped_by_current(new, key)
        self.store.put(row)
        self._new[key_id] = made = DataKey(key_id, key)
        return made

    def of_subject(self, subject: str) -> list[StoredDataKey]:
        """Every key that a subject has or had, as the transaction under way has made and retired them. For the
        writer."""
        keys = {key.id: key for key in self.store.of_subject(subject)}
        keys |= {key.id: key for key in self._new_rows.values() if key.subject == subject}
        return [key._replace(retired_at=key.retired_at or self._retired.get(key.id)) for key in keys.values()]

    def open(self, key_id: str) -> DataKey | None:
        """The key with this id, to open with; None where it is destroyed. Raises KeyUnknown, MasterUnknown."""
        if time.monotonic() >= self._look_at:
            self.refresh()
        try:
            return self._opened[key_id]
        except KeyError:
            pass
        if (new := self._new.get(key_id)) is not None:
            return new
        remembered = self._opened, self._in_use
        stored = self.store.get(key_id)
        if stored is None:
            raise KeyUnknown(f"the key {key_id} is not known to the keyring {self.store.id}")
        return self._remember(stored, *remembered)

    def prefetch_keys(self, key_ids: Iterable[str]) -> None:
        """Loads keys that are about to be opened in one query rather than one each."""
        if time.monotonic() >= self._look_at:
            self.refresh()  # else `open` of the first key would forget all of them
        remembered = self._opened, self._in_use
        wanted = {key_id for key_id in key_ids if key_id not in self._opened and key_id not in self._new}
        self._remember_all(self.store.get_all(wanted) if wanted else (), *remembered)

    def open_all(self) -> None:
        """Opens every key at once, unless there are more than this process may remember. For a process that is about to
        read the whole log: nearly every key would be looked up there."""
        self.refresh()  # else `open` of the first key would forget all of them
        keys = list(islice(self.store.each(), OPENED_MAX + 1))
        if len(keys) <= OPENED_MAX:
            self.are_all_open = True
            self._remember_all(keys, self._opened, self._in_use)

    def _remember_all(self, keys: Iterable[StoredDataKey], opened: _Opened, in_use: _InUse) -> None:
        for stored in keys:
            with suppress(KeyUnknown, MasterUnknown):  # raised again by `open`
                self._remember(stored, opened, in_use)

    def _remember(self, stored: StoredDataKey, opened: _Opened, in_use: _InUse) -> DataKey | None:
        """Unwraps a key and remembers it for the next `open`. The dictionaries are those from before the store was
        read: where `forget` has replaced them meanwhile, the key is forgotten with them."""
        key = self._unwrapped(stored)
        for remembered in (opened, in_use):
            if len(remembered) >= OPENED_MAX:
                remembered.clear()
                self.are_all_open = False
        opened[stored.id] = key
        if key is not None and stored.retired_at is None:
            in_use[DataOwner(stored.subject, stored.year), stored.part] = key
        return key

    def _unwrapped(self, stored: StoredDataKey) -> DataKey | None:
        if (stored.wrapped is None) != (stored.destroyed_at is not None):  # neither alive nor destroyed
            raise _altered(stored)
        if stored.wrapped is None:
            return None
        try:
            return DataKey(stored.id, self.master.unwrap(stored.master, stored.wrapped, stored.context))
        except UnwrapFailed:
            raise _altered(stored) from None

    # --- retiring and destroying ---

    def retire(self, key_ids: Collection[str], now: datetime) -> None:
        """Retires keys: no process seals by them any more, and they still open. For the writer."""
        at = instant(now)
        self.store.retire(key_ids, at)
        self._retired |= dict.fromkeys(key_ids, at)
        self._in_use = {}

    def destroy(self, key_ids: Iterable[str], erasure: str, now: datetime) -> list[str]:
        """Destroys keys. Returns the ids of those that were not destroyed before."""
        gone = self.store.destroy(key_ids, erasure, instant(now))
        self.forget()
        return gone

    # --- the master key ---

    def try_master(self) -> None:
        """Unwraps one key, where there is one. Raises MasterUnknown, KeyUnknown."""
        if (key := self.store.any_alive()) is not None:
            self._unwrapped(key)

    def wrap_anew(self) -> int:
        """Wraps by the current master key every key that another one wraps. Returns their number.

        Raises MasterUnknown, UnwrapFailed.
        """
        older = [key for key in self.store.each() if key.wrapped is not None and key.master != self.master.current]
        self.store.wrapped_anew(list(map(self._wrapped_anew, older)))
        return len(older)

    def _wrapped_anew(self, key: StoredDataKey) -> StoredDataKey:
        assert key.wrapped is not None
        return self._wrapped_by_current(key, self.master.unwrap(key.master, key.wrapped, key.context))

    def _wrapped_by_current(self, key: StoredDataKey, plain: bytes) -> StoredDataKey:
        master, wrapped = self.master.wrap(plain, key.context)
        return key._replace(master=master, wrapped=wrapped)


def _altered(stored: StoredDataKey) -> KeyUnknown:
    return KeyUnknown(f"the key {stored.id} is not the one that was kept: its row was altered")
