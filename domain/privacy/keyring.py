"""Who can still read a person's data? The data keys: one for each subject, part and year, wrapped by a master key.

A destroyed key leaves its row, so that "destroyed" is never taken for "never seen", and a key that comes back out of a
backup is known and destroyed again. What is unwrapped stays in this process's memory, within a bound, and goes where
another process has retired or destroyed keys.
"""

import hmac
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.moments import instant
from domain.privacy.masters import Master, MasterUnknown, NotWrappedSo

# What the names of those whose personal data are sealed begin with: customers, and orders of guests.
CUSTOMER: Final = "customer:"
GUEST: Final = "order:"
OPENED_MAX: Final = 20_000
# How long a key that another process has destroyed may stay in this one's memory while it is at work.
_LOOK_EVERY_SECONDS: Final = 0.1
_KEY_BYTES: Final = 32
# What ids of keys have in common that are made in one transaction, and what each has of its own.
_TOGETHER_BYTES: Final = 3
_KEY_ID_BYTES: Final = 6


class KeyUnknown(Exception):
    """A key that these are not the keys of: nothing may be taken for erased because of it."""


class Whose(NamedTuple):
    """Whose personal data it is, like `customer:7`, and the year of the order that it is in."""

    subject: str
    year: int


class StoredDataKey(NamedTuple):
    """A data key as it is stored; times are instants. `wrapped` is None where it was destroyed, by `erasure`."""

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
        """What a wrapped key is bound to: that it is this one, and whose."""
        return "\0".join(("order-ledger data key", self.id, self.subject, self.part, str(self.year))).encode()


class Hold(NamedTuple):
    """What is personal of a subject is kept, whoever asks to erase it: since when, and by which reference."""

    subject: str
    reference: str
    since: str


class KeyStore(Protocol):
    """Where data keys are stored. Used by many threads; one of them at a time writes."""

    @property
    def file(self) -> Path | None:
        """The file that they are in; None where they are in a database."""

    @property
    def shown(self) -> str:
        """Where they are, for people."""

    def is_there(self) -> bool:
        """Whether it was made."""

    def create(self, keyring: str | None = None) -> None:
        """Makes what is missing; with this id, where it is new and one is given."""

    def take_over(self, other: "KeyStore") -> None:
        """Takes all that another store has, with its id where this one is new; what is destroyed here stays so."""

    @property
    def id(self) -> str:
        """Names this store, for ever."""

    def has_changed(self) -> bool:
        """Whether another process has retired, destroyed or wrapped keys since this was last asked."""

    def get(self, key_id: str) -> StoredDataKey | None:
        """The key with this id."""

    def get_all(self, key_ids: Collection[str]) -> list[StoredDataKey]:
        """Those of these keys that are known."""

    def in_use(self, whose: Whose, part: str) -> StoredDataKey | None:
        """The key by which this is sealed now, also where it was put and is not committed yet; for the writer."""

    def any_alive(self) -> StoredDataKey | None:
        """One of the keys that are not destroyed."""

    def of_subject(self, subject: str) -> list[StoredDataKey]:
        """Every key that a subject has and had, by year and part."""

    def alive(self, key_ids: Collection[str]) -> list[str]:
        """Those of these keys that are not destroyed."""

    def each(self) -> Iterator[StoredDataKey]:
        """Every key, in the order of their ids."""

    def put(self, key: StoredDataKey) -> None:
        """Keeps a new key from the next `commit` on; for the writer."""

    def commit(self) -> None:
        """Makes durable what `put` has kept, at the latest with the log's transaction."""

    def rollback(self) -> None:
        """Forgets what `put` has kept since the last commit."""

    def retire(self, key_ids: Iterable[str], at: str) -> None:
        """Nothing is sealed by these any more, by whatever process; durable at the latest with the log's transaction.
        They still open."""

    def destroy(self, key_ids: Iterable[str], erasure: str, at: str) -> list[str]:
        """Destroys keys, and what the store still has of them; returns those that were not destroyed before."""

    def hold_on(self, subjects: Collection[str]) -> Hold | None:
        """A hold on what is personal of one of these subjects, if there is one."""

    def holds(self) -> list[Hold]:
        """Every hold, by subjects."""

    def put_hold(self, hold: Hold) -> None:
        """Puts a hold on a subject, in the place of the one that was there."""

    def release(self, subject: str) -> bool:
        """Takes the hold off a subject. Whether there was one."""

    def put_aside(self, erasure: str) -> None:
        """Notes that an erasure has nothing to erase in this ledger."""

    def aside(self) -> set[str]:
        """The erasures that were put aside."""

    def wrapped_anew(self, keys: Sequence[StoredDataKey]) -> None:
        """Replaces how these are wrapped, all or none; leaves nothing of how they were."""

    def close(self) -> None:
        """Closes its connections, which open again when they are used."""


class DataKey:
    """A key that is open: `aead` seals, `salting` makes the salts of hashes, `marking` the fingerprints of commands."""

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
    """HKDF-Expand (RFC 5869) to 32 bytes; the key is uniformly random, so it needs no extracting."""
    return hmac.digest(key, label + b"\x01", "sha256")


