"""Access keys: who a caller is and what they may do.

A key is 256 random bits, shown once; only its SHA-256 is kept (a password's slow hash would guard nothing here:
there is nothing to guess). It carries either a customer or scopes. Its name stands as the actor of what it writes,
so a name is never given again, even after it was revoked. Whatever becomes of a key is an event in the log too, so that
auditors see it, and `verify` finds a key that came in by another way.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from domain.access import events as e
from domain.access.state import uuid_of
from domain.aggregate import Event, Record
from domain.log.clock import Watch
from domain.log.log import Log, StoredKey, Transaction
from domain.log.mapper import EventMapper
from domain.log.records import Provenance
from domain.moments import instant

SCOPES: Final = (
    "orders:read",
    "orders:write",
    "audit:read",
    "audit:personal",
    "finance:read",
    "finance:write",
    "webhooks:read",
    "webhooks:write",
    "privacy:read",
    "privacy:write",
)
_PREFIX_LENGTH: Final = 8
_BY: Final = Provenance("cli:token")
_MAPPER: Final = EventMapper()
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Caller(msgspec.Struct, frozen=True):
    """Who asks: the name of a key or of a token's subject, and the person behind it, where that is said."""

    name: str
    customer_id: int | None
    scopes: frozenset[str]
    person: str | None = None

    @property
    def actor(self) -> str:
        """As whom the log records what this caller does."""
        return f"{self.name}/{self.person}" if self.person else self.name


class AccessKey(msgspec.Struct, frozen=True):
    """A key as `token list` shows it; times as the log writes them."""

    name: str
    prefix: str
    customer_id: int | None
    scopes: tuple[str, ...]
    created_at: str
    revoked_at: str | None


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


class Keys:
    """The access keys of a ledger. What writes takes a transaction first (`OrderLedger.write`), and records there as
    events what it does: `by` says whose doing that is."""

    def __init__(self, log: Log, watch: Watch | None = None) -> None:
        self._log = log
        # Says whether the clock can be believed; None where it always is.
        self._watch = watch

    def create(
        self,
        t: Transaction,
        *,
        now: datetime,
        customer_id: int | None = None,
        scopes: Sequence[str] = (),
        name: str | None = None,
        by: Provenance = _BY,
    ) -> str:
        """A new key, the only time it can be seen. Raises ValueError where the name or the scopes are no good."""
        if (customer_id is None) == (not scopes):
            raise ValueError("A key carries either a customer or scopes.")
        carries = _known(scopes)
        key = secrets.token_hex(32)
        prefix = key[:_PREFIX_LENGTH]
        name = name or prefix
        if not _NAME.fullmatch(name):
            raise ValueError("A name is at most 64 letters, digits, dots, hyphens and underscores.")
        if any(known.name == name for known in t.access_keys()):
            raise ValueError(f"There is, or was, a key named {name}; take another name.")
        self.adopt(t, now=now, by=by)
        stored = StoredKey(name, prefix, _hash(key), customer_id, " ".join(carries), instant(now), None)
        t.put_access_key(stored)
        self._record(t, [Record(uuid_of(name), 1, _made(stored))], now, by)
        return key

    def adopt(self, t: Transaction, *, now: datetime, by: Provenance = _BY) -> int:
        """Records the keys of an older version, which recorded none; returns how many that were.

        Where any key is recorded this was done before: one that is not has come in by another way.
        """
        keys = t.access_keys()
        if any(t.version_of(uuid_of(key.name)) for key in keys):
            return 0
        for key in keys:
            events = [_made(key, adopted=True), *_revoked(key)]
            self._record(t, [Record(uuid_of(key.name), at, event) for at, event in enumerate(events, 1)], now, by)
        return len(keys)

    def caller(self, key: str) -> Caller | None:
        """Who the key belongs to; None where it is unknown or revoked. Asks the log every time, so that a revocation
        holds from the next request on, whichever process answers it."""
        return _caller(self._log.access_key(_hash(key)))

    def caller_at_hand(self, key: str) -> Caller | None:
        """The same, as far as it is known without a wait."""
        return _caller(self._log.access_key_at_hand(_hash(key)))

    def list(self) -> list[AccessKey]:
        return [
            AccessKey(key.name, key.prefix, key.customer_id, tuple(key.scopes.split()), key.created_at, key.revoked_at)
            for key in self._log.access_keys()
        ]

    def scope(
        self, t: Transaction, name_or_prefix: str, scopes: Sequence[str], *, now: datetime, by: Provenance = _BY
    ) -> str:
        """Gives a staff key other scopes; returns its name. Raises ValueError as `revoke` does, and where the key is a
        customer's or the scopes are no good."""
        carries = _known(scopes)
        key = _in_force(t, name_or_prefix)
        if key.customer_id is not None or not carries:
            raise ValueError("A key carries either a customer or scopes.")
        if carries != tuple(key.scopes.split()):
            self.adopt(t, now=now, by=by)
            t.scope_access_key(key.name, " ".join(carries))
            self._record_next(t, key.name, e.KeyScoped(occurred_at=now, name=key.name, scopes=carries), now, by)
        return key.name

    def revoke(self, t: Transaction, name_or_prefix: str, *, now: datetime, by: Provenance = _BY) -> str:
        """The revoked key's name. Raises ValueError where no key, or more than one, answers to it."""
        key = _in_force(t, name_or_prefix)
        self.adopt(t, now=now, by=by)
        t.revoke_access_key(key.name, instant(now))
        self._record_next(t, key.name, e.KeyRevoked(occurred_at=now, name=key.name), now, by)
        return key.name

    def _record_next(self, t: Transaction, name: str, event: Event, now: datetime, by: Provenance) -> None:
        uuid = uuid_of(name)
        self._record(t, [Record(uuid, t.version_of(uuid) + 1, event)], now, by)

    def _record(self, t: Transaction, records: Sequence[Record], now: datetime, by: Provenance) -> None:
        """Raises ClockJumped."""
        if self._watch is not None and not t.clock_holds:
            self._watch.must_hold(t, now)
            t.clock_holds = True
        t.append(list(map(_MAPPER.to_stored_event, records)), provenance=by, now=now)


def _known(scopes: Sequence[str]) -> tuple[str, ...]:
    """Each scope once. Raises ValueError where there is no such."""
    if unknown := set(scopes) - set(SCOPES):
        raise ValueError(f"There is no scope {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}.")
    return tuple(dict.fromkeys(scopes))


def _in_force(t: Transaction, name_or_prefix: str) -> StoredKey:
    in_force = [key for key in t.access_keys() if key.revoked_at is None]
    found = [key for key in in_force if key.name == name_or_prefix] or [
        key for key in in_force if len(name_or_prefix) >= 4 and key.prefix.startswith(name_or_prefix)
    ]
    if len(found) != 1:
        how_many = "No key in force" if not found else "More than one key"
        raise ValueError(f"{how_many} answers to {name_or_prefix}; `token list` shows them.")
    return found[0]


def _made(key: StoredKey, *, adopted: bool = False) -> e.KeyMade:
    return e.KeyMade(
        occurred_at=datetime.fromisoformat(key.created_at),
        name=key.name,
        prefix=key.prefix,
        sha256=key.hash.hex(),
        customer_id=key.customer_id,
        scopes=tuple(key.scopes.split()),
        adopted=adopted,
    )


def _revoked(key: StoredKey) -> Iterator[e.KeyRevoked]:
    if key.revoked_at is not None:
        yield e.KeyRevoked(occurred_at=datetime.fromisoformat(key.revoked_at), name=key.name)


def _caller(found: StoredKey | None) -> Caller | None:
    if found is None or found.revoked_at is not None:
        return None
    return Caller(found.name, found.customer_id, frozenset(found.scopes.split()))