class Keyring:
    """The data keys of one ledger."""

    def __init__(self, store: KeyStore, master: Master) -> None:
        self.store = store
        self.master = master
        self._opened: dict[str, DataKey | None] = {}
        self._in_use: dict[tuple[Whose, str], DataKey] = {}
        # Made in the transaction that is under way, so no other connection sees them yet.
        self._new: dict[str, DataKey] = {}
        # How the ids of those begin: so they stand beside each other in the store, and one page of it is written, not
        # one for each.
        self._together = ""
        # Retired in it: whoever reads may still take them for keys in use.
        self._retired: set[str] = set()
        # Whether it has looked in it which master key wraps.
        self._has_looked = False
        # Done before anything is sealed or opened, since keys may be there that are to be gone.
        self.before: Callable[[], None] = lambda: None
        self._look_at = 0.0
        self._looking = Lock()
        # Called where keys are forgotten: for whoever keeps what was opened by them.
        self.on_forgotten: list[Callable[[], None]] = []

    # --- what this process remembers ---

    def look(self) -> None:
        """Forgets what is open where another process has retired or destroyed keys."""
        self.before()
        self._look_at = time.monotonic() + _LOOK_EVERY_SECONDS
        with self._looking:  # nobody goes on with what another thread is about to forget
            if self.store.has_changed():
                self.forget()

    def forget(self) -> None:
        # Others may be looking into the old ones at this moment.
        self._opened, self._in_use = {}, {}
        for forget in self.on_forgotten:
            forget()

    @contextmanager
    def sealing(self) -> Iterator[None]:
        """The keys that are made inside are durable at its end, or with the log's commit: never behind it, since a key
        whose events never come costs nothing, and events whose key never came would be lost."""
        self.look()
        self._together = secrets.token_urlsafe(_TOGETHER_BYTES)
        try:
            yield
            self.store.commit()
        except BaseException:
            self.store.rollback()
            self._in_use = {}
            raise
        finally:
            self._new, self._has_looked = {}, False
            if self._retired:
                self._in_use, self._retired = {}, set()

    # --- keys ---

    def of(self, whose: Whose, part: str, now: datetime) -> DataKey:
        """The key to seal with, inside `sealing`; a new one where there is none in use. Raises MasterUnknown."""
        if (known := self._in_use.get((whose, part))) is not None and known.id not in self._retired:
            return known
        stored = self.store.in_use(whose, part)
        if stored is not None and stored.wrapped is None:  # which destroying leaves none of, as it retires
            raise _altered(stored)
        key = self._new_key(whose, part, now) if stored is None else self._unwrapped(stored)
        assert key is not None
        if len(self._in_use) >= OPENED_MAX:
            self._in_use = {}
        self._in_use[whose, part] = key
        return key

    def _new_key(self, whose: Whose, part: str, now: datetime) -> DataKey:
        if not self._has_looked:  # a key that a retired master has wrapped would open nowhere again
            self.master.look()
            self._has_looked = True
        key, key_id = secrets.token_bytes(_KEY_BYTES), self._together + secrets.token_urlsafe(_KEY_ID_BYTES)
        new = StoredDataKey(key_id, whose.subject, part, whose.year, "", None, instant(now))
        self.store.put(self._wrapped_by_current(new, key))
        self._new[key_id] = made = DataKey(key_id, key)
        return made

    def open(self, key_id: str) -> DataKey | None:
        """The key to open with; None where it was destroyed. Raises KeyUnknown, MasterUnknown."""
        if time.monotonic() >= self._look_at:
            self.look()
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

    def foresee(self, key_ids: Iterable[str]) -> None:
        """Asks at once for keys that are to be opened, which is less than to ask for each."""
        if time.monotonic() >= self._look_at:
            self.look()  # or the first to be opened would have all of these forgotten
        remembered = self._opened, self._in_use
        wanted = {key_id for key_id in key_ids if key_id not in self._opened and key_id not in self._new}
        for stored in self.store.get_all(wanted) if wanted else ():
            with suppress(KeyUnknown, MasterUnknown):  # which is for whoever opens it
                self._remember(stored, *remembered)

    def _remember(
        self,
        stored: StoredDataKey,
        opened: dict[str, DataKey | None],
        in_use: dict[tuple[Whose, str], DataKey],
    ) -> DataKey | None:
        """The key, which whoever asks next finds in memory. What is remembered is that from before it was asked for:
        where that was forgotten meanwhile, this is too."""
        key = self._unwrapped(stored)
        for remembered in (opened, in_use):
            if len(remembered) >= OPENED_MAX:
                remembered.clear()
        opened[stored.id] = key
        if key is not None and stored.retired_at is None:
            in_use[Whose(stored.subject, stored.year), stored.part] = key
        return key

    def _unwrapped(self, stored: StoredDataKey) -> DataKey | None:
        if (stored.wrapped is None) != (stored.destroyed_at is not None):  # neither there nor erased
            raise _altered(stored)
        if stored.wrapped is None:
            return None
        try:
            return DataKey(stored.id, self.master.unwrap(stored.master, stored.wrapped, stored.context))
        except NotWrappedSo:
            raise _altered(stored) from None

    # --- forgetting ---

    def retire(self, key_ids: Collection[str], now: datetime) -> None:
        """Nothing is sealed by these any more, by whatever process; they still open. For the writer."""
        self.store.retire(key_ids, instant(now))
        self._retired |= set(key_ids)
        self._in_use = {}

    def destroy(self, key_ids: Iterable[str], erasure: str, now: datetime) -> list[str]:
        """Destroys keys; returns those that were not destroyed before."""
        gone = self.store.destroy(key_ids, erasure, instant(now))
        self.forget()
        return gone

    # --- the master key ---

    def try_master(self) -> None:
        """Opens a key, where there is one. Raises MasterUnknown, KeyUnknown."""
        if (key := self.store.any_alive()) is not None:
            self._unwrapped(key)

    def wrap_anew(self) -> int:
        """Wraps every key by the current master key; returns how many were wrapped by another."""
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
